/** One stanza of a .sources file; names as in sources.list(5), in Ansible's writing. */
export interface Source {
  readonly name: string;
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components?: readonly string[] | undefined;
  readonly architectures?: readonly string[] | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly signed_by?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly trusted?: boolean | undefined;
  readonly allow_insecure?: boolean | undefined;
  readonly check_date?: boolean | undefined;
  readonly check_valid_until?: boolean | undefined;
  readonly by_hash?: boolean | undefined;
  readonly pdiffs?: boolean | undefined;
}

/** The text of the file. */
export function sourceText(source: Source): string {
  const fields: [string, string | boolean | readonly string[] | undefined][] = [
    ['X-Repolib-Name', source.name],
    ['Enabled', source.enabled],
    ['Types', source.types],
    ['URIs', source.uris],
    ['Suites', source.suites],
    ['Components', source.components],
    ['Architectures', source.architectures],
    ['Languages', source.languages],
    ['Targets', source.targets],
    ['Trusted', source.trusted],
    ['Allow-Insecure', source.allow_insecure],
    ['Check-Date', source.check_date],
    ['Check-Valid-Until', source.check_valid_until],
    ['By-Hash', source.by_hash],
    ['PDiffs', source.pdiffs],
    ['Signed-By', source.signed_by],
  ];
  return fields.map(([field, value]) => line(field, value)).join('');
}

function line(field: string, value: string | boolean | readonly string[] | undefined): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '';
  if (typeof value === 'boolean') return `${field}: ${value ? 'yes' : 'no'}\n`;
  const words = typeof value === 'string' ? value : value.join(' ');
  return `${field}:${words.startsWith('\n') ? '' : ' '}${words}\n`;
}

/** A key as the field takes it: armored text becomes continuation lines, in which an empty one is a dot. */
export function signedBy(value: string | undefined): string | undefined {
  if (!value?.includes('-----BEGIN PGP')) return value;
  const lines = value.trim().split(/\r?\n/);
  return `\n${lines.map((text) => (text.trim() === '' ? ' .' : ` ${text.trim()}`)).join('\n')}`;
}
