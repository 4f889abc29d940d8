import { beforeAll, describe, expect, it } from 'vitest';
import { judgePair } from '../../src/certificates/judge.ts';
import { type Made, makeCertificate, makeSite } from './make.ts';

let site: Awaited<ReturnType<typeof makeSite>>;
let stranger: Made;
const now = new Date('2026-07-01T00:00:00Z');
const names = ['www.foobar.com'];

beforeAll(async () => {
  site = await makeSite(['www.foobar.com', '*.shop.foobar.com']);
  stranger = await makeCertificate({ name: 'Other Root', ca: true });
});

describe('judgePair', () => {
  it('has nothing against a good pair', () => {
    expect(judgePair(site.pair, { names, now })).toEqual([]);
    expect(judgePair(site.pair, { names: ['a.shop.foobar.com'], now, roots: site.root.pem })).toEqual([]);
    expect(judgePair(site.pair, { names, now, roots: stranger.pem + site.root.pem })).toEqual([]);
  });

  it.each<[string, () => string[], RegExp]>([
    [
      'a name it lacks',
      () => judgePair(site.pair, { names: ['foobar.com', ...names], now }),
      /not valid for foobar\.com$/,
    ],
    [
      'a common name alone',
      () => judgePair(site.pair, { names: ['Test Root'], now }),
      /not valid for Test Root/,
    ],
    [
      'an expired certificate',
      () => judgePair(site.pair, { names, now: new Date('2026-08-30T00:00:01Z') }),
      /certificate of www\.foobar\.com expired on 2026-08-30 00:00 UTC/,
    ],
    [
      'one of the future',
      () => judgePair(site.pair, { names, now: new Date('2026-05-31T00:00:00Z') }),
      /not valid before 2026-06-01 00:00 UTC/,
    ],
    [
      'a key of another',
      () => judgePair({ ...site.pair, key: stranger.key }, { names, now }),
      /key does not belong/,
    ],
    ['no key', () => judgePair({ ...site.pair, key: 'nothing' }, { names, now }), /key does not belong/],
    [
      'a missing intermediate',
      () => judgePair({ ...site.pair, chain: site.server.pem }, { names, now }),
      /lacks the certificate of its issuer, Test Intermediate/,
    ],
    [
      'a missing intermediate, root given',
      () => judgePair({ ...site.pair, chain: site.server.pem }, { names, now, roots: site.root.pem }),
      /ends at Test Intermediate, the trusted root is Test Root/,
    ],
    [
      'a wrong order',
      () => judgePair({ ...site.pair, chain: site.server.pem + site.root.pem }, { names, now }),
      /chain is broken: www\.foobar\.com was issued by Test Intermediate, and Test Root follows/,
    ],
    [
      'another root',
      () => judgePair(site.pair, { names, now, roots: stranger.pem }),
      /ends at Test Root, the trusted root is Other Root/,
    ],
    [
      'an empty root file',
      () => judgePair(site.pair, { names, now, roots: '' }),
      /trusted root is no certificate/,
    ],
    ['no certificate', () => judgePair({ ...site.pair, chain: '' }, { names, now }), /no certificate in it/],
    [
      'a damaged certificate',
      () => judgePair({ ...site.pair, chain: site.server.pem.replace(/\n.{20}/, '\nAAAA') }, { names, now }),
      /cannot be read/,
    ],
  ])('refuses %s', (_, judge, reason) => {
    expect(judge()).toEqual([expect.stringMatching(reason)]);
  });

  it('refuses a chain through a certificate that may not issue', async () => {
    const server = await makeCertificate({ name: 'x', issuer: site.server, names: ['x.foobar.com'] });
    const pair = { key: server.key, chain: server.pem + site.server.pem + site.intermediate.pem };
    expect(judgePair(pair, { names: ['x.foobar.com'], now })).toEqual([
      expect.stringMatching(/chain is broken/),
    ]);
  });

  it('accepts a self-signed certificate only where it is the root', () => {
    const pair = { key: stranger.key, chain: stranger.pem };
    expect(judgePair(pair, { names: [], now })).toEqual([]);
    expect(judgePair(pair, { names: [], now, roots: stranger.pem })).toEqual([]);
    expect(judgePair(pair, { names: [], now, roots: site.root.pem })).toHaveLength(1);
  });

  it('judges a certificate with an empty subject by its names', async () => {
    const server = await makeCertificate({
      name: '',
      issuer: site.intermediate,
      names: ['a.foobar.com', 'b.foobar.com'],
    });
    const pair = { key: server.key, chain: server.pem + site.intermediate.pem };
    expect(judgePair(pair, { names: ['b.foobar.com'], now, roots: site.root.pem })).toEqual([]);
    expect(
      judgePair(pair, { names: [], now: new Date('2040-01-01T00:00:00Z'), roots: site.root.pem })[0],
    ).toBe('the certificate of a.foobar.com, b.foobar.com expired on 2036-01-01 00:00 UTC');
  });
});
