import { describe, expect, it } from 'vitest';
import { parseUfw } from '../../src/firewall/ufw.ts';
import firewall from '../../src/modules/firewall.ts';

const file = (family: 4 | 6, ...tuples: string[]) =>
  `*filter\n:ufw${family === 6 ? '6' : ''}-user-input - [0:0]\n### RULES ###\n${tuples
    .map((tuple) => `\n### tuple ### ${tuple}\n`)
    .join('')}\n### END RULES ###\nCOMMIT\n`;
const hex = (text: string) => `comment=${Buffer.from(text).toString('hex')}`;
const ssh4 = 'allow tcp 22 0.0.0.0/0 any 192.0.2.9 in';
const have = (rules: readonly string[], resolvers = '', without6 = '') =>
  parseUfw({
    defaults: 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n',
    conf: 'ENABLED=yes\n',
    userRules: file(4, ...rules),
    user6Rules: file(6),
    live: '',
    live6: '',
    without6,
    connection: '192.0.2.9 50000 192.0.2.1 22',
    resolvers,
  });
const operators = { name: 'operators', ports: [22], peers: ['192.0.2.9'] };
const want = (given = {}) => firewall.params.parse({ flows: [operators], ...given });
const rules = (...args: Parameters<typeof firewall.diff>) =>
  firewall.diff(...args).flatMap(({ what, from, to }) => (what === 'rule' ? [`${from} -> ${to}`] : []));

describe('firewall', () => {
  it('is settled whatever the comments say', () => {
    expect(firewall.diff(want(), have([ssh4]))).toEqual([]);
    expect(firewall.diff(want(), have([`${ssh4} ${hex('foobar: former')}`]))).toEqual([]);
  });

  it.each<[string, string[]]>([
    [
      'remove',
      [
        'tcp 25 from any -> undefined',
        'limit tcp 80 0.0.0.0/0 any 0.0.0.0/0 in -> undefined',
        'tcp 3306 from 192.0.2.77 -> undefined',
      ],
    ],
    ['report', ['tcp 3306 from 192.0.2.77 -> undefined']],
    ['keep', ['tcp 3306 from 192.0.2.77 -> undefined']],
  ])('takes rules of hosts that left away, and with %s these added by hand', (manual_rules, expected) => {
    const there = have([
      'allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 in',
      'limit tcp 80 0.0.0.0/0 any 0.0.0.0/0 in',
      `allow tcp 3306 0.0.0.0/0 any 192.0.2.77 in ${hex('foobar: sql')}`,
      ssh4,
    ]);
    expect(rules(want({ manual_rules }), there)).toEqual(expected);
    expect(firewall.result?.(want({ manual_rules }), there)).toEqual({
      manual_rules:
        manual_rules === 'remove' ? [] : ['tcp 25 from any', 'limit tcp 80 0.0.0.0/0 any 0.0.0.0/0 in'],
    });
  });

  it('refuses to cut off the run itself', () => {
    expect(() => firewall.diff(want({ flows: [] }), have([ssh4]))).toThrow(
      'none lets 192.0.2.9 in at port 22, where sshd was reached',
    );
    const elsewhere = { ...operators, ports: [2222] };
    expect(() => firewall.diff(want({ flows: [elsewhere] }), have([ssh4]))).toThrow(
      'cut off this very connection',
    );
  });

  it('refuses to cut a host off DNS, and writes rules for what goes out only where not all may', () => {
    const there = have([ssh4], 'nameserver 192.0.2.53\n');
    const names = { name: 'names', direction: 'out', ports: [53], protocol: 'udp', peers: ['192.0.2.53'] };
    expect(() => firewall.diff(want({ outgoing: 'deny' }), there)).toThrow(
      'it asks 192.0.2.53, and nothing leads there',
    );
    expect(firewall.diff(want({ flows: [operators, names] }), there)).toEqual([]);
    expect(firewall.diff(want({ flows: [operators, names], outgoing: 'deny' }), there)).toEqual([
      { what: 'outgoing', from: 'allow', to: 'deny' },
      { what: 'rule', from: undefined, to: 'udp 53 to 192.0.2.53' },
    ]);
  });

  it('gives IPv6 its rules, but neither checks nor loads them where the kernel has none', async () => {
    const both = want({ flows: [{ ...operators, peers: ['any'] }] });
    const script = async (without6: string) => {
      const there = have([], '', without6);
      const sent: string[] = [];
      const run = (command: { text: string }) => sent.push(command.text);
      await firewall.fix(firewall.diff(both, there), both, there, { run } as never, {} as never);
      return sent.join('\n');
    };
    const rule = 'allow tcp 22 ::/0 any ::/0 in';
    expect(await script('')).toMatch(
      /ip6tables-restore --noflush --test[\s\S]*ip6tables-restore --noflush </,
    );
    expect(await script('none')).not.toContain('ip6tables');
    for (const without6 of ['', 'none']) expect(await script(without6)).toContain(rule);
  });
});
