import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { labPlan } from '../../src/commands/lab.ts';
import { ProjectError } from '../../src/errors.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { layout } from '../../src/lab/layout.ts';

const read = (name: string) => labPlan(loadInventory(`inventory/${name}.yaml`));

test.each([
  ['lab', '198.18.0.1', 4, ['198.18.0.10', 'fd00:198:18::10']],
  ['split', '198.18.1.1', 8, ['198.18.1.5', 'fd00:198:19::5']],
])('%s.yaml stands in the lab', (name, bridge, count, addresses) => {
  const plan = read(name);
  expect(layout(plan).bridgeAddress).toBe(bridge);
  expect(plan.hosts).toHaveLength(count);
  expect(plan.hosts.every(({ address6 }) => address6?.startsWith('fd00:198:1'))).toBe(true);
  expect(plan.site.addresses).toEqual(addresses);
});

test.each([['lab'], ['split'], ['vagrant']])('%s.yaml asks for what the lab writes', (name) => {
  const plan = read(name);
  const text = readFileSync(`inventory/${name}.yaml`, 'utf8').replaceAll(
    '{{ inventory_dir }}',
    `${process.cwd()}/inventory`,
  );
  for (const file of ['id_ed25519', 'known_hosts', 'pebble-ca.pem', 'pebble-root.pem'])
    expect(text).toContain(`${plan.directory}/${file}`);
});

test('no two shipped labs share a network', () => {
  expect(layout(read('lab')).bridgeAddress).not.toBe(layout(read('split')).bridgeAddress);
});

test('addresses of real servers never become a lab', () => {
  expect(() => layout(read('prod'))).toThrow(ProjectError);
});

test('the Vagrantfile has the hosts of vagrant.yaml', () => {
  const table = /^HOSTS = \{([^}]*)\}/m.exec(readFileSync('Vagrantfile', 'utf8'))?.[1] ?? '';
  const hosts = [...table.matchAll(/"([^"]+)" => "([^"]+)"/g)].map(([, name, address]) => ({
    name,
    address,
  }));
  const outside = { name: 'outside', address: '192.168.56.2' };
  expect(hosts).toEqual([outside, ...read('vagrant').hosts]);
  expect(readFileSync('inventory/vagrant.yaml', 'utf8')).toContain(`https://${outside.address}:14000/dir`);
});
