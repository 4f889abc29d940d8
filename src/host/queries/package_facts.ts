import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

export interface InstalledPackage {
  /** With its architecture when that is not the host's own: `libc6:i386`. */
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly category: string;
  /** Who publishes the source that it comes from (`Debian`); empty for a package of no source. */
  readonly origin: string;
}

/** All installed packages, with what apt's lists say about where each is from. */
export const installedPackages: Query<void, readonly InstalledPackage[]> = {
  name: 'installedPackages',
  key: () => '',

  script: () => sh`export LC_ALL=C
dpkg --print-architecture
dpkg-query -W -f=${line('db:Status-Abbrev', 'Package', 'Version', 'Architecture', 'Section')} | grep '^.i' | cut -f2- || exit
echo --
apt-cache policy
echo --
dpkg-query -W -f=${line('db:Status-Abbrev', 'Package', 'Architecture')} | sed -n 's/^.i[^\\t]*\\t\\([^\\t]*\\)\\t/\\1:/p' | xargs -r apt-cache policy --
:`,

  parse(stdout, args) {
    const [listed = '', sources = '', policies = ''] = stdout.toString('utf8').split(/^--$/m);
    const [native = '', ...lines] = listed.trim().split('\n');
    const origins = originsOf(sources);
    const from = sourceOf(policies);
    const list = lines.map((line) => {
      const [name = '', version = '', arch = '', section = ''] = line.split('\t');
      const foreign = arch !== 'all' && arch !== native;
      const source = from.get(`${name}:${arch}`) ?? from.get(name);
      return {
        name: foreign ? `${name}:${arch}` : name,
        version,
        arch,
        category: section,
        origin: source === undefined ? '' : (origins.get(source) ?? ''),
      };
    });
    return args.map(() => list);
  },
};

/** `apt-cache policy` without names: which source has which origin (o=). */
function originsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let source = '';
  for (const line of text.split('\n')) {
    const at = /^ *-?\d+ (\S.*)$/.exec(line);
    if (at) source = at[1]!.trim();
    const origin = /^ +release .*?\bo=([^,]*)/.exec(line);
    if (origin && !found.has(source)) found.set(source, origin[1]!);
  }
  return found;
}

/** `apt-cache policy` of packages: the first source, other than dpkg's status, that has the installed version. */
function sourceOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let name = '';
  let installed = false;
  for (const line of text.split('\n')) {
    if (/^\S+:$/.test(line)) name = line.slice(0, -1);
    else if (/^ (\*\*\*| {3}) \S/.test(line)) installed = line.startsWith(' ***');
    else if (installed && !found.has(name)) {
      const source = /^ {8} *-?\d+ (\S.*)$/.exec(line)?.[1]?.trim();
      if (source !== undefined && !source.startsWith('/var/lib/dpkg/status')) found.set(name, source);
    }
  }
  return found;
}

/** A line of dpkg-query's output: `${name}` fields with tabs between them. */
function line(...fields: string[]): string {
  return `${fields.map((field) => `\${${field}}`).join('\\t')}\\n`;
}
