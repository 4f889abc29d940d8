import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepCertificate } from '../../src/certificates/store.ts';
import { makeCertificate, makeSite } from '../certificates/make.ts';
import { Bench } from './harness.ts';

const directory = 'https://acme.example/dir';
let bench: Bench;
let old: Awaited<ReturnType<typeof current>>;
beforeAll(async () => {
  bench = await Bench.open();
  old = await current('www.foobar.com');
});
afterAll(() => bench.close());

/** A site's pair that is valid today. */
async function current(name: string, days = 60) {
  const site = await makeSite([name]);
  const server = await makeCertificate({
    name,
    issuer: site.intermediate,
    names: [name],
    notBefore: new Date(Date.now() - 30 * 86_400_000),
    notAfter: new Date(Date.now() + days * 86_400_000),
  });
  writeFileSync(bench.at('root.pem'), site.root.pem);
  return { ...site, pair: { key: server.key, chain: server.pem + site.intermediate.pem } };
}

const read = (path: string) => readFileSync(path, 'utf8');

function wish(name: string, more: object = {}) {
  mkdirSync(bench.at(name), { recursive: true });
  return {
    names: [`${name}.foobar.com`],
    directory,
    certificate: bench.at(`${name}/site.crt`),
    key: bench.at(`${name}/site.key`),
    ...more,
  };
}

async function keepFor(args: { names: string[] }) {
  const site = await current(args.names[0]!);
  await keepCertificate(bench.at('state'), { directory, names: args.names }, site.pair);
  return site.pair;
}

describe('tls_pair', () => {
  it('puts the kept pair in place of an old one, key and certificate together', async () => {
    const args = wish('replace');
    const pair = await keepFor(args);
    writeFileSync(args.certificate, old.pair.chain);
    writeFileSync(args.key, old.pair.key);
    // The check of the configuration has to see both new files.
    writeFileSync(bench.at('new.crt'), pair.chain);
    writeFileSync(bench.at('new.key'), pair.key);
    writeFileSync(
      bench.at('both-new.sh'),
      `cmp ${args.certificate} ${bench.at('new.crt')} && cmp ${args.key} ${bench.at('new.key')}`,
    );
    const { changes, left, result } = await bench.settle('tls_pair', {
      ...args,
      validate: `sh ${bench.at('both-new.sh')}`,
      root_file: bench.at('root.pem'),
    });
    expect(changes.map(({ what }) => what)).toEqual(['certificate', 'key', 'mode']);
    expect(left).toEqual([]);
    expect(result.issuer).toBe('Test Intermediate');
    expect([read(args.certificate), read(args.key)]).toEqual([pair.chain, pair.key]);
    expect(readdirSync(bench.at('replace/.site.crt.d'))).toHaveLength(2);
    expect(await bench.check('tls_pair', args)).toEqual([]);
  });

  it.each(['plain files', 'a pair placed before'])(
    'puts %s back when the new configuration is refused',
    async (kind) => {
      const args = wish(kind === 'plain files' ? 'plain' : 'placed');
      if (kind === 'plain files') {
        writeFileSync(args.certificate, old.pair.chain);
        writeFileSync(args.key, old.pair.key);
        await keepFor(args);
      } else {
        await keepFor(args);
        await bench.settle('tls_pair', args);
      }
      const before = [read(args.certificate), read(args.key)];
      await keepFor(args);
      await expect(
        bench.settle('tls_pair', { ...args, validate: `grep -q nothing ${args.certificate}` }),
      ).rejects.toThrow(/grep -q nothing .* fails with the new certificate, so the old pair is back/);
      expect([read(args.certificate), read(args.key)]).toEqual(before);
      // And the next run, whose configuration is good, puts the new one in place.
      expect((await bench.settle('tls_pair', args)).left).toEqual([]);
      expect([read(args.certificate), read(args.key)]).not.toEqual(before);
    },
  );

  it('leaves nothing when the first pair is refused', async () => {
    const args = wish('first');
    await keepFor(args);
    await expect(bench.settle('tls_pair', { ...args, validate: 'false' })).rejects.toThrow(/fails/);
    expect(existsSync(args.certificate)).toBe(false);
    expect(existsSync(args.key)).toBe(false);
  });

  it('exchanges both by the rename of one link', async () => {
    const args = wish('atomic');
    await keepFor(args);
    await bench.settle('tls_pair', args);
    await keepFor(args);
    const store = bench.at('atomic/.site.crt.d/current');
    const folders = new Set([readlinkSync(store)]);
    await bench.settle('tls_pair', args);
    folders.add(readlinkSync(store));
    expect([readlinkSync(args.certificate), readlinkSync(args.key)]).toEqual([
      `${store}/certificate.pem`,
      `${store}/key.pem`,
    ]);
    expect(folders.size).toBe(2);
  });

  it('refuses to replace a working pair by a bad one', async () => {
    const args = wish('bad');
    writeFileSync(args.certificate, old.pair.chain);
    writeFileSync(args.key, old.pair.key);
    await expect(bench.check('tls_pair', args)).rejects.toThrow(
      /no certificate of https:\/\/acme\.example\/dir is kept for bad\.foobar\.com/,
    );
    const expired = await makeSite(args.names);
    const subject = { directory, names: args.names };
    await keepCertificate(bench.at('state'), subject, expired.pair);
    await expect(bench.check('tls_pair', args)).rejects.toThrow(
      /is not put in service: .* expired on 2026-08-30/,
    );
    await keepCertificate(bench.at('state'), subject, { ...old.pair, key: expired.pair.key });
    await expect(bench.check('tls_pair', args)).rejects.toThrow(
      /not valid for bad\.foobar\.com; the private key does not belong/,
    );
    expect(read(args.certificate)).toBe(old.pair.chain);
  });

  it('takes a pair that is not ours from files of the controller', async () => {
    writeFileSync(bench.at('own.crt'), old.pair.chain);
    writeFileSync(bench.at('own.key'), old.pair.key);
    const args = {
      ...wish('own'),
      directory: undefined,
      names: ['www.foobar.com'],
      source_certificate: 'own.crt',
      source_key: bench.at('own.key'),
    };
    expect((await bench.settle('tls_pair', args)).left).toEqual([]);
    expect(read(args.key)).toBe(old.pair.key);
    await expect(bench.check('tls_pair', { ...args, source_key: '/no/such.key' })).rejects.toThrow(
      'source_key: cannot read /no/such.key on the controller: there is no such file',
    );
    await expect(bench.check('tls_pair', { ...args, source_key: '' })).rejects.toThrow(/give `directory`/);
  });

  it('sees what a server really serves', async () => {
    const args = wish('served');
    const pair = await keepFor(args);
    await bench.settle('tls_pair', args);
    const server = createServer({ key: old.pair.key, cert: old.pair.chain });
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stale = await bench.check('tls_pair', { ...args, port });
    expect(stale).toEqual([
      {
        what: 'served',
        from: expect.stringMatching(/^www\.foobar\.com by Test Intermediate/),
        to: expect.stringMatching(/^served\.foobar\.com/),
      },
    ]);
    server.setSecureContext({ key: pair.key, cert: pair.chain });
    expect(await bench.check('tls_pair', { ...args, port })).toEqual([]);
    server.close();
    await once(server, 'close');
    // Starting it is another task's; new files are only in service once they are served.
    expect(await bench.check('tls_pair', { ...args, port })).toEqual([]);
    writeFileSync(args.certificate, old.pair.chain);
    expect((await bench.check('tls_pair', { ...args, port })).map(({ what, from }) => [what, from])).toEqual([
      ['certificate', expect.stringMatching(/^www\.foobar\.com/)],
      ['served', `nothing listens on port ${port}`],
    ]);
  });
});
