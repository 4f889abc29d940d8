import { parseUfw, type UfwState, type UfwTexts } from '../../firewall/ufw.ts';
import type { Query } from '../contract.ts';
import { rawShell } from '../sh.ts';

const separator = '=== foobar ===';

const files = ['/etc/default/ufw', '/etc/ufw/ufw.conf', '/etc/ufw/user.rules', '/etc/ufw/user6.rules'];

/**
 * The firewall as its files and the kernel have it; undefined when ufw is not installed. sudo does not hand on
 * SSH_CONNECTION, so the port in use is then looked for in the processes above.
 */
export const ufw: Query<void, UfwState | undefined> = {
  name: 'ufw',
  key: () => '',
  script: () =>
    rawShell(
      [
        `s='${separator}'`,
        '[ -e /usr/sbin/ufw ] || { echo absent; exit 0; }',
        `for f in ${files.join(' ')}; do [ ! -e "$f" ] || cat "$f"; echo "$s"; done`,
        'iptables -S ufw-user-input 2>/dev/null; echo "$s"',
        'ip6tables -S ufw6-user-input 2>/dev/null; echo "$s"',
        'c=${SSH_CONNECTION-}; p=$PPID',
        'while [ -z "$c" ] && [ "${p:-1}" -gt 1 ]; do',
        "c=$(tr '\\0' '\\n' <\"/proc/$p/environ\" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')",
        'p=$(sed -n \'s/^PPid:[[:space:]]*//p\' "/proc/$p/status" 2>/dev/null)',
        'done',
        'echo "${c##* }"',
      ].join('\n'),
    ),
  parse: (stdout) => {
    const text = stdout.toString('utf8');
    if (text === 'absent\n') return [undefined];
    const parts = text.split(`${separator}\n`);
    if (parts.length !== 7) throw new Error(`expected 7 parts of ufw's state, got ${parts.length}`);
    const [defaults, conf, userRules, user6Rules, live, live6, sshPort] = parts;
    return [parseUfw({ defaults, conf, userRules, user6Rules, live, live6, sshPort } as UfwTexts)];
  },
};
