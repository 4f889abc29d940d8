import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { clientHello, servedChain } from '../../src/certificates/handshake.ts';
import { makeSite } from './make.ts';

let site: Awaited<ReturnType<typeof makeSite>>;
beforeAll(async () => {
  site = await makeSite(['www.foobar.com']);
});

/** What a real TLS server answers to our first message. */
async function answerOf(options: TlsOptions, name = 'www.foobar.com'): Promise<Buffer> {
  const server = createServer({ key: site.pair.key, cert: site.pair.chain, ...options });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.write(clientHello(name));
  await once(socket, 'close');
  server.close();
  return Buffer.concat(parts);
}

describe('servedChain', () => {
  it('sees the chain that a TLS server serves', async () => {
    const chain = servedChain(await answerOf({}));
    expect(typeof chain === 'string' ? chain : chain.map(({ subject }) => subject)).toEqual([
      'CN=www.foobar.com',
      'CN=Test Intermediate',
    ]);
  });

  it('asks for the name', async () => {
    const names: string[] = [];
    const seen = await answerOf({
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(names).toEqual(['www.foobar.com']);
  });

  it('says that a server of TLS 1.3 alone cannot be seen', async () => {
    expect(servedChain(await answerOf({ minVersion: 'TLSv1.3' }))).toMatch(/refuses TLS 1\.2/);
  });

  it('knows answers that are none', () => {
    expect(servedChain(Buffer.alloc(0))).toBe('no answer to a TLS handshake');
    expect(servedChain(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toBe('an answer that is not TLS');
  });

  it('never fails on a cut or damaged answer', async () => {
    const whole = await answerOf({});
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (end, at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        servedChain(damaged.subarray(0, end));
      }),
    );
  });
});
