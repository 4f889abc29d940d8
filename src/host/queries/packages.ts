import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

export interface Package {
  readonly version: string;
  /** dpkg's state: installed, half-configured, unpacked, config-files and so on; see dpkg-query(1). */
  readonly status: string;
  readonly architecture: string;
}

/** What dpkg knows of a package (`name` or `name:architecture`); undefined for nothing. One `dpkg-query` for all. */
export const packages: Query<string, Package | undefined> = {
  name: 'packages',
  key: (name) => name,

  // dpkg-query fails for a package that it has never heard of, after telling about the others.
  script: (
    names,
  ) => sh`dpkg-query -W -f=${line('Package', 'Architecture', 'db:Status-Status', 'Version')} -- ${names} 2>/dev/null
[ $? -le 1 ]`,

  parse(stdout, names) {
    const found = new Map<string, Package>();
    for (const record of stdout.toString('utf8').split('\n')) {
      if (record === '') continue;
      const [name, architecture, status, version] = record.split('\t') as [string, string, string, string];
      if (!status) throw new Error(`unexpected answer of dpkg-query: ${record}`);
      if (status === 'not-installed') continue;
      const item = { version, status, architecture };
      found.set(`${name}:${architecture}`, item);
      // With several architectures, an installed one speaks for the bare name.
      if (found.get(name)?.status !== 'installed') found.set(name, item);
    }
    return names.map((name) => found.get(name));
  },
};

/** A line of dpkg-query's output: `${name}` fields with tabs between them. */
function line(...fields: string[]): string {
  return `${fields.map((field) => `\${${field}}`).join('\\t')}\\n`;
}

/** The installed packages that provide a virtual one (mail-transport-agent, awk). */
export const providers: Query<string, readonly string[]> = {
  name: 'providers',
  key: (name) => name,

  script: (names) =>
    sh`dpkg-query -W -f=${line('db:Status-Status', 'Package', 'Provides')} | grep -F ${names.flatMap((name) => ['-e', name])}
[ $? -le 1 ]`,

  parse(stdout, names) {
    const found = new Map<string, string[]>();
    for (const record of stdout.toString('utf8').split('\n')) {
      const [status, provider, list] = record.split('\t');
      if (status !== 'installed' || !provider || !list) continue;
      for (const name of list.split(',').map((entry) => entry.trim().split(/[ :(]/, 1)[0]!))
        found.set(name, [...(found.get(name) ?? []), provider]);
    }
    return names.map((name) => found.get(name) ?? []);
  },
};
