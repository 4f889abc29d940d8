import { describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/contract.ts';
import { selectHosts, selectPresent, splitPattern } from '../../src/inventory/patterns.ts';

const groups = {
  all: ['bastion', 'web1', 'web2', 'web3', 'db1', 'db2.example.com'],
  web: ['web1', 'web2', 'web3'],
  database: ['db1', 'db2.example.com', 'web3'],
  ungrouped: ['bastion'],
};
const place = { file: 'x', line: 1, column: 1 };
const inventory: Inventory = {
  file: '/x/hosts.yaml',
  directory: '/x',
  sources: ['/x/hosts.yaml'],
  stateDirectory: '/x/.foobar/hosts',
  groups: new Map(Object.entries(groups)),
  hosts: new Map(groups.all.map((name) => [name, { name, place, groups: [], layers: [] }])),
};

describe('patterns', () => {
  it.each([
    ['all', groups.all],
    ['*', groups.all],
    ['web', groups.web],
    ['web1', ['web1']],
    ['web:database', ['web1', 'web2', 'web3', 'db1', 'db2.example.com']],
    ['database,web1', ['db1', 'db2.example.com', 'web3', 'web1']],
    ['web:&database', ['web3']],
    ['web:!database', ['web1', 'web2']],
    ['web:database:&web:!web1', ['web2', 'web3']],
    ['!web', ['bastion', 'db1', 'db2.example.com']],
    ['web*', ['web1', 'web2', 'web3']],
    ['*.example.com', ['db2.example.com']],
    ['web?', ['web1', 'web2', 'web3']],
    ['~(web|db)1', ['web1', 'db1']],
    ['~.*example', ['db2.example.com']],
    ['web[0]', ['web1']],
    ['web[-1]', ['web3']],
    ['web[0:1]', ['web1', 'web2']],
    ['web[1:]', ['web2', 'web3']],
    ['all:!web[0]', ['bastion', 'web2', 'web3', 'db1', 'db2.example.com']],
    [' web , db1 ', ['web1', 'web2', 'web3', 'db1']],
    ['nothing*', []],
  ])('%s', (pattern, hosts) => expect(selectHosts(pattern, inventory)).toEqual(hosts));

  it.each([
    ['databse', 'did you mean database?'],
    ['all:!wbe', 'did you mean web?'],
    ['web[9]', 'numbers start with 0'],
    ['zzzzzz', 'the inventory has the groups all, web, database, ungrouped'],
  ])('refuses %s', (pattern, hint) => {
    expect(() => selectHosts(pattern, inventory, place)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ hint, place, severity: 'error' })] }),
    );
  });

  it.each(['web:&', 'all:!'])('refuses %s, which says nothing after its sign', (pattern) =>
    expect(() => selectHosts(pattern, inventory)).toThrow(
      `the host pattern ${pattern} says nothing after ${pattern.at(-1)}`,
    ),
  );

  it('refuses a bad regular expression', () =>
    expect(() => selectHosts('~(', inventory)).toThrow('~( is no valid regular expression'));
});

it.each([
  ['nobody', []],
  ['web:nobody', groups.web],
  ['web:!nobody[0]:&all', groups.web],
  ['web:&nobody', []],
  ['nobody,db1', ['db1']],
  ['~no:no*', []],
])('lets %s be known later', (pattern, hosts) => expect(selectPresent(pattern, inventory)).toEqual(hosts));

it.each([
  ['a:b', ['a', 'b']],
  ['a,b[0:1]', ['a', 'b[0:1]']],
  ['fd00::1', ['fd00::1']],
  ['a[0:1]:!b', ['a[0:1]', '!b']],
  ['', []],
])('splits %s', (pattern, parts) => expect(splitPattern(pattern)).toEqual(parts));
