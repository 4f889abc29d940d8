import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labPlan } from '../../src/commands/lab.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { images } from '../../src/lab/image.ts';

test('an inventory says which hosts are made to be provisioned by Ansible', () => {
  const directory = mkdtempSync(join(tmpdir(), 'foobar-'));
  const file = join(directory, 'twins.yaml');
  writeFileSync(
    file,
    'all:\n  hosts:\n    a: { ansible_host: 198.18.3.10, lab_image: twin }\n    b: { ansible_host: 198.18.3.11 }\n',
  );
  const { hosts } = labPlan(loadInventory(file));
  rmSync(directory, { recursive: true });
  expect(hosts).toEqual([
    { name: 'a', address: '198.18.3.10', image: 'twin' },
    { name: 'b', address: '198.18.3.11' },
  ]);
});

test('images of other hosts are layers over that of a bare one', () => {
  const { host, outside, twin } = images();
  expect(outside.at(-1)).toBe(host[0]);
  expect(twin.at(-1)).toBe(host[0]);
  expect(new Set([...host, ...outside, ...twin]).size).toBe(3);
});
