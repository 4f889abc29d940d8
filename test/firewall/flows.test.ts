import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import {
  endpointAddresses,
  endpoints,
  endpointText,
  type FlowSite,
  includes,
  portText,
  resolveFlows,
} from '../../src/firewall/flows.ts';
import { parseYaml } from '../../src/yaml/located.ts';

const host = (name: string, groups: string[], ...addresses: string[]) =>
  [name, { name, groups, addresses, sshPorts: name === 'db1' ? [2222] : [22] }] as const;
const site: FlowSite = {
  hosts: new Map([
    host('lb1', ['balancer', 'monitoring'], '192.0.2.10', '2001:DB8:0::10'),
    host('web1', ['web'], '192.0.2.11'),
    host('db1', ['database'], '192.0.2.21'),
    host('db2', ['database'], '192.0.2.22'),
  ]),
  groups: new Map([
    ['balancer', ['lb1']],
    ['monitoring', ['lb1']],
    ['web', ['web1']],
    ['database', ['db1', 'db2']],
    ['empty', []],
  ]),
  exporters: { all: [9100], database: [9104], balancer: [8405] },
};

const resolve = (text: string) => resolveFlows(parseYaml(text, 'flows.yaml'), site);
const shown = (text: string) =>
  resolve(text).map(
    ({ flow, from, to, protocol, ports }) =>
      `${flow}: ${endpointText(from)} > ${endpointText(to)} ${protocol} ${ports.map(portText).join(',')}`,
  );
function problems(text: string) {
  try {
    resolve(text);
  } catch (error) {
    if (error instanceof ProjectError)
      return error.problems.map(({ message, hint, place }) => [
        message,
        hint,
        place && `${place.line}:${place.column}`,
      ]);
    throw error;
  }
  throw new Error('there is no mistake');
}

describe('resolveFlows', () => {
  it.each<[string, string[]]>([
    ['site: { from: internet, to: balancer, ports: [443, 80, 80] }', ['site: internet > lb1 tcp 80,443']],
    [
      'sql: { from: [web, database], to: db1, ports: 3306 }',
      ['sql: web1 > db1 tcp 3306', 'sql: db2 > db1 tcp 3306'],
    ],
    ['copies: { from: db1, to: database, ports: ssh }', ['copies: db1 > db2 tcp 22']],
    [
      'doors: { from: 203.0.113.7/24, to: [db1, web1], ports: ssh }',
      ['doors: 203.0.113.0/24 > db1 tcp 2222', 'doors: 203.0.113.0/24 > web1 tcp 22'],
    ],
    [
      'metrics: { from: monitoring, to: all, ports: exporters }',
      [
        'metrics: lb1 > web1 tcp 9100',
        'metrics: lb1 > db1 tcp 9100,9104',
        'metrics: lb1 > db2 tcp 9100,9104',
      ],
    ],
    [
      'names: { from: web, to: internet, ports: [53, 8000-8010], protocol: udp }',
      ['names: web1 > internet udp 53,8000:8010'],
    ],
    ['nobody: { from: empty, to: web, ports: 1 }', []],
    [
      'by_address: { from: 192.0.2.21/32, to: [web1, "192.0.2.11"], ports: 80 }',
      ['by_address: db1 > web1 tcp 80'],
    ],
    ['{}', []],
  ])('%s', (text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  it('knows what is said of a flow, and addresses in one form', () => {
    const [passage] = resolve('sql: { from: lb1, to: db1, ports: 3306, tls: required, why: data }');
    expect(passage).toMatchObject({
      tls: true,
      why: 'data',
      from: { addresses: ['192.0.2.10', '2001:db8::10'] },
    });
    expect(resolve('a: { from: lb1, to: db1, ports: 1 }')[0]).toMatchObject({ tls: false, why: '' });
  });

  it('names every mistake at its place, with what was meant', () => {
    expect(
      problems('sql: { from: web, to: databse, ports: 3306 }\nx: { from: wbe1, to: web, ports: 1 }'),
    ).toEqual([
      [
        'flow sql: databse is no group, host, address or network, and not internet or all',
        'did you mean database?',
        '1:23',
      ],
      [
        'flow x: wbe1 is no group, host, address or network, and not internet or all',
        'did you mean web1?',
        '2:12',
      ],
    ]);
    expect(problems('sql: { from: web, too: database, ports: 3306 }')).toEqual([
      ['flows: sql has no parameter too', 'did you mean to?', '1:19'],
    ]);
    expect(problems('sql: { from: web, to: database, ports: 70000 }')).toEqual([
      ['flows: sql.ports: ports are between 1 and 65535', undefined, '1:40'],
    ]);
  });

  it('refuses a host that has no address', () => {
    const hosts = new Map([host('a', [], 'a.example.com'), host('b', []), host('c', [], '192.0.2.1')]);
    const flows = (from: string) => () =>
      resolveFlows({ x: { from, to: 'c', ports: 1 } }, { ...site, hosts, groups: new Map() });
    expect(flows('a')).toThrow('host a has the address a.example.com, which is a name or a mistake');
    expect(flows('b')).toThrow('host b has no address');
  });
});

describe('endpoints', () => {
  it('ask the hosts of an inventory for their addresses only where one could be meant', () => {
    const asked: string[] = [];
    const hosts = new Map(
      [...site.hosts].map(([name, { addresses, ...rest }]) => [
        name,
        {
          ...rest,
          get addresses() {
            asked.push(name);
            return addresses;
          },
        },
      ]),
    );
    const shownEnds = (...names: string[]) => endpoints(names, { ...site, hosts }).map(endpointText);
    expect(shownEnds('192.0.2.0/24', '0.0.0.0/0', '2001:db8::/32', 'internet', 'web')).toEqual([
      '192.0.2.0/24',
      '0.0.0.0/0',
      '2001:db8::/32',
      'internet',
      'web1',
    ]);
    expect(asked).toEqual([]);
    expect(shownEnds('192.0.2.11/32')).toEqual(['web1']);
    expect(asked).toEqual(['lb1', 'web1']);
  });
});

describe('includes', () => {
  it.each<[string, string, boolean]>([
    ['internet', '2001:db8::1', true],
    ['10.0.0.0/8', '10.200.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['0.0.0.0/0', '11.0.0.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['192.0.2.1', '192.0.2.1', true],
  ])('%s, %s: %s', (from, address, expected) => {
    const [passage] = resolve(`x: { from: "${from}", to: web, ports: 1 }`);
    expect(includes(passage!.from, address)).toBe(expected);
    expect(endpointAddresses(passage!.from)).toEqual([from === 'internet' ? 'any' : from]);
  });
});
