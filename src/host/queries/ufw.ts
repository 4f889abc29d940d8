import { parseUfw, type UfwState } from '../../firewall/ufw.ts';
import type { Query } from '../contract.ts';
import { rawShell } from '../sh.ts';

const separator = '=== foobar ===';

const files = {
  defaults: '/etc/default/ufw',
  conf: '/etc/ufw/ufw.conf',
  userRules: '/etc/ufw/user.rules',
  user6Rules: '/etc/ufw/user6.rules',
};
const resolvers = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/**
 * The firewall as its files and the kernel have it, and what it must not cut; undefined when ufw is not installed. sudo
 * does not hand on SSH_CONNECTION, so it is then looked for in the processes above.
 */
export const ufw: Query<void, UfwState | undefined> = {
  name: 'ufw',
  key: () => '',
  script: () =>
    rawShell(
      [
        `s='${separator}'`,
        '[ -e /usr/sbin/ufw ] || { echo absent; exit 0; }',
        `grep -sH '' ${[...Object.values(files), ...resolvers].join(' ')}; echo "$s"`,
        // Both chains by one process.
        'iptables -S 2>/dev/null | grep "^-A ufw-user-[io]"; echo "$s"',
        'ip6tables -S 2>/dev/null | grep "^-A ufw6-user-[io]"; echo "$s"',
        '[ -e /proc/sys/net/ipv6 ] || echo none; echo "$s"',
        'c=${SSH_CONNECTION-}; p=$PPID',
        'while [ -z "$c" ] && [ "${p:-1}" -gt 1 ]; do',
        'c=$(grep -sz ^SSH_CONNECTION= "/proc/$p/environ" | tr -d "\\0"); n=',
        'while read -r k v; do [ "$k" != PPid: ] || n=$v; done 2>/dev/null <"/proc/$p/status"',
        'p=$n',
        'done',
        'echo "${c#SSH_CONNECTION=}"',
      ].join('\n'),
    ),
  parse: (stdout) => {
    const text = stdout.toString('utf8');
    if (text === 'absent\n') return [undefined];
    const parts = text.split(`${separator}\n`);
    if (parts.length !== 5) throw new Error(`expected 5 parts of ufw's state, got ${parts.length}`);
    const [written = '', live = '', live6 = '', without6 = '', connection = ''] = parts;
    const of = (path: string): string =>
      written
        .split('\n')
        .flatMap((line) => (line.startsWith(`${path}:`) ? [`${line.slice(path.length + 1)}\n`] : []))
        .join('');
    const { defaults, conf, userRules, user6Rules } = files;
    return [
      parseUfw({
        defaults: of(defaults),
        conf: of(conf),
        userRules: of(userRules),
        user6Rules: of(user6Rules),
        live,
        live6,
        without6,
        connection,
        resolvers: resolvers.map(of).join(''),
      }),
    ];
  },
};
