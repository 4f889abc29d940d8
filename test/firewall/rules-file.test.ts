import { describe, expect, it } from 'vitest';
import type { Rule } from '../../src/firewall/rules.ts';
import { withRules } from '../../src/firewall/rules-file.ts';
import { parseUfw } from '../../src/firewall/ufw.ts';

const ssh = (family: 4 | 6): Rule => ({ protocol: 'tcp', ports: [22], from: 'any', family });
const web: Rule = { protocol: 'tcp', ports: [80, 443], from: '198.51.100.7', family: 4 };
const names: Rule = { protocol: 'udp', ports: [53], from: '2001:db8::/32', family: 6 };

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
    expect(withRules(first, 4, [web])).toBe(second);
    expect(withRules(first, 4, [])).toBe(first);
  });

  it('begins where the package left the file', () => {
    expect(withRules(fresh, 6, [ssh(6), names])).toBe(
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

  it('writes what is read as the same rules', () => {
    const texts = { defaults: '', conf: '', live: '', live6: '', sshPort: '' };
    const userRules = withRules(first, 4, [web])!;
    const user6Rules = withRules(fresh, 6, [ssh(6), names])!;
    expect(parseUfw({ ...texts, userRules, user6Rules })).toMatchObject({
      rules: [ssh(4), web, ssh(6), names],
      others: [],
    });
  });

  it.each(['', '*filter\n', first.replace('COMMIT\n', ''), first.replaceAll('RULES', 'OTHERS')])(
    'leaves a file alone that ufw has not written whole',
    (text) => {
      expect(withRules(text, 4, [web])).toBeUndefined();
    },
  );
});
