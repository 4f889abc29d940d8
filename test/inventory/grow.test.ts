import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TaskFailure } from '../../src/errors.ts';
import { addHost, addToGroups } from '../../src/inventory/grow.ts';
import { loadInventory, refreshInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';

const place = { file: 'site.yaml', line: 3, column: 5 };
const file = join(mkdtempSync(join(tmpdir(), 'inventory-')), 'hosts');
writeFileSync(file, '[web]\nw1\n');
const inventory = loadInventory(file);
const grown = addHost(inventory, { name: 'new:2222', groups: ['web'], variables: { a: 1 }, place });

it('leaves the inventory as it was', () => {
  expect(selectHosts('web', inventory)).toEqual(['w1']);
  expect(selectHosts('web', grown)).toEqual(['w1', 'new']);
  expect(grown.hosts.get('new')).toMatchObject({ place, groups: ['web'] });
  expect(grown.hosts.get('new')?.file).toBeUndefined();
});

it('knows the port behind a name as Ansible does', () =>
  expect(grown.hosts.get('new')?.layers.at(-1)).toEqual({
    origin: 'add_host new',
    values: { a: 1, ansible_ssh_port: 2222 },
  }));

it('gives the same object when nothing changes', () => {
  expect(addHost(grown, { name: 'new', groups: ['web'], variables: { a: 1 }, place })).toBe(grown);
  expect(addToGroups(grown, 'new', ['web'])).toBe(grown);
  expect(addHost(grown, { name: 'new', groups: [], variables: { a: 2 }, place })).not.toBe(grown);
});

it('takes the implicit localhost into groups', () => {
  const local = addToGroups(inventory, 'localhost', ['here']);
  expect(selectHosts('here', local)).toEqual(['localhost']);
  expect(local.localhost?.groups).toEqual(['here']);
  expect(selectHosts('all', local)).toEqual(['w1']);
});

it('adds again what a run added after the sources are read again', () => {
  const both = addToGroups(addToGroups(grown, 'w1', ['os']), 'new', ['os']);
  writeFileSync(file, '[web]\nw2\n');
  const fresh = refreshInventory(both);
  expect(selectHosts('all', fresh)).toEqual(['new', 'w2']);
  expect(selectHosts('os', fresh)).toEqual(['new']);
  writeFileSync(file, '[web]\nw1\n');
  expect(selectHosts('os', refreshInventory(fresh))).toEqual(['w1', 'new']);
});

it.each<[string, () => unknown]>([
  [
    'the name of the host to add is empty',
    () => addHost(inventory, { name: '', groups: [], variables: {}, place }),
  ],
  ['the name of a group to add to is empty', () => addToGroups(inventory, 'w1', [''])],
  ['there is no host nobody in the inventory', () => addToGroups(inventory, 'nobody', ['web'])],
  ['group web cannot contain itself', () => addToGroups(inventory, 'w1', ['web'], ['web'])],
])('%s', (message, change) => {
  expect(change).toThrow(TaskFailure);
  expect(change).toThrow(message);
});
