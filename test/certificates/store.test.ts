import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  certificateFolder,
  keepCertificate,
  lastFailure,
  listCertificates,
  pendingOrder,
  readCertificate,
  standing,
} from '../../src/certificates/store.ts';
import { makeSite } from './make.ts';

let folder: string;
let site: Awaited<ReturnType<typeof makeSite>>;
const directory = 'https://acme.example/dir';
const names = ['www.foobar.com', 'foobar.com'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-store-'));
  site = await makeSite(names);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the store', () => {
  it('finds a certificate by directory and set of names, in any order and case', async () => {
    await keepCertificate(folder, { directory, names }, site.pair);
    const kept = await readCertificate(folder, { directory, names: ['FOOBAR.com', 'www.foobar.com'] });
    expect(kept).toMatchObject({ directory, names: ['foobar.com', 'www.foobar.com'], pair: site.pair });
    expect(await readCertificate(folder, { directory, names: ['foobar.com'] })).toBeUndefined();
    expect(await readCertificate(folder, { directory: `${directory}2`, names })).toBeUndefined();
  });

  it('keeps key and certificate in one file that only the owner reads', () => {
    const path = certificateFolder(folder, { directory, names });
    expect(readdirSync(path)).toEqual(['pair.pem']);
    expect(statSync(join(path, 'pair.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('lists what is kept and passes over what is damaged', async () => {
    const other = { directory, names: ['other.foobar.com'] };
    await keepCertificate(folder, other, site.pair);
    expect((await listCertificates(folder)).map((kept) => kept.names)).toEqual([
      ['foobar.com', 'www.foobar.com'],
      ['other.foobar.com'],
    ]);
    writeFileSync(join(certificateFolder(folder, other), 'pair.pem'), site.pair.key);
    expect(await readCertificate(folder, other)).toBeUndefined();
    expect(await listCertificates(folder)).toHaveLength(1);
    expect(await listCertificates(join(folder, 'nothing'))).toEqual([]);
  });

  it('keeps an order under way, and takes a damaged record for none', async () => {
    const subject = { directory, names: ['a.foobar.com'] };
    const order = {
      url: 'https://acme.example/order/1',
      key: site.pair.key,
      keyType: 'rsa',
      tokens: ['abc_-1'],
      created: '2026-11-23T04:00:00.000Z',
    };
    await pendingOrder.keep(folder, subject, order);
    expect(await pendingOrder.read(folder, subject)).toEqual(order);
    writeFileSync(
      pendingOrder.file(folder, subject),
      JSON.stringify({ ...order, tokens: ['../../etc/passwd'] }),
    );
    expect(await pendingOrder.read(folder, subject)).toBeUndefined();
    writeFileSync(pendingOrder.file(folder, subject), '{');
    expect(await pendingOrder.read(folder, subject)).toBeUndefined();
    await pendingOrder.forget(folder, subject);
    expect(await lastFailure.read(folder, subject)).toBeUndefined();
  });
});

describe('standing', () => {
  const at = (time: string, more: object = {}) =>
    ({
      names,
      now: new Date(time),
      renewAt: 2 / 3,
      keyType: 'ec-p256',
      roots: site.root.pem,
      ...more,
    }) as const;

  it.each<[string, () => ReturnType<typeof at>, string, RegExp]>([
    [
      'young',
      () => at('2026-06-02T00:00:00Z'),
      'valid',
      /^valid until 2026-08-30 00:00 UTC, due on 2026-07-31 00:00 UTC$/,
    ],
    ['at two thirds', () => at('2026-07-31T00:00:00Z'), 'due', /^due since 2026-07-31/],
    ['renewed earlier', () => at('2026-07-31T00:00:00Z', { renewAt: 0.9 }), 'valid', /due on 2026-08-21/],
    ['past its end', () => at('2026-09-01T00:00:00Z'), 'unusable', /expired on 2026-08-30/],
    [
      'of another kind of key',
      () => at('2026-06-02T00:00:00Z', { keyType: 'rsa' }),
      'due',
      /its key is ec-p256, wanted is rsa/,
    ],
    [
      'of another root',
      () => at('2026-06-02T00:00:00Z', { roots: '' }),
      'unusable',
      /chain ends at Test Root/,
    ],
    [
      'lacking a name',
      () => at('2026-06-02T00:00:00Z', { names: ['x.com'] }),
      'unusable',
      /not valid for x\.com/,
    ],
  ])('%s', async (_, wish, state, reason) => {
    const kept = await readCertificate(folder, { directory, names });
    const found = standing(kept, wish());
    expect(found.state).toBe(state);
    expect(found.reason).toMatch(reason);
  });

  it('missing', () => expect(standing(undefined, at('2026-06-02T00:00:00Z')).state).toBe('missing'));
});
