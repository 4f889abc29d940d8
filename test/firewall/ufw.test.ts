import { describe, expect, it } from 'vitest';
import { isOurs, lets, rulesOf, ruleText } from '../../src/firewall/rules.ts';
import { parseUfw } from '../../src/firewall/ufw.ts';

// In the form in which ufw 0.36.2 of Debian 13 writes and iptables 1.8.11 prints, after: ufw allow 22/tcp; ufw allow
// proto tcp from 198.51.100.7 to any port 80,443; ufw limit 2222/tcp.
const userRules = `*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow tcp 80,443 0.0.0.0/0 any 198.51.100.7 in comment=73697465
-A ufw-user-input -p tcp -m multiport --dports 80,443 -s 198.51.100.7 -j ACCEPT

### END RULES ###
`;
const user6Rules = `*filter
### RULES ###

### tuple ### allow tcp 22 ::/0 any ::/0 in
-A ufw6-user-input -p tcp --dport 22 -j ACCEPT

### END RULES ###
`;
const live = `-N ufw-user-input
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -s 198.51.100.7/32 -p tcp -m multiport --dports 80,443 -j ACCEPT
`;
const live6 = '-N ufw6-user-input\n-A ufw6-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n';
const texts = {
  defaults: 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n',
  conf: '# comment\nENABLED=yes\nLOGLEVEL=low\n',
  userRules,
  user6Rules,
  live,
  live6,
  without6: '',
  connection: '192.0.2.9 50000 192.0.2.1 22\n',
  resolvers: 'search example.com\nnameserver 127.0.0.53\nnameserver 192.0.2.53\n',
};

describe('parseUfw', () => {
  it('reads policies, rules of both families and the port in use', () => {
    const state = parseUfw(texts);
    expect(state).toMatchObject({
      enabled: true,
      ipv6: true,
      incoming: 'deny',
      outgoing: 'allow',
      ssh: { from: '192.0.2.9', port: 22 },
      nameservers: ['192.0.2.53'],
    });
    expect(state.rules.map(ruleText)).toEqual([
      'tcp 22 from any',
      'tcp 80,443 from 198.51.100.7',
      'tcp 22 from any (IPv6)',
    ]);
    expect(state).toMatchObject({ notLoaded: [], loadedOnly: [] });
  });

  it('names what the files and the kernel do not share', () => {
    const state = parseUfw({
      ...texts,
      live: '-N ufw-user-input\n-A ufw-user-input -p tcp -m tcp --dport 25 -j ACCEPT\n',
    });
    expect(state.notLoaded).toEqual(['tcp 22 from any', 'tcp 80,443 from 198.51.100.7']);
    expect(state.loadedOnly).toEqual(['tcp 25 from any']);
  });

  it('misses no rules of IPv6 in a kernel that has none', () => {
    const without = parseUfw({ ...texts, live6: '', without6: 'none\n' });
    expect(without).toMatchObject({ families: [4], notLoaded: [], loadedOnly: [] });
    const lacking = parseUfw({ ...texts, live6: '' });
    expect(lacking).toMatchObject({ families: [4, 6], notLoaded: ['tcp 22 from any (IPv6)'] });
  });

  it('keeps rules that are no plain allow apart', () => {
    const limit = '### tuple ### limit tcp 2222 0.0.0.0/0 any 0.0.0.0/0 in\n';
    expect(parseUfw({ ...texts, userRules: limit, user6Rules: '' })).toMatchObject({
      written: [{ tuple: 'limit tcp 2222 0.0.0.0/0 any 0.0.0.0/0 in', family: 4 }],
      rules: [],
    });
  });

  it('takes empty files and no connection for what they are', () => {
    const empty = Object.fromEntries(Object.keys(texts).map((name) => [name, ''])) as typeof texts;
    expect(parseUfw(empty)).toMatchObject({
      enabled: false,
      ipv6: false,
      incoming: '',
      rules: [],
      ssh: undefined,
      nameservers: [],
    });
  });
});

describe('rulesOf', () => {
  const flow = (ports: number[], peers: string[], name?: string) =>
    ({ name, direction: 'in', protocol: 'tcp', ports, peers }) as const;

  it('spreads flows over peers and families, in order, each once, with the names of its flows', () => {
    const rules = rulesOf([
      flow([22], ['any'], 'operators'),
      { ...flow([443, 80, 80], ['192.0.2.1/32', '2001:DB8::0:1', '192.0.2.1']), direction: 'out' },
      { ...flow([53], []), protocol: 'udp' },
      flow([22], ['0.0.0.0/0'], 'guard'),
    ]);
    expect(rules.map((rule) => [ruleText(rule), rule.comment])).toEqual([
      ['tcp 22 from any', 'foobar: operators, guard'],
      ['tcp 22 from any (IPv6)', 'foobar: operators'],
      ['tcp 80,443 to 192.0.2.1', undefined],
      ['tcp 80,443 to 2001:db8::1', undefined],
    ]);
    expect(rules.map(isOurs)).toEqual([true, true, false, false]);
  });

  it('gives one rule no more ports than iptables takes', () => {
    const ports = Array.from({ length: 17 }, (_port, index) => 100 - index);
    expect(rulesOf([flow(ports, ['192.0.2.1'])]).map((rule) => rule.ports.length)).toEqual([15, 2]);
  });

  it.each([
    ['203.0.113.9', 22, true],
    ['203.0.114.9', 22, false],
    ['203.0.113.9', 2222, true],
    ['203.0.113.9', 2300, false],
    ['2001:db8::9', 22, false],
  ])('knows whether %s is let in at %i', (address, port, expected) => {
    const rules = rulesOf([{ ...flow([22], ['203.0.113.0/24']), ports: ['22', '2222:2225'] }]);
    expect(rules.some((rule) => lets(rule, 'in', 'tcp', port, address))).toBe(expected);
    expect(rules.some((rule) => lets(rule, 'out', 'tcp', port, address))).toBe(false);
  });
});
