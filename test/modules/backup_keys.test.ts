import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newIdentity } from '../../src/backup/age.ts';
import { identityFile, readIdentity, readRecipient } from '../../src/backup/keys.ts';
import { Bench } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
  mkdirSync(bench.at('host'));
});
afterAll(() => bench.close());

const keys = () => ({ recipient: bench.at('host/recipient'), ssh_key: bench.at('host/ssh_key') });
const identity = () => identityFile(bench.at('state'));

it('lets hosts encrypt, and makes no identity for one that only takes copies', async () => {
  await bench.settle('backup_keys', { authorized_keys: bench.at('host/authorized_keys') });
  expect(await readIdentity(bench.at('state'))).toBeUndefined();
  const { left } = await bench.settle('backup_keys', keys());
  expect(left).toEqual([]);
  expect(await bench.check('backup_keys', keys())).toEqual([]);
  expect(readFileSync(keys().recipient, 'utf8')).toBe(`${await readRecipient(bench.at('state'))}\n`);
});

it('does not replace a lost identity unsaid', async () => {
  const given = readFileSync(keys().recipient, 'utf8');
  renameSync(identity(), bench.at('copy'));
  await expect(bench.settle('backup_keys', keys())).rejects.toThrow('is not kept here');
  expect(await readIdentity(bench.at('state'))).toBeUndefined();
  writeFileSync(identity(), `${newIdentity()}\n`, { mode: 0o600 });
  await expect(bench.check('backup_keys', keys())).rejects.toThrow('does not open the backups');
  expect(readFileSync(keys().recipient, 'utf8')).toBe(given);
  renameSync(bench.at('copy'), identity());
  expect(await bench.check('backup_keys', keys())).toEqual([]);
});

it('begins anew where the public key was taken off the host', async () => {
  const given = readFileSync(keys().recipient, 'utf8');
  rmSync(identity());
  rmSync(keys().recipient);
  expect((await bench.settle('backup_keys', keys())).left).toEqual([]);
  expect(readFileSync(keys().recipient, 'utf8')).not.toBe(given);
});
