import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  authorityFiles,
  issue,
  issuedFile,
  openAuthority,
  readAuthorityCertificate,
} from '../../src/certificates/authority.ts';
import { judgePair } from '../../src/certificates/judge.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-authority-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('makes an authority once, also when many ask at once', async () => {
  const made = await Promise.all([1, 2, 3, 4].map(() => openAuthority(folder, 'mysql')));
  expect(new Set(made.map(({ certificate, key }) => certificate + key)).size).toBe(1);
  const files = authorityFiles(folder, 'mysql');
  for (const file of [files.key, files.certificate]) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(files.folder).mode & 0o777).toBe(0o700);
});

it('issues certificates for names and addresses that chain to it', async () => {
  const now = new Date();
  const authority = await openAuthority(folder, 'mysql');
  const names = ['db1', 'db1.internal', '198.18.0.11', 'fd00:198:18::11'];
  const pair = await issue(authority, { names, days: 30, now });
  expect(judgePair(pair, { names, now, roots: authority.certificate })).toEqual([]);
  const certificate = new X509Certificate(pair.chain);
  expect(certificate.ca).toBe(false);
  expect(certificate.subject).toBe('CN=db1');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  expect(new Date(certificate.validTo).getTime() - now.getTime()).toBeCloseTo(30 * 86_400_000, -4);
});

it('makes the certificate again for the same key when it is lost or runs out', async () => {
  const first = await openAuthority(folder, 'renewed');
  const pair = await issue(first, { names: ['a'], days: 4000, now: new Date() });
  expect(new Date(new X509Certificate(pair.chain).validTo)).toEqual(
    new Date(new X509Certificate(first.certificate).validTo),
  );
  unlinkSync(authorityFiles(folder, 'renewed').certificate);
  expect(await readAuthorityCertificate(folder, 'renewed', new Date())).toBeUndefined();
  const second = await openAuthority(folder, 'renewed');
  expect(second.key).toBe(first.key);
  expect(judgePair(pair, { names: ['a'], now: new Date(), roots: second.certificate })).toEqual([]);

  const later = new Date(Date.now() + 3000 * 86_400_000);
  expect(await readAuthorityCertificate(folder, 'renewed', later)).toBeUndefined();
  const third = await openAuthority(folder, 'renewed', later);
  expect(third.key).toBe(first.key);
  expect(third.certificate).not.toBe(second.certificate);
});

it('keeps what it issued under one name a path', () => {
  const file = (path: string) => issuedFile('/state', 'mysql', 'db1', path);
  expect(file('/etc/mysql/tls/a.pem')).toBe(
    '/state/authorities/mysql/issued/db1/etc%2Fmysql%2Ftls%2Fa.pem.pem',
  );
  expect(file('/etc/a%2Fb')).not.toBe(file('/etc/a/b'));
});
