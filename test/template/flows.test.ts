import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';
import { parseYaml } from '../../src/yaml/located.ts';

const hostvars: Record<string, Record<string, unknown>> = {
  lb1: { ansible_host: '192.0.2.10', address6: '2001:db8::10' },
  db1: { ansible_host: '203.0.113.1', address: '192.0.2.21', ansible_port: 2200, ssh_port: 22 },
  db2: { ansible_host: '192.0.2.22', ansible_port: 2222, firewall_ssh_ports: [22] },
};
const flows = `
site: { from: internet, to: balancer, ports: [80, 443] }
sql: { from: [balancer, 10.0.0.0/8], to: database, ports: "{{ sql_port }}", tls: required }
replication: { from: database, to: database, ports: 3306 }
metrics: { from: balancer, to: all, ports: exporters }
doors: { from: db1, to: database, ports: ssh }
outer: { from: all, to: internet, ports: 53, protocol: udp }
chatter: { from: all, to: balancer, ports: 5353, protocol: udp }
`;
const values = {
  sql_port: 3306,
  inventory_hostname: 'db2',
  groups: { all: ['lb1', 'db1', 'db2'], balancer: ['lb1'], database: ['db1', 'db2'] },
  hostvars,
  exporter_ports: { all: ['{{ 9100 }}'], database: [9104] },
};
const scope = (text = flows) =>
  new Scope([{ origin: 'test', values: { ...values, flows: parseYaml(text, '/site/inventory.yaml') } }], {
    searchDirectories: [],
    check: false,
  });
const ask = (expression: string, text?: string) => evaluate(expression, scope(text));

describe("the lookup 'flows'", () => {
  it.each<[string, unknown]>([
    ["query('flows', 'sql')", ['192.0.2.10', '2001:db8::10', '10.0.0.0/8']],
    ["query('flows', 'replication')", ['192.0.2.21', '192.0.2.22']],
    ["query('flows', 'site')", ['any']],
    ["lookup('flows', 'sql', get='tls')", true],
    ["lookup('flows', 'sql', 'replication', get='tls')", false],
    // Its way to itself counts: it reaches its own address without a firewall.
    [
      "query('flows', to='db2', port='3306')",
      ['192.0.2.10', '2001:db8::10', '10.0.0.0/8', '192.0.2.21', '192.0.2.22'],
    ],
    ["query('flows', to='lb1', port=3306)", []],
    ["query('flows', from='lb1', port=9104)", ['db1', 'db2']],
    ["query('flows', from='db1', port=22)", ['db1', 'db2']],
    ["query('flows', 'metrics', from='lb1', port=9100)", ['lb1', 'db1', 'db2']],
    ["query('flows', 'metrics', 'sql', from='lb1', port=3306)", ['db1', 'db2']],
    ["query('flows', 'metrics', from='lb1', port=3306)", []],
    ["query('flows', 'replication', to='db2', port=3306)", ['192.0.2.21', '192.0.2.22']],
    // An address that is no host's, in a network of a flow; one that is a host's.
    ["query('flows', from='10.1.2.3', port=3306)", ['db1', 'db2']],
    ["query('flows', from='192.0.2.21', port=22)", ['db1', 'db2']],
    // A port is one of TCP.
    ["query('flows', to='lb1', port=5353)", []],
    ["query('flows', rules_of='lb1') | map(attribute='direction') | unique", ['in', 'out']],
  ])('%s', (expression, expected) => {
    expect(ask(expression)).toEqual(expected);
  });

  it('gives the rules of a host: no way to itself, all peers of a flow together', () => {
    expect(ask("query('flows', rules_of=inventory_hostname)")).toEqual([
      {
        name: 'sql',
        direction: 'in',
        protocol: 'tcp',
        ports: ['3306'],
        peers: ['192.0.2.10', '2001:db8::10', '10.0.0.0/8'],
      },
      { name: 'replication', direction: 'in', protocol: 'tcp', ports: ['3306'], peers: ['192.0.2.21'] },
      {
        name: 'metrics',
        direction: 'in',
        protocol: 'tcp',
        ports: ['9100', '9104'],
        peers: ['192.0.2.10', '2001:db8::10'],
      },
      { name: 'doors', direction: 'in', protocol: 'tcp', ports: ['22', '2222'], peers: ['192.0.2.21'] },
      { name: 'replication', direction: 'out', protocol: 'tcp', ports: ['3306'], peers: ['192.0.2.21'] },
      { name: 'outer', direction: 'out', protocol: 'udp', ports: ['53'], peers: ['any'] },
      {
        name: 'chatter',
        direction: 'out',
        protocol: 'udp',
        ports: ['5353'],
        peers: ['192.0.2.10', '2001:db8::10'],
      },
    ]);
  });

  it('says what is wrong, and where', () => {
    expect(() => ask("query('flows', 'sqll')")).toThrow('no flow is called sqll');
    expect(() => ask("query('flows', 'sqll', from='lb1')")).toThrow('no flow is called sqll');
    expect(() => ask("query('flows', too='x')")).toThrow("the lookup 'flows' has no option 'too'");
    expect(() => ask("query('flows', to='gone')")).toThrow('there is no host gone');
    expect(() => ask("query('flows', 'a')", 'a: { from: balanser, to: all, ports: 1 }')).toThrow(
      'flow a: balanser is no group, host, address or network',
    );
  });
});
