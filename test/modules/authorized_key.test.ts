import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Bench } from './harness.ts';

let bench: Bench;
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFOG6kY7Rf4UtCFvPwKgo/BztXck2xC4a2WyA34XtIwZ';
const args = (given: string) => ({
  user: userInfo().username,
  key: given,
  path: bench.at('keys/authorized'),
  comment: 'ada',
});

beforeEach(async () => {
  bench = await Bench.open();
  mkdirSync(bench.at('keys'));
});
afterEach(() => bench.close());

it('takes keys from a file of the host', async () => {
  writeFileSync(bench.at('ada.pub'), `${key} somebody\n`);
  const place = `file://${bench.at('ada.pub')}`;
  const { left, result } = await bench.settle('authorized_key', args(place));
  expect([left, result.key]).toEqual([[], place]);
  expect(readFileSync(bench.at('keys/authorized'), 'utf8')).toBe(`${key} ada\n`);
  expect((await bench.settle('authorized_key', args(place))).changes).toEqual([]);
  await expect(bench.check('authorized_key', args(`file://${bench.at('no')}`))).rejects.toThrow(
    /no: failed to open the file/,
  );
});

it('takes keys from an address that the host reaches', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/ada.keys' ? 200 : 404;
    response.end(`${key}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await bench.settle('authorized_key', args(`${base}/ada.keys`))).left).toEqual([]);
    expect(readFileSync(bench.at('keys/authorized'), 'utf8')).toBe(`${key} ada\n`);
    await expect(bench.check('authorized_key', args(`${base}/eve.keys`))).rejects.toThrow(
      /eve\.keys: Error getting key from: .*404/,
    );
  } finally {
    server.close();
  }
});
