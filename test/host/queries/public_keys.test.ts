import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLocalHost } from '../../../src/host/local.ts';
import { publicKeys } from '../../../src/host/queries/public_keys.ts';

it('reads the public halves of keys, whatever is wrong with others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'foobar-keys-'));
  const host = await openLocalHost();
  try {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const path = (name: string) => join(folder, name);
    writeFileSync(path('key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(path('damaged'), 'no key');
    const asked = ['damaged', 'key', 'missing'].map((name) => host.ask(publicKeys, path(name)));
    expect(await Promise.all(asked)).toEqual(['', publicKey.export({ type: 'spki', format: 'pem' }), '']);
  } finally {
    await host.close();
    rmSync(folder, { recursive: true });
  }
});

it('tells that there is no openssl', () => {
  expect(publicKeys.parse(Buffer.from('absent\n'), ['/a', '/b'])).toEqual([undefined, undefined]);
  expect(() => publicKeys.parse(Buffer.from(''), ['/a'])).toThrow('0 of 1');
});
