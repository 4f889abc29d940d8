import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import aptKey from '../../src/modules/apt_key.ts';
import { Bench, shown } from './harness.ts';

const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawQZaBYJKwYBBAHaRw8BAQdAOf0nklUGtZHk1T4tocv6Y7b01vhxVFcBOWgC
saQemwG0FWxhYiA8bGFiQGV4YW1wbGUuY29tPoiQBBMWCAA4FiEEb5XknaNU9Zcn
aDAjPaIqHc+co7MFAmsEGWgCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQ
PaIqHc+co7P4tgD9G4txDejnG9DdFwpy6AwQBs/rTC6PDNMKfcYbrYF2cb8BAN7g
xx7cwAa7GMXAs2PT6d3D4qU7IOZK42GMDAE1uCcC
=ZdFs
-----END PGP PUBLIC KEY BLOCK-----
`;
const id = '3DA22A1DCF9CA3B3';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

describe('apt_key', () => {
  it.each([
    [{ id: '3da2' }, /Invalid key_id/],
    [{ data: key, file: '/x' }, /only one of/],
    [{ id, url: 'https://localhost/', keyserver: 'localhost' }, /only one of/],
    [{ keyserver: 'keyserver.example.com' }, /a keyserver is asked for an id/],
    [{ state: 'absent' }, /give id/],
  ])('refuses %j', async (args, message) => {
    if (!aptKey.params.safeParse(args).success)
      return expect(JSON.stringify(aptKey.params.safeParse(args).error?.issues)).toMatch(message);
    await expect(bench.settle('apt_key', args)).rejects.toThrow(
      existsSync('/usr/bin/apt-key') ? message : /apt no longer has it/,
    );
  });

  it('knows a key by any of its ids', () => {
    const have = (keys: string[], wanted: string) => ({
      keys,
      data: undefined,
      id: { key_id: wanted, fp: wanted.slice(-16), short_id: wanted.slice(-8) },
    });
    const want = (state: string) => aptKey.params.parse({ id, keyring: '/x', state });
    expect(aptKey.diff(want('present'), have([id], 'CF9CA3B3'))).toEqual([]);
    expect(shown(aptKey.diff(want('absent'), have([id], id)))).toEqual([`key ${id} present -> absent`]);
    expect(shown(aptKey.diff(want('present'), have(['0000000000000000'], id)))).toEqual([
      `key ${id} absent -> present`,
    ]);
  });

  it.each(['data', 'file', 'url', 'keyserver'] as const)(
    'adds a key by %s, or says that there is no apt-key any more',
    async (by) => {
      const keyring = bench.at('trusted.gpg');
      const file = bench.at('key.asc');
      writeFileSync(file, key);
      const server = createServer((_request, response) => response.end(key)).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/key.asc`;
      const calls = {
        data: () => bench.settle('apt_key', { data: key, keyring }),
        file: () => bench.settle('apt_key', { file, keyring, state: 'present' }),
        url: () => bench.settle('apt_key', { url, keyring }),
        keyserver: () => bench.settle('apt_key', { id, keyserver: new URL(url).origin, keyring }),
      };
      try {
        const added = calls[by]();
        if (!existsSync('/usr/bin/apt-key'))
          return await expect(added).rejects.toThrow(/apt no longer has it/);
        expect(await added).toMatchObject({ left: [], changes: [{ what: `key ${id}` }], result: { id } });
        expect(await bench.check('apt_key', { id, keyring })).toEqual([]);
      } finally {
        server.close();
      }
      const removed = await bench.settle('apt_key', { id: `0x${id}`, keyring, state: 'absent' });
      expect([shown(removed.changes), removed.left]).toEqual([[`key ${id} present -> absent`], []]);
    },
  );
});
