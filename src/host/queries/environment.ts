import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

/** Environment variables of whom the host is asked as; undefined for one that is not set. */
export const environmentVariables: Query<string, string | undefined> = {
  name: 'environmentVariables',
  key: (name) => name,
  script: (names) =>
    sh`for n in ${names}; do eval "v=\\\${$n-} s=\\\${$n+set}"; printf '%s=%s\\0' "$s" "$v"; done`,
  parse(stdout, names) {
    const values = stdout.toString('utf8').split('\0');
    return names.map((_, index) => (values[index]?.startsWith('set=') ? values[index].slice(4) : undefined));
  },
};

/** The home of whom the host is asked as, which holds for the whole run. */
export const ownHome: Query<void, string> = {
  name: 'ownHome',
  key: () => '',
  script: () => sh`[ -n "\${HOME-}" ] && printf '%s\\n' "$HOME" || getent passwd "$(id -u)" | cut -d: -f6`,
  parse: (stdout, args) => args.map(() => stdout.toString('utf8').replace(/\n$/, '')),
  lasts: () => true,
};
