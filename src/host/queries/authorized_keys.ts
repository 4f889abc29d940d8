import type { Query } from '../contract.ts';
import { rawShell, sh } from '../sh.ts';

export interface AuthorizedKeysQuestion {
  readonly user: string;
  /** Default: ~user/.ssh/authorized_keys. `%h` and `%u` stand for home and name, as in sshd_config(5). */
  readonly path?: string | undefined;
}

export interface AuthorizedKeys {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'absent' | 'other';
  readonly directoryExists: boolean;
  readonly content: string;
}

/** The keys that a user is let in with; undefined when there is no such user. */
export const authorizedKeys: Query<AuthorizedKeysQuestion, AuthorizedKeys | undefined> = {
  name: 'authorizedKeys',
  key: ({ user, path }) => `${user} ${path ?? ''}`,

  script(args) {
    const calls = args.map(({ user, path }) => sh`keys ${user} ${path ?? '%h/.ssh/authorized_keys'}`.text);
    return rawShell(`${reading}\n${calls.join('\n')}`);
  },

  parse(stdout, args) {
    const lines = stdout.toString('utf8').trimEnd().split('\n');
    if (lines.length !== args.length) throw new Error('unexpected answer about authorized keys');
    return lines.map((line, index) => {
      if (line === 'nobody') return undefined;
      const [kind, directory, home = '', content = ''] = line.split(' ').map(decode);
      const path = (args[index]!.path ?? '%h/.ssh/authorized_keys')
        .replaceAll('%h', home)
        .replaceAll('%u', args[index]!.user);
      return { path, kind: kind as AuthorizedKeys['kind'], directoryExists: directory === 'yes', content };
    });
  },
};

const reading = `keys() {
home=$(getent passwd "$1") || { echo nobody; return; }
home=\${home#*:*:*:*:*:}; home=\${home%%:*}
file=$2
case $file in %h*) file=$home\${file#%h} ;; esac
case $file in *%u*) file=\${file%%%u*}$1\${file#*%u} ;; esac
kind=absent there=no
[ ! -e "$file" ] || kind=other
[ ! -f "$file" ] || kind=file
[ ! -L "$file" ] || kind=link
[ ! -d "\${file%/*}" ] || there=yes
printf '%s %s =%s =%s\\n' "$kind" "$there" "$(printf %s "$home" | base64 -w0)" "$([ ! -f "$file" ] || base64 -w0 <"$file")"
}`;

function decode(word: string): string {
  return word.startsWith('=') ? Buffer.from(word.slice(1), 'base64').toString('utf8') : word;
}
