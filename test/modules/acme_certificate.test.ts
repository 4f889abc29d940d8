import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keepCertificate, lastFailure, pendingOrder, readCertificate } from '../../src/certificates/store.ts';
import { sh } from '../../src/host/sh.ts';
import { makeCertificate, makeSite } from '../certificates/make.ts';
import { Bench } from './harness.ts';

const day = 86_400_000;
let bench: Bench;
let ca: Server | undefined;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());
afterEach(() => {
  ca?.closeAllConnections();
  ca?.close();
});

function wish(name: string, more: object = {}) {
  return {
    names: [`${name}.foobar.com`],
    directory: 'http://127.0.0.1:9/dir',
    webroot: bench.at('webroot'),
    terms_agreed: true,
    ...more,
  };
}

/** Keeps a certificate of 90 days that is so many days old. */
async function keepOne(args: { names: string[]; directory: string }, age: number) {
  const site = await makeSite();
  const server = await makeCertificate({
    name: args.names[0]!,
    issuer: site.intermediate,
    names: args.names,
    notBefore: new Date(Date.now() - age * day),
    notAfter: new Date(Date.now() + (90 - age) * day),
  });
  const pair = { key: server.key, chain: server.pem + site.intermediate.pem };
  await keepCertificate(bench.at('state'), args, pair);
  return { pair, root: site.root.pem };
}

/** A CA that limits the rate of everything. */
async function limitingCa(): Promise<string> {
  ca = createServer((_, response) => {
    response.writeHead(429, { 'retry-after': '3600' });
    response.end(
      JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many orders' }),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => ca?.once('listening', resolve));
  return `http://127.0.0.1:${(ca.address() as AddressInfo).port}/dir`;
}

describe('acme_certificate', () => {
  it.each([
    ['none is kept', undefined, /^no certificate is kept$/],
    ['it is young', 1, undefined],
    ['it is one day before two thirds', 59, undefined],
    ['it is past two thirds', 61, /^due since .*, valid until/],
    ['it is expired', 91, /expired on/],
  ])('wants an order only when needed: %s', async (_, age, reason) => {
    const args = wish(`age${age}`);
    if (age !== undefined) await keepOne(args, age);
    const changes = await bench.check('acme_certificate', args);
    expect(changes.map(({ what }) => what)).toEqual(reason ? ['certificate'] : []);
    if (reason) expect(changes[0]?.from).toMatch(reason);
  });

  it('is settled without asking the CA or writing anything', async () => {
    const args = wish('settled');
    const { root } = await keepOne(args, 10);
    writeFileSync(bench.at('root.pem'), root);
    const { changes, result } = await bench.settle('acme_certificate', {
      ...args,
      root_file: bench.at('root.pem'),
    });
    expect(changes).toEqual([]);
    expect(Date.parse(String(result.renew_after)) - Date.now()).toBeCloseTo(50 * day, -5);
    expect(existsSync(bench.at('webroot'))).toBe(false);
  });

  it('orders anew when the kept one does not end at the root that is trusted now', async () => {
    const args = wish('root');
    await keepOne(args, 10);
    const other = await makeCertificate({ name: 'Another Root', ca: true });
    writeFileSync(bench.at('other.pem'), other.pem);
    const changes = await bench.check('acme_certificate', { ...args, root_file: bench.at('other.pem') });
    expect(changes[0]?.from).toMatch(/the trusted root is Another Root/);
  });

  it('fails at once when the CA limits the rate, and keeps the certificate in service', async () => {
    const args = wish('limited', { directory: await limitingCa() });
    const { pair } = await keepOne(args, 70);
    const began = Date.now();
    await expect(bench.settle('acme_certificate', args)).rejects.toMatchObject({
      message: expect.stringMatching(
        /limits the rate of requests: too many orders; try again after .* UTC \(in 1 h\)\. The kept certificate stays in service until \d{4}/,
      ),
      hint: expect.stringContaining('run it again after that time'),
    });
    expect(Date.now() - began).toBeLessThan(60_000);
    expect((await readCertificate(bench.at('state'), args))?.pair).toEqual(pair);
    const failure = await lastFailure.read(bench.at('state'), args);
    expect(Date.parse(failure!.retryAt!) - Date.now()).toBeGreaterThan(3500_000);
    expect(await pendingOrder.read(bench.at('state'), args)).toBeUndefined();
  });

  it('fails with what to do when the CA cannot be reached', async () => {
    await expect(bench.settle('acme_certificate', wish('down'))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:9\/dir cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:9$/,
      ),
      hint: expect.stringContaining("controller's network"),
    });
  });

  it('keeps the account key 0600 and uses it again', async () => {
    await expect(bench.settle('acme_certificate', wish('account'))).rejects.toThrow();
    const folder = bench.at('state/accounts');
    const { stdout } = await bench.host.look(sh`ls -d ${folder}/127*`);
    const [path] = stdout.trim().split('\n');
    expect(statSync(`${path}/account.key`).mode & 0o777).toBe(0o600);
    const key = readFileSync(`${path}/account.key`, 'utf8');
    await expect(bench.settle('acme_certificate', wish('account'))).rejects.toThrow();
    expect(readFileSync(`${path}/account.key`, 'utf8')).toBe(key);
  });

  it('removes the tokens that an interrupted run left', async () => {
    const args = wish('interrupted');
    await keepOne(args, 1);
    const folder = bench.at('webroot/.well-known/acme-challenge');
    mkdirSync(folder, { recursive: true });
    for (const name of ['left-1', 'left-2', 'not-ours']) writeFileSync(`${folder}/${name}`, 'x');
    await pendingOrder.keep(bench.at('state'), args, {
      url: 'https://acme.example/order/1',
      key: 'key',
      keyType: 'ec-p256',
      tokens: ['left-1', 'left-2', 'gone'],
      created: new Date().toISOString(),
    });
    const { changes, left } = await bench.settle('acme_certificate', args);
    expect(changes).toEqual([{ what: 'tokens', from: 'left by an interrupted run', to: 'removed' }]);
    expect(left).toEqual([]);
    expect(['left-1', 'left-2', 'not-ours'].filter((name) => existsSync(`${folder}/${name}`))).toEqual([
      'not-ours',
    ]);
  });

  it.each([
    ['a wildcard', { names: ['*.foobar.com'] }, /wildcards/],
    ['no DNS name', { names: ['foo bar'] }, /DNS name/],
    ['no names', { names: [] }, /names/],
    ['a fraction that is none', { renew_at: 30 }, /renew_at/],
    ['a directory that is no URL', { directory: 'letsencrypt' }, /URL/],
    ['an unknown parameter', { certificate: 'x' }, /certificate/],
  ])('refuses %s', async (_, more, reason) => {
    await expect(bench.check('acme_certificate', wish('bad', more))).rejects.toThrow(reason);
  });
});
