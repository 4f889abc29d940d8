import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import type { Inventory } from '../../src/inventory/contract.ts';
import { groupVariables, loadInventory } from '../../src/inventory/load.ts';

function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'inventory-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

function load(files: Record<string, string>): Inventory {
  const root = folder(files);
  return loadInventory(join(root, 'inventory/hosts.yaml'), { playbookDirectory: join(root, 'playbooks') });
}

/** The values that win for a host. */
function values(inventory: Inventory, host: string): Record<string, unknown> {
  return Object.assign({}, ...inventory.hosts.get(host)!.layers.map((layer) => layer.values));
}

function mistakes(text: string, name = 'inventory/hosts.yaml'): string[] {
  try {
    const root = folder({ [name]: text });
    return (loadInventory(join(root, name)).warnings ?? []).map((each) => `warning: ${each.message}`);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.problems.map((each) => `${each.place?.line}:${each.place?.column} ${each.message}`);
  }
}

const production = `
all:
  vars:
    ansible_user: deploy
  hosts:
    bastion.example.com:
  children:
    web:
      hosts:
        web[01:02].example.com:
          http_port: 8080
        web03.example.com:2222:
    database:
      hosts:
        db2:
        db1:
          mysql_server_id: 1
      vars:
        mysql_port: 3307
    site:
      children:
        web:
        database:
monitoring:
  hosts: bastion.example.com
empty:
`;

describe('groups and hosts', () => {
  const inventory = load({ 'inventory/hosts.yaml': production });

  it('has the hosts in the order of the file', () =>
    expect([...inventory.hosts.keys()]).toEqual([
      'bastion.example.com',
      'web01.example.com',
      'web02.example.com',
      'web03.example.com',
      'db2',
      'db1',
    ]));

  it.each([
    ['web', ['web01.example.com', 'web02.example.com', 'web03.example.com']],
    ['database', ['db2', 'db1']],
    ['site', ['web01.example.com', 'web02.example.com', 'web03.example.com', 'db2', 'db1']],
    ['monitoring', ['bastion.example.com']],
    ['empty', []],
    ['ungrouped', []],
  ])('%s', (group, hosts) => expect(inventory.groups.get(group)).toEqual(hosts));

  it('gives all of them to all', () =>
    expect(new Set(inventory.groups.get('all'))).toEqual(new Set(inventory.hosts.keys())));

  it("names a host's groups as Ansible does", () => {
    expect(inventory.hosts.get('db1')?.groups).toEqual(['database', 'site']);
    expect(inventory.hosts.get('bastion.example.com')?.groups).toEqual(['monitoring']);
  });

  it('takes ports from names', () => expect(values(inventory, 'web03.example.com').ansible_port).toBe(2222));

  it('keeps state beside the inventory', () =>
    expect(inventory.stateDirectory).toBe(join(inventory.directory, '.foobar', 'hosts')));

  it("knows a group's own variables", () =>
    expect(groupVariables(inventory, 'database').map((layer) => layer.values)).toEqual([
      { ansible_user: 'deploy' },
      { mysql_port: 3307 },
    ]));
});

/** Each source also sets the name of the one before it: the later source must win. */
it("gives the sources Ansible's precedence", () => {
  const sources: [string, string][] = [
    ['inventory all', ''],
    ['inventory parent', ''],
    ['inventory child', ''],
    ['inventory/group_vars/all.yaml', ''],
    ['playbooks/group_vars/all/main.yml', ''],
    ['inventory/group_vars/parent.yml', ''],
    ['inventory/group_vars/child', ''],
    ['playbooks/group_vars/child.yaml', ''],
    ['inventory host', ''],
    ['inventory/host_vars/h1.yaml', ''],
    ['playbooks/host_vars/h1/x.yml', ''],
  ];
  const text = (index: number) => `{v${index}: ${index}, v${index - 1}: ${index}}`;
  const files: Record<string, string> = {};
  for (const [index, [name]] of sources.entries()) if (name.includes('/')) files[name] = `${text(index)}\n`;
  files['inventory/hosts.yaml'] = [
    `all: {vars: ${text(0)}}`,
    `parent: {vars: ${text(1)}, children: {child: {vars: ${text(2)}, hosts: {h1: ${text(8)}}}}}`,
  ].join('\n');
  const found = values(load(files), 'h1');
  for (const [index, [name]] of sources.entries()) {
    const expected = index === sources.length - 1 ? index : index + 1;
    expect([name, found[`v${index}`]]).toEqual([name, expected]);
  }
});

it('puts groups of one depth in order of priority, then name', () => {
  const inventory = load({
    'inventory/hosts.yaml':
      'b: {vars: {x: b, ansible_group_priority: 10}, hosts: {h: }}\na: {vars: {x: a, y: a}, hosts: {h: }}\nc: {vars: {x: c, y: c}, hosts: {h: }}\n',
  });
  expect(values(inventory, 'h')).toMatchObject({ x: 'b', y: 'c' });
});

it('reads folders of variables in order, without hidden and backup files', () => {
  const inventory = load({
    'inventory/hosts.yaml': 'web: {hosts: {h: }}\n',
    'inventory/group_vars/web/10-a.yaml': 'x: 1\ny: 1\n',
    'inventory/group_vars/web/20-b.yml': 'x: 2\n',
    'inventory/group_vars/web/more/c.yaml': 'z: 3\n',
    'inventory/group_vars/web/.hidden.yaml': 'x: 4\n',
    'inventory/group_vars/web/30.yaml~': 'x: 5\n',
    'inventory/group_vars/web/README.md': 'no: [',
  });
  expect(values(inventory, 'h')).toMatchObject({ x: 2, y: 1, z: 3 });
});

describe('mistakes', () => {
  it.each([
    ['web: {host: {a: }}', ['1:7 group web has no key host: only hosts, children and vars']],
    ['web:\n  hosts: [a]', ['2:10 hosts of group web must be a mapping, not a list']],
    ['web:\n  vars: x', ['2:9 vars of group web must be a mapping, not a string']],
    ['web: [a]', ['1:1 group web must be a mapping with hosts, children or vars, not a list']],
    ['web:\n  hosts:\n    web[3:1]:', ['3:5 web[3:1] is no valid host range']],
    ['web:\n  hosts:\n    a b:', ['3:5 "a b" is no host name']],
    ['web:\n  hosts:\n    a: 10.0.0.1', ['3:5 variables of host a must be a mapping, not a string']],
    ['a: {children: {b: }}\nb: {children: {a: }}', ['2:16 group a contains b, which contains it']],
    ['a: {hosts: {h: }}\nb: {hosts: {a: }}', ['2:13 a is a group, but stands here as a host']],
    ['monitoring: {hosts: {monitoring: }}', ['warning: monitoring names a host and a group']],
    ['', ['warning: the inventory has no hosts: only localhost is there']],
    ['plugin: aws_ec2', ["1:9 Ansible's inventory plugins (aws_ec2) are not supported"]],
    ['- a: 1', ['1:1 an inventory is a mapping of groups, not a list']],
  ])('%j', (text, expected) => expect(mistakes(text)).toEqual(expected));

  it('refuses other formats by name', () =>
    expect(mistakes('[web]', 'hosts.toml')).toEqual(["1:1 Ansible's TOML inventories are not supported"]));

  it('warns of files that nobody reads', () => {
    const inventory = load({
      'inventory/hosts.yaml': 'web: {hosts: {h: }}\n',
      'inventory/group_vars/wbe.yaml': 'a: 1\n',
      'inventory/group_vars/balancer.yaml': 'a: 1\n',
      'inventory/host_vars/h.yml': 'a: 1\n',
      'inventory/host_vars/h.yaml': 'a: 2\n',
    });
    expect(
      inventory.warnings?.map(({ message, hint }) => [
        message.replace(/\S+\//g, ''),
        hint?.replace(/\S+\//g, ''),
      ]),
    ).toEqual([
      ['h.yaml is not read, since h.yml is there too', 'keep one of the two'],
      ['wbe.yaml is read by nobody: no group is named wbe', 'did you mean web?'],
    ]);
  });

  it('shows what is wrong in files of variables', () =>
    expect(() =>
      load({ 'inventory/hosts.yaml': 'a: {hosts: {h: }}\n', 'inventory/group_vars/a.yaml': '- x\n' }),
    ).toThrow('a file of variables holds a mapping'));
});
