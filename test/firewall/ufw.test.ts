import { describe, expect, it } from 'vitest';
import { rulesOf, ruleText } from '../../src/firewall/rules.ts';
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
  sshPort: '22',
};

describe('parseUfw', () => {
  it('reads policies, rules of both families and the port in use', () => {
    const state = parseUfw(texts);
    expect(state).toMatchObject({
      enabled: true,
      ipv6: true,
      incoming: 'deny',
      outgoing: 'allow',
      sshPort: 22,
    });
    expect(state.rules.map(ruleText)).toEqual([
      'tcp 22 from any',
      'tcp 80,443 from 198.51.100.7',
      'tcp 22 from any (IPv6)',
    ]);
    expect(state).toMatchObject({ others: [], notLoaded: [], loadedOnly: [] });
  });

  it('names what the files and the kernel do not share', () => {
    const state = parseUfw({
      ...texts,
      live: '-N ufw-user-input\n-A ufw-user-input -p tcp -m tcp --dport 25 -j ACCEPT\n',
    });
    expect(state.notLoaded).toEqual(['tcp 22 from any', 'tcp 80,443 from 198.51.100.7']);
    expect(state.loadedOnly).toEqual(['tcp 25 from any']);
  });

  it('keeps rules that are no plain allow apart', () => {
    const limit = '### tuple ### limit tcp 2222 0.0.0.0/0 any 0.0.0.0/0 in\n';
    expect(parseUfw({ ...texts, userRules: limit }).others).toEqual([
      { tuple: 'limit tcp 2222 0.0.0.0/0 any 0.0.0.0/0 in', family: 4 },
    ]);
  });

  it('takes empty files and no connection for what they are', () => {
    const empty = { defaults: '', conf: '', userRules: '', user6Rules: '', live: '', live6: '', sshPort: '' };
    expect(parseUfw(empty)).toMatchObject({
      enabled: false,
      ipv6: false,
      incoming: '',
      rules: [],
      sshPort: undefined,
    });
  });
});

describe('rulesOf', () => {
  it('spreads flows over sources and families, in order, each once', () => {
    const rules = rulesOf([
      { ports: [22], protocol: 'tcp', from: ['any'] },
      { ports: [443, 80, 80], protocol: 'tcp', from: ['192.0.2.1/32', '2001:DB8::1', '192.0.2.1'] },
      { ports: [53], protocol: 'udp', from: [] },
    ]);
    expect(rules.map(ruleText)).toEqual([
      'tcp 22 from any',
      'tcp 22 from any (IPv6)',
      'tcp 80,443 from 192.0.2.1',
      'tcp 80,443 from 2001:db8::1',
    ]);
  });
});
