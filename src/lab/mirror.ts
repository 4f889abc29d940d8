/** Base addresses of a Debian archive and, where the machine has one, its security archive. */
export interface Mirror {
  readonly archive: string;
  readonly security: string | undefined;
}

interface Source {
  readonly uri: string;
  readonly suite: string;
}

/**
 * The Debian mirror that this machine itself uses, from the texts of its apt sources
 * (sources.list(5): one-line and deb822 formats). Undefined when none is a Debian main archive.
 */
export function findMirror(
  files: readonly { readonly name: string; readonly text: string }[],
): Mirror | undefined {
  const sources = files.flatMap(({ name, text }) =>
    name.endsWith('.sources') ? deb822(text) : oneLine(text),
  );
  const debian = sources.filter(({ uri }) => /^https?:\/\/.*\/debian\/?$/.test(uri));
  const security = sources.find(
    ({ uri, suite }) => /^https?:/.test(uri) && /-security$|\/updates$/.test(suite),
  );
  const archive = debian.find(({ suite }) => !/-(security|backports)|\//.test(suite)) ?? debian[0];
  return archive && { archive: tidy(archive.uri), security: security && tidy(security.uri) };
}

function deb822(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    let last = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field) {
        last = field[1]!.toLowerCase();
        fields.set(last, field[2]!);
      } else if (/^\s/.test(line)) fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`);
    }
    const list = (field: string) => (fields.get(field) ?? '').split(/\s+/).filter(Boolean);
    if (/^(no|false|off|0|without|disable)$/i.test(fields.get('enabled') ?? 'yes')) return [];
    if (!list('types').includes('deb') || !list('components').includes('main')) return [];
    return list('uris').flatMap((uri) => list('suites').map((suite) => ({ uri, suite })));
  });
}

function oneLine(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.replace(/#.*$/, ''));
    return match?.[3]?.split(/\s+/).includes('main') ? [{ uri: match[1]!, suite: match[2]! }] : [];
  });
}

function tidy(uri: string): string {
  return uri.replace(/\/+$/, '');
}
