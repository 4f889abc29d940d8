import { beforeAll, expect, it } from 'vitest';
import { readCertificates, readCertificatesIfAny, readPair, writePair } from '../../src/certificates/pem.ts';
import { makeSite } from './make.ts';

let site: Awaited<ReturnType<typeof makeSite>>;
beforeAll(async () => {
  site = await makeSite();
});

it('writes key and chain into one text and reads them back', () => {
  const text = writePair(site.pair, { directory: 'https://acme.example/dir', names: 'a,b' });
  expect(readPair(text)).toEqual({
    ...site.pair,
    headings: { directory: 'https://acme.example/dir', names: 'a,b' },
  });
});

it('has no pair where a part is missing', () => {
  expect(readPair(site.pair.key)).toBeUndefined();
  expect(readPair(site.pair.chain)).toBeUndefined();
  expect(readPair(writePair(site.pair).slice(0, 300))).toBeUndefined();
  expect(readPair('')).toBeUndefined();
});

it('reads the certificates in order, and none of a damaged text', () => {
  expect(readCertificates(site.pair.chain).map((certificate) => certificate.subject)).toEqual([
    'CN=www.foobar.com',
    'CN=Test Intermediate',
  ]);
  expect(readCertificatesIfAny(site.pair.chain.replace(/\n.{40}/, '\n'))).toBeUndefined();
  expect(readCertificatesIfAny(undefined)).toBeUndefined();
});
