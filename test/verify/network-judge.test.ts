import { describe, expect, it, test } from 'vitest';
import { type FlowSite, passagesAt, resolveFlows } from '../../src/firewall/flows.ts';
import { portsOf } from '../../src/verify/network.ts';
import { withShared } from '../../src/verify/network-hosts.ts';
import {
  differences,
  differenceText,
  flowsOf,
  type Judged,
  judge,
  type Known,
  straysOf,
} from '../../src/verify/network-judge.ts';
import type { State } from '../../src/verify/network-probe.ts';
import { networkTable, shortNames } from '../../src/verify/network-table.ts';
import { parseYaml } from '../../src/yaml/located.ts';

const addresses: Readonly<Record<string, readonly [string, string]>> = {
  lb1: ['192.0.2.10', '2001:db8::10'],
  web1: ['192.0.2.11', '2001:db8::11'],
  web2: ['192.0.2.12', '2001:db8::12'],
  outside: ['203.0.113.9', '2001:db8:f::9'],
};
const names = ['lb1', 'web1', 'web2'];
const site: FlowSite = {
  hosts: new Map(
    names.map((name) => [name, { name, groups: [], addresses: addresses[name] ?? [], sshPorts: [22] }]),
  ),
  groups: new Map([
    ['balancer', ['lb1']],
    ['web', ['web1', 'web2']],
  ]),
  exporters: {},
};
const passages = resolveFlows(
  parseYaml(
    `
site: { from: internet, to: balancer, ports: 443 }
web: { from: balancer, to: web, ports: [80, 443] }
sync: { from: web, to: web, ports: 873 }
office: { from: 203.0.113.0/24, to: all, ports: ssh }
out: { from: all, to: internet, ports: 25 }
range: { from: web1, to: lb1, ports: 8000-8999 }
`,
    'flows.yaml',
  ),
  site,
);
const nothing: Known = { listeners: [], rejects: false };

function tried(
  from: string,
  to: string,
  port: number,
  state: State,
  { family = 4, known = nothing }: { family?: 4 | 6; known?: Known } = {},
): Judged {
  const index = family === 4 ? 0 : 1;
  const way = { from, to, port, protocol: 'tcp' as const, address: addresses[to]?.[index] ?? '' };
  return judge({ ...way, sources: [addresses[from]?.[index] ?? ''] }, state, passages, known);
}

describe('judge', () => {
  it.each<[string, string, number, State, Judged['kind'], string[]]>([
    ['outside', 'lb1', 443, 'open', undefined, ['site']],
    ['web1', 'lb1', 443, 'open', undefined, ['site']],
    ['outside', 'web1', 443, 'filtered', undefined, []],
    ['outside', 'web1', 443, 'open', 'open', []],
    ['outside', 'web1', 443, 'refused', 'let in', []],
    ['outside', 'web1', 22, 'open', undefined, ['office']],
    ['lb1', 'web1', 22, 'filtered', undefined, []],
    ['lb1', 'web1', 80, 'filtered', 'closed', ['web']],
    ['lb1', 'web1', 80, 'refused', 'idle', ['web']],
    ['lb1', 'web1', 80, 'no way', 'closed', ['web']],
    ['web1', 'web2', 873, 'open', undefined, ['sync']],
    ['web1', 'lb1', 8500, 'open', undefined, ['range']],
    ['web2', 'lb1', 8500, 'open', 'open', []],
    // Leaving a host for anywhere opens no other host.
    ['web1', 'lb1', 25, 'open', 'open', []],
  ])('%s -> %s %d, %s: %s', (from, to, port, state, kind, flows) => {
    const judged = tried(from, to, port, state);
    expect([judged.kind, judged.flows]).toEqual([kind, flows]);
  });

  it('takes a refusal for closed where the firewall refuses', () => {
    const known = { listeners: [], rejects: true };
    expect(tried('outside', 'web1', 443, 'refused', { known }).kind).toBeUndefined();
  });

  it('lets a host that is held back go only where its own flows lead', () => {
    const known = { ...nothing, heldBack: true };
    expect(tried('web1', 'lb1', 443, 'filtered', { known }).kind).toBeUndefined();
    expect(tried('web1', 'lb1', 443, 'open', { known }).kind).toBe('open');
  });

  it('knows from what listens whether a refusal is the firewall', () => {
    const on = (address: string): Known => ({
      listeners: [{ protocol: 'tcp', address, port: 80 }],
      rejects: false,
    });
    const kind = (address: string) => tried('lb1', 'web1', 80, 'refused', { known: on(address) }).kind;
    expect(kind('*')).toBe('closed');
    expect(kind('192.0.2.11')).toBe('closed');
    expect(kind('127.0.0.1')).toBe('idle');
    expect(kind('::')).toBeUndefined();
  });

  it('wants both families served where the internet comes', () => {
    const known: Known = { listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 443 }], rejects: false };
    expect(tried('outside', 'lb1', 443, 'refused', { family: 6, known }).kind).toBe('idle');
    expect(tried('lb1', 'web1', 443, 'refused', { family: 6, known }).kind).toBeUndefined();
  });

  it('says nothing of a family that the source has not', () => {
    const way = {
      from: 'outside',
      sources: [],
      to: 'lb1',
      address: '2001:db8::10',
      protocol: 'tcp',
      port: 443,
    } as const;
    expect(judge(way, 'no way', passages, nothing).kind).toBeUndefined();
  });
});

describe('differences', () => {
  const lines = (ways: readonly Judged[]) => differences(ways).map(differenceText);

  it('are told both ways, with the flow', () => {
    expect(
      lines([
        tried('web2', 'web1', 3307, 'open', { family: 6 }),
        tried('lb1', 'web2', 80, 'filtered'),
        tried('lb1', 'web2', 443, 'refused'),
        tried('web2', 'lb1', 9090, 'refused'),
        tried('web1', 'web2', 873, 'open'),
      ]),
    ).toEqual([
      'open though not meant: web2 -> web1 tcp 3307 (IPv6); no flow allows it',
      'closed though meant: lb1 -> web2 tcp 80 (IPv4); by flow web; no answer',
      'let in as meant, but nothing listens: lb1 -> web2 tcp 443 (IPv4); by flow web',
      'let in though not meant: web2 -> lb1 tcp 9090 (IPv4); nothing listens there now; no flow allows it',
    ]);
  });

  it('are one line where families, ports, sources and targets differ alike', () => {
    const all = ['web1', 'web2', 'outside'].flatMap((from) =>
      ([4, 6] as const).flatMap((family) =>
        [9100, 3306].map((port) => tried(from, 'lb1', port, 'open', { family })),
      ),
    );
    const both = ['web1', 'web2'].map((to) => tried('lb1', to, 80, 'refused'));
    expect(lines([...all, tried('outside', 'lb1', 25, 'open'), ...both])).toEqual([
      'open though not meant: web1, web2, outside -> lb1 tcp 3306, 9100 (IPv4, IPv6); no flow allows it',
      'open though not meant: outside -> lb1 tcp 25 (IPv4); no flow allows it',
      'let in as meant, but nothing listens: lb1 -> web1, web2 tcp 80 (IPv4); by flow web',
    ]);
  });
});

describe('straysOf', () => {
  it('are sockets beyond loopback on ports to which no flow leads', () => {
    const at = (address: string, port: number, protocol: 'tcp' | 'udp' = 'tcp') => ({
      protocol,
      address,
      port,
    });
    const listeners = [
      ...[at('*', 443), at('0.0.0.0', 22), at('*', 7070), at('192.0.2.10', 9000), at('::', 9000)],
      ...[at('127.0.0.1', 3000), at('::1', 3000), at('::ffff:127.0.0.1', 3001), at('0.0.0.0', 68, 'udp')],
    ];
    expect(differences([], straysOf('lb1', listeners, passages)).map(differenceText)).toEqual([
      'listens though no flow leads there: lb1 tcp 7070, 9000 (IPv4, IPv6)',
    ]);
  });
});

describe('networkTable', () => {
  const meant = (from: string, to: string, port: number): boolean =>
    port === 22 || (port === 443 && to === 'lb1') || (port === 80 && from === 'lb1');
  function proofOf(change: (way: Judged) => State | undefined = () => undefined) {
    const ways = ['outside', ...names].flatMap((from) =>
      names
        .filter((to) => to !== from)
        .flatMap((to) =>
          ([4, 6] as const).flatMap((family) =>
            [22, 80, 443].map((port): Judged => {
              const isMeant = meant(from, to, port);
              const way = tried(from, to, port, isMeant ? 'open' : 'filtered', { family });
              const state = change(way) ?? way.state;
              const { kind: _kind, ...rest } = way;
              const differs = (state === 'open') !== isMeant;
              return { ...rest, state, ...(differs && { kind: isMeant ? 'closed' : 'open' }) };
            }),
          ),
        ),
    );
    return { hosts: names, outside: [], ways, passages, strays: [], lost: new Map<string, string>() };
  }
  const shown = (proof: Parameters<typeof networkTable>[0]) => {
    const { head, rows, everywhere } = networkTable(proof);
    return [head, ...rows.map((row) => row.map(({ text }) => text)), everywhere];
  };

  it('has one row and column for hosts that are alike, and says once what is open everywhere', () => {
    expect(shown(proofOf())).toEqual([
      ['from \\ to', 'lb1', 'web[1:2]'],
      ['outside', '443', '·'],
      ['lb1', '', '80'],
      ['web[1:2]', '443', '·'],
      '22',
    ]);
  });

  it('tells apart what differs, with its family', () => {
    const proof = proofOf((way) => {
      if (way.from === 'web2' && way.to === 'web1' && way.port === 80 && way.family === 6) return 'open';
      return way.from === 'lb1' && way.to === 'web2' && way.port === 80 ? 'filtered' : undefined;
    });
    expect(shown(proof)).toEqual([
      ['from \\ to', 'lb1', 'web1', 'web2'],
      ['outside', '443', '·', '·'],
      ['lb1', '', '80', '-80'],
      ['web1', '443', '', '·'],
      ['web2', '443', '+80(IPv6)', ''],
      '22',
    ]);
    const cells = networkTable(proof).rows.flat();
    expect(cells.filter(({ differs }) => differs).map(({ text }) => text)).toEqual(['-80', '+80(IPv6)']);
  });

  it('marks the row of a host that could try nothing', () => {
    const proof = proofOf();
    const ways = proof.ways.filter(({ from }) => from !== 'web1');
    const table = networkTable({ ...proof, ways, lost: new Map([['web1', 'gone']]) });
    expect(table.rows[2]?.map(({ text }) => text)).toEqual(['web1', '?', '', '?']);
  });
});

describe('shortNames', () => {
  it.each([
    [['web1', 'web2', 'web3'], 'web[1:3]'],
    [['web08', 'web09', 'web10'], 'web[08:10]'],
    [['web1', 'web3'], 'web1, web3'],
    [['web1', 'db2'], 'web1, db2'],
    [['web1'], 'web1'],
  ])('%j: %s', (list, text) => expect(shortNames(list)).toBe(text));
});

test('what leads to a host leads to the virtual address that it has', () => {
  const flows = { site: { from: 'internet', to: ['lb1', '192.0.2.5'], ports: 443 } };
  const way = {
    from: 'web1',
    sources: [],
    to: 'lb1',
    protocol: 'tcp',
    port: 443,
    address: '192.0.2.5',
  } as const;
  const led = (shared: readonly string[]) =>
    flowsOf(way, passagesAt('lb1', flows, withShared(site, new Map([['lb1', { shared }]]))).in);
  expect(led(['192.0.2.5'])).toEqual(['site']);
  expect(led([])).toEqual([]);
});

describe('portsOf', () => {
  it('are those of the flows that lead to hosts, and those on which anything listens', () => {
    const listeners = [
      { protocol: 'tcp', address: '127.0.0.1', port: 3000 },
      { protocol: 'udp', address: '*', port: 68 },
    ] as const;
    expect(portsOf('tcp', passages, listeners)).toEqual([22, 80, 443, 873, 3000, 8000, 8999]);
    expect(portsOf('udp', passages, listeners)).toEqual([68]);
    const rule = {
      direction: 'in',
      protocol: 'tcp',
      ports: ['3307', '7000:7001'],
      peer: 'any',
      family: 4,
    } as const;
    expect(portsOf('tcp', [], [], [rule, { ...rule, direction: 'out', ports: ['25'] }])).toEqual([
      3307, 7000, 7001,
    ]);
  });
});
