import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  /** Number of the primary group. */
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** Whether the home directory is there. */
  readonly homeExists: boolean;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Users by name; undefined for one that does not exist. One `getent passwd` for all. */
export const users: Query<string, User | undefined> = {
  name: 'users',
  key: (name) => name,
  script: (names) => sh`lines=$(getent passwd ${names})
[ -z "$lines" ] || while IFS= read -r line; do
home=\${line#*:*:*:*:*:}
[ -d "\${home%%:*}" ] && there=yes || there=no
printf '%s:%s\\n' "$line" "$there"
done <<foobar
$lines
foobar`,
  parse(stdout, names) {
    const found = new Map(
      records(stdout).map(([name = '', , uid, gid, comment = '', home = '', shell = '', there]) => [
        name,
        { name, uid: Number(uid), gid: Number(gid), comment, home, shell, homeExists: there === 'yes' },
      ]),
    );
    return names.map((name) => found.get(name));
  },
};

/** All groups of the host. */
export const groups: Query<void, readonly Group[]> = {
  name: 'groups',
  key: () => '',
  script: () => sh`getent group`,
  parse(stdout, args) {
    const list = records(stdout).map(([name = '', , gid, members = '']) => ({
      name,
      gid: Number(gid),
      members: members.split(',').filter((member) => member !== ''),
    }));
    return args.map(() => list);
  },
};

/** A user's line of /etc/shadow, which holds the hash of the password: a secret. undefined where there is none. */
export const shadowEntry: Query<string, string | undefined> = {
  name: 'shadowEntry',
  key: (name) => name,
  // 2: one of the names is not known.
  script: (names) => sh`getent shadow ${names}
case $? in 0 | 2) ;; *) false ;; esac`,
  parse(stdout, names) {
    const found = new Map(records(stdout).map((fields) => [fields[0], fields.join(':')]));
    return names.map((name) => found.get(name));
  },
};

function records(stdout: Buffer): string[][] {
  return stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}
