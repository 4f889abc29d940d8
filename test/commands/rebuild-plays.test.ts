import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../src/commands/project.ts';
import { accountsOnly, splitAtReplicas } from '../../src/commands/rebuild-plays.ts';

const root = join(import.meta.dirname, '../..');
const { playbook } = await loadProject({
  inventory: join(root, 'inventory/prod.yaml'),
  playbook: join(root, 'playbooks/site.yaml'),
  tags: [],
  skipTags: [],
  extraVars: [],
});

test('the accounts are made without anything else, of all that log in before a new address does', () => {
  const [accounts, ...more] = accountsOnly(playbook.plays);
  expect(more).toEqual([]);
  expect(accounts).toMatchObject({ name: 'Accounts of the database', hosts: 'database' });
  expect(accounts?.tasks.map(({ name }) => name)).toEqual([
    'Make the account of the replicas',
    'Make the account that new replicas are seeded by',
    'Make the account of the guards',
    'Make the accounts',
  ]);
});

test('plays end for a database server with the one that seeds it', () => {
  const [first, rest] = splitAtReplicas(playbook.plays);
  expect(first.map(({ name }) => name)).toEqual(['Servers', 'Replication']);
  expect(rest[0]?.name).toBe('Backups');
});
