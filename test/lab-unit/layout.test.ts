import { expect, test } from 'vitest';
import type { ProjectError } from '../../src/errors.ts';
import type { LabHost, LabPlan } from '../../src/lab/contract.ts';
import { hostOf, layout, machineName } from '../../src/lab/layout.ts';

const plan = (hosts: readonly LabHost[], inventory = '/site/inventory/lab.yaml'): LabPlan => ({
  inventory,
  directory: '/site/inventory/.foobar/lab/lab',
  hosts,
  places: new Map(hosts.map(({ name }, index) => [name, { file: inventory, line: index + 2, column: 5 }])),
  site: { names: ['www.example.org'], addresses: [] },
});
const box: LabHost = { name: 'box', address: '198.18.7.10', address6: 'fd00:198:7::10' };

test('bridge and outside stand in the hosts’ own network', () => {
  const lab = layout(plan([box]));
  expect(lab).toMatchObject({
    bridgeAddress: '198.18.7.1',
    bridgeAddress6: 'fd00:198:7::1',
    outside: { name: 'outside', address: '198.18.7.2', address6: 'fd00:198:7::2' },
  });
  expect(lab.hosts.map(({ name }) => name)).toEqual(['outside', 'box']);
});

test('hosts without IPv6 make a lab without IPv6', () => {
  const lab = layout(plan([{ name: 'box', address: '198.18.7.10' }]));
  expect(lab.bridgeAddress6).toBeUndefined();
  expect(lab.outside).toEqual({ name: 'outside', address: '198.18.7.2' });
});

test('names of interfaces fit the kernel’s 15 characters and differ between labs and hosts', () => {
  const long = 'a'.repeat(63);
  const one = layout(plan([box, { name: long, address: '198.18.7.11' }], '/a/production-like.yaml'));
  const two = layout(plan([box], '/b/production-like.yaml'));
  const names = [
    one.bridge,
    two.bridge,
    ...[machineName(one, 'box'), machineName(one, long), machineName(two, 'box')].map((name) => `vb-${name}`),
  ];
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(15);
});

test.each<[string, LabHost[], RegExp]>([
  ['no hosts', [], /no hosts/],
  [
    'no address',
    [{ name: 'box', address: '' }],
    /box: the lab needs an IPv4 address as ansible_host, not nothing/,
  ],
  ['a name as address', [{ name: 'box', address: 'box.example.org' }], /not box\.example\.org/],
  ['a real network', [{ name: 'box', address: '203.0.113.10' }], /does not take the address 203\.0\.113\.10/],
  ['a private network', [{ name: 'box', address: '10.0.0.10' }], /does not take/],
  ['the package cache’s network', [{ name: 'box', address: '198.18.255.9' }], /does not take/],
  ['two networks', [box, { name: 'far', address: '198.18.8.10' }], /far: 198\.18\.8\.10 is not in/],
  [
    'one address twice',
    [box, { name: 'twin', address: box.address }],
    /twin: 198\.18\.7\.10 is the address of box/,
  ],
  ['the bridge’s address', [{ name: 'box', address: '198.18.7.1' }], /is the address of the bridge/],
  ['outside’s address', [{ name: 'box', address: '198.18.7.2' }], /is the address of outside/],
  ['outside’s name', [{ name: 'outside', address: '198.18.7.9' }], /taken by the lab/],
  ['an impossible name', [{ name: 'web_1', address: '198.18.7.9' }], /cannot be a host name/],
  ['public IPv6', [{ ...box, address6: '2001:db8::10' }], /fd00::\/8/],
  [
    'two IPv6 networks',
    [box, { name: 'far', address: '198.18.7.11', address6: 'fd00:198:8::1' }],
    /not in one \/64/,
  ],
])('refuses %s', (_, hosts, message) => {
  expect(() => layout(plan(hosts))).toThrow(message);
});

test('names every mistake with its place', () => {
  const hosts = [box, { name: 'a', address: '10.0.0.1' }, { name: 'b', address: '10.0.0.2' }];
  let problems: unknown;
  try {
    layout(plan(hosts));
  } catch (error) {
    problems = (error as ProjectError).problems.map(({ place }) => place?.line);
  }
  expect(problems).toEqual([3, 4]);
});

test('knows its hosts by name, the outside too', () => {
  const lab = layout(plan([box]));
  expect([hostOf(lab, 'box'), hostOf(lab, 'outside')]).toEqual([box, lab.outside]);
  expect(() => hostOf(lab, 'inventory/lab.yaml')).toThrow(
    expect.objectContaining({
      message: 'the lab has no host inventory/lab.yaml',
      hint: 'its hosts are outside, box',
    }),
  );
});
