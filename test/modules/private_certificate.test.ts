import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  authorityFiles,
  issue,
  issuedFile,
  keepIssued,
  openAuthority,
} from '../../src/certificates/authority.ts';
import { judgePair } from '../../src/certificates/judge.ts';
import { makeSite } from '../certificates/make.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

function wish(name: string, more: object = {}) {
  mkdirSync(bench.at(name), { recursive: true });
  return {
    authority: name,
    names: ['db1', '198.18.0.11'],
    certificate: bench.at(`${name}/server.crt`),
    key: bench.at(`${name}/server.key`),
    ...more,
  };
}

const read = (path: string) => readFileSync(path, 'utf8');

describe('private_certificate', () => {
  it('makes authority, key and certificate, and is settled then', async () => {
    const args = wish('mysql', { authority_certificate: bench.at('mysql/ca.pem'), mode: '0640' });
    expect((await bench.check('private_certificate', args)).map(({ what }) => what)).toEqual([
      'certificate',
      'authority_certificate',
    ]);
    const { left, result } = await bench.settle('private_certificate', args);
    expect(left).toEqual([]);
    expect(result.not_after).toMatch(/^\d{4}-/);
    const ca = read(authorityFiles(bench.at('state'), 'mysql').certificate);
    expect(read(bench.at('mysql/ca.pem'))).toBe(ca);
    const pair = { key: read(args.key), chain: read(args.certificate) };
    expect(judgePair(pair, { names: args.names, now: new Date(), roots: ca })).toEqual([]);
    expect(statSync(args.key).mode & 0o777).toBe(0o640);
    expect(statSync(args.certificate).mode & 0o777).toBe(0o644);
    expect(await bench.check('private_certificate', args)).toEqual([]);
  });

  it('gives a rebuilt host the kept pair', async () => {
    const args = wish('rebuilt');
    await bench.settle('private_certificate', args);
    const before = read(args.certificate) + read(args.key);
    rmSync(bench.at('rebuilt'), { recursive: true });
    const { changes, left } = await bench.settle('private_certificate', args);
    expect(changes.map(({ what, from }) => [what, from])).toEqual([['certificate', null]]);
    expect(left).toEqual([]);
    expect(read(args.certificate) + read(args.key)).toBe(before);
  });

  it('notices a changed key, mode and certificate, and mends exactly that', async () => {
    const args = wish('mended');
    await bench.settle('private_certificate', args);
    chmodSync(args.key, 0o644);
    expect(shown(await bench.check('private_certificate', args))).toEqual(['mode 0644 -> 0600']);
    expect((await bench.settle('private_certificate', args)).left).toEqual([]);
    writeFileSync(args.key, 'broken');
    expect(shown(await bench.check('private_certificate', args))).toEqual([
      'key another key -> the key of the certificate',
    ]);
    expect((await bench.settle('private_certificate', args)).left).toEqual([]);
    expect(read(args.key)).toContain('PRIVATE KEY');
  });

  it('issues anew for other names, and when due by fraction of its lifetime', async () => {
    const args = wish('names');
    await bench.settle('private_certificate', args);
    const more = { ...args, names: [...args.names, 'db1.internal'] };
    const { changes, left } = await bench.settle('private_certificate', more);
    expect(changes[0]?.from).toBe('the certificate is not valid for db1.internal');
    expect(left).toEqual([]);
    expect(new X509Certificate(read(args.certificate)).checkHost('db1.internal')).toBe('db1.internal');
  });

  it('issues anew after a fraction of the lifetime', async () => {
    const args = wish('due', { days: 30 });
    const authority = await openAuthority(bench.at('state'), 'due');
    const path = issuedFile(bench.at('state'), 'due', bench.host.name, args.certificate);
    const past = new Date(Date.now() - 21 * 86_400_000);
    await keepIssued(path, await issue(authority, { names: args.names, days: 30, now: past }));
    expect((await bench.check('private_certificate', { ...args, renew_at: '0.8' }))[0]?.from).toBe(null);
    const { changes, left } = await bench.settle('private_certificate', args);
    expect(changes[0]?.from).toMatch(/^due since/);
    expect(left).toEqual([]);
    expect(Date.parse(new X509Certificate(read(args.certificate)).validFrom)).toBeGreaterThan(
      past.getTime() + 86_400_000,
    );
  });

  it('keeps one folder of the pair in use and no old key', async () => {
    const args = wish('tidy');
    await bench.settle('private_certificate', args);
    await bench.settle('private_certificate', { ...args, names: ['db9'] });
    const entries = readdirSync(bench.at('tidy/.server.crt.d'));
    expect(entries).toHaveLength(2);
    expect(entries).toContain('current');
    expect(lstatSync(args.key).isSymbolicLink()).toBe(true);
  });

  it('refuses a mode that is none and names that are none', async () => {
    await expect(bench.check('private_certificate', wish('bad', { mode: 'rw' }))).rejects.toThrow(/mode/);
    await expect(bench.check('private_certificate', wish('bad', { names: [] }))).rejects.toThrow();
    await expect(bench.check('private_certificate', wish('bad', { authority: '../x' }))).rejects.toThrow(
      /letters/,
    );
  });
});

describe('a placeholder', () => {
  it('is made where there is no pair', async () => {
    const args = wish('placeholder', { placeholder: true });
    const { left } = await bench.settle('private_certificate', args);
    expect(left).toEqual([]);
    expect(new X509Certificate(read(args.certificate)).subject).toBe('CN=db1');
    expect(await bench.check('private_certificate', args)).toEqual([]);
  });

  it('leaves a working pair of anyone alone, even when its authority is lost', async () => {
    const args = wish('working', { placeholder: true });
    const site = await makeSite(['www.foobar.com']);
    writeFileSync(args.certificate, site.pair.chain);
    writeFileSync(args.key, site.pair.key);
    expect(await bench.check('private_certificate', args)).toEqual([]);
  });

  it.each<[string, (args: { certificate: string; key: string }) => void]>([
    ['the certificate is damaged', ({ certificate }) => writeFileSync(certificate, '-----BEGIN')],
    ['the key is empty', ({ key }) => writeFileSync(key, '')],
    ['the key is damaged', ({ key }) => writeFileSync(key, read(key).slice(0, 100))],
  ])('replaces a pair when %s', async (what, damage) => {
    const args = wish(`damaged ${what}`.replaceAll(' ', '-'), { placeholder: true });
    const site = await makeSite(['www.foobar.com']);
    writeFileSync(args.certificate, site.pair.chain);
    writeFileSync(args.key, site.pair.key);
    damage(args);
    const { changes, left } = await bench.settle('private_certificate', args);
    expect(changes).not.toEqual([]);
    expect(left).toEqual([]);
  });

  it('replaces a key that belongs to another certificate', async () => {
    const args = wish('mixed', { placeholder: true });
    const [one, other] = [await makeSite(), await makeSite()];
    writeFileSync(args.certificate, one.pair.chain);
    writeFileSync(args.key, other.pair.key);
    expect((await bench.settle('private_certificate', args)).left).toEqual([]);
    const ca = await openAuthority(bench.at('state'), 'mixed');
    expect(
      judgePair(
        { key: read(args.key), chain: read(args.certificate) },
        { names: ['db1'], now: new Date(), roots: ca.certificate },
      ),
    ).toEqual([]);
  });
});

it('keeps every secret out of what it shows', async () => {
  const args = wish('secret');
  const { changes, result } = await bench.settle('private_certificate', args);
  expect(JSON.stringify([changes, result, bench.said])).not.toContain('PRIVATE');
});
