import { describe, expect, it } from 'vitest';
import type { Rule } from '../../src/firewall/rules.ts';
import { isWhole, rulesIn, withRules } from '../../src/firewall/rules-file.ts';

const rule = (text: string, family: 4 | 6 = 4, comment?: string): Rule => {
  const [protocol, ports = '', direction, peer = ''] = text.split(' ');
  return {
    direction: direction === 'to' ? 'out' : 'in',
    protocol: protocol as Rule['protocol'],
    ports: ports.split(',').filter(Boolean),
    peer,
    family,
    comment,
  };
};
const ssh = (family: 4 | 6) => rule('tcp 22 from any', family);
const web = rule('tcp 80,443 from 198.51.100.7');
const names = rule('udp 53 from 2001:db8::/32', 6);
const all = () => true;
const none = () => false;

/** As the package ufw 0.36.2 brings it. */
const fresh = `*filter
:ufw6-user-input - [0:0]
:ufw6-user-output - [0:0]
:ufw6-user-forward - [0:0]
### RULES ###
COMMIT
`;

/** As ufw 0.36.2 has written it after `ufw allow 22/tcp` and after `ufw allow proto tcp from 198.51.100.7 to any port 80,443`. */
const first = `*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### END RULES ###

### LOGGING ###
### END LOGGING ###
COMMIT
`;
const second = first.replace(
  '\n### END RULES ###',
  `
### tuple ### allow tcp 80,443 0.0.0.0/0 any 198.51.100.7 in
-A ufw-user-input -p tcp -m multiport --dports 80,443 -s 198.51.100.7 -j ACCEPT

### END RULES ###`,
);

describe('withRules', () => {
  it('writes what ufw writes', () => {
    expect(withRules(first, 4, [web], all)).toBe(second);
    expect(withRules(first, 4, [], all)).toBe(first);
  });

  it('begins where the package left the file', () => {
    expect(withRules(fresh, 6, [ssh(6), web, names], none)).toBe(
      fresh.replace(
        '### RULES ###\n',
        `### RULES ###

### tuple ### allow tcp 22 ::/0 any ::/0 in
-A ufw6-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow udp 53 ::/0 any 2001:db8::/32 in
-A ufw6-user-input -p udp --dport 53 -s 2001:db8::/32 -j ACCEPT
`,
      ),
    );
  });

  // As ufw 0.36.2 of Debian 13 writes them after `ufw allow out to 192.0.2.1 proto udp port 53`, `ufw allow
  // 8000:8010/tcp`, `ufw allow out proto tcp to 192.0.2.0/24 port 80,443` and `ufw allow from 192.0.2.10 proto vrrp`.
  it.each([
    ['udp 53 to 192.0.2.1', 'udp 53 192.0.2.1 any 0.0.0.0/0 out', 'output -p udp -d 192.0.2.1 --dport 53'],
    [
      'tcp 8000:8010 from any',
      'tcp 8000:8010 0.0.0.0/0 any 0.0.0.0/0 in',
      'input -p tcp -m multiport --dports 8000:8010',
    ],
    [
      'tcp 80,443 to 192.0.2.0/24',
      'tcp 80,443 192.0.2.0/24 any 0.0.0.0/0 out',
      'output -p tcp -m multiport --dports 80,443 -d 192.0.2.0/24',
    ],
    ['vrrp  from 192.0.2.10', 'vrrp any 0.0.0.0/0 any 192.0.2.10 in', 'input -p vrrp -s 192.0.2.10'],
  ])('writes and reads %s', (text, tuple, command) => {
    const written = withRules(first, 4, [rule(text)], none);
    expect(written).toContain(
      `### RULES ###\n\n### tuple ### allow ${tuple}\n-A ufw-user-${command} -j ACCEPT\n\n### END RULES`,
    );
    expect(rulesIn(written, 4).map((each) => each.rule)).toEqual([rule(text)]);
  });

  it('keeps what stays in its place, takes the rest out, and brings comments up to date', () => {
    const limit = '### tuple ### limit tcp 2222 0.0.0.0/0 any 0.0.0.0/0 in comment=68616e64\n-A a\n-A b\n';
    const given = second.replace('\n### END RULES', `\n${limit}\n### END RULES`);
    const wanted = [rule('tcp 25 from any'), rule('tcp 22 from any', 4, 'foobar: operators')];
    const kept = withRules(given, 4, wanted, (written) => written.rule === undefined);
    expect(
      rulesIn(kept, 4).map(({ tuple, comment }) => [tuple.split(' ').slice(0, 3).join(' '), comment]),
    ).toEqual([
      ['allow tcp 22', 'foobar: operators'],
      ['limit tcp 2222', 'hand'],
      ['allow tcp 25', undefined],
    ]);
    expect(kept).toContain(limit);
    expect(rulesIn(withRules(given, 4, wanted, none), 4)).toHaveLength(2);
  });

  it.each(['', '*filter\n', first.replace('COMMIT\n', ''), first.replaceAll('RULES', 'OTHERS')])(
    'begins a file anew that ufw has not written whole',
    (text) => {
      expect(isWhole(text)).toBe(false);
      const written = withRules(text, 4, [web], all);
      expect(isWhole(written)).toBe(true);
      expect(rulesIn(written, 4).map((each) => each.rule)).toEqual([web]);
    },
  );
});
