import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openAcme } from '../../src/certificates/acme.ts';
import { AcmeError } from '../../src/certificates/acme-error.ts';
import { newKey } from '../../src/certificates/keys.ts';

/** Milliseconds: far below any Retry-After used here, far above what a busy machine needs. */
const atOnce = 60_000;

let server: Server | undefined;
beforeAll(async () => {
  // Loading acme-client takes its time on a busy machine.
  await openAcme({ directory: 'http://127.0.0.1:9/dir', accountKey: newKey() });
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves only what a failing CA answers (RFC 8555 section 6.7); working ones are tested with a real CA. */
async function failingCa(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/dir`;
}

function problem(
  status: number,
  type: string,
  detail: string,
  headers: Record<string, string> = {},
): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
    response.end(JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }));
  };
}

async function failure(directory: string, timeout = 2000): Promise<AcmeError & { took: number }> {
  const began = Date.now();
  const session = await openAcme({ directory, accountKey: newKey(), timeout });
  const error = await session.register(undefined, true).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AcmeError);
  return Object.assign(error as AcmeError, { took: Date.now() - began });
}

describe('a failing CA', () => {
  it('that limits the rate is told at once, with the time to try again', async () => {
    const directory = await failingCa(
      problem(429, 'rateLimited', 'too many certificates already issued', { 'retry-after': '7200' }),
    );
    const error = await failure(directory);
    expect(error.took).toBeLessThan(atOnce);
    expect(error.type).toBe('rateLimited');
    expect(error.message).toMatch(
      /^127\.0\.0\.1:\d+ limits the rate of requests: too many certificates already issued; try again after \d{4}-.* UTC \(in (2 h|1 h 59 min)\)$/,
    );
    expect(error.retryAt!.getTime() - Date.now()).toBeGreaterThan(7_190_000);
  });

  it('that limits the rate without a time is told at once too', async () => {
    const error = await failure(await failingCa(problem(429, 'rateLimited', 'slow down')));
    expect(error.took).toBeLessThan(atOnce);
    expect(error.message).toMatch(/limits the rate of requests: slow down$/);
  });

  it('that asks for a second of patience gets it', async () => {
    let asked = 0;
    const directory = await failingCa((request, response) => {
      asked++;
      const listener =
        asked < 3
          ? problem(503, 'serverInternal', 'busy', { 'retry-after': '0' })
          : problem(403, 'unauthorized', 'no');
      listener(request, response);
    });
    const error = await failure(directory);
    expect(asked).toBe(3);
    expect(error.type).toBe('unauthorized');
    expect(error.status).toBe(403);
  });

  it('that is broken is told after a few tries', async () => {
    let asked = 0;
    const directory = await failingCa((_, response) => {
      asked++;
      response.writeHead(500).end('<h1>Oops</h1>');
    });
    const error = await failure(directory);
    expect(asked).toBe(3);
    expect(error.took).toBeLessThan(atOnce);
    expect(error.message).toMatch(/fails with status 500: <h1>Oops<\/h1>$/);
  });

  it('that never answers is told after the timeout', async () => {
    const error = await failure(await failingCa(() => undefined), 300);
    expect(error.took).toBeLessThan(atOnce);
    expect(error.message).toMatch(/dir cannot be reached: no answer within 0\.3 s$/);
    expect(error.type).toBe('unreachable');
  });

  it('that is not there is told at once', async () => {
    const directory = await failingCa(() => undefined);
    server?.close();
    const error = await failure(directory);
    expect(error.took).toBeLessThan(atOnce);
    expect(error.message).toMatch(/cannot be reached: connect ECONNREFUSED/);
  });

  it('that is no CA is told', async () => {
    const error = await failure(await failingCa((_, response) => response.end('{"hello": "world"}')));
    expect(error.message).toMatch(/Unable to locate API resource URL in ACME directory/);
    expect(error.type).toBe('invalidResponse');
  });
});
