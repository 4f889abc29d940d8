import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Database } from '../../site/database.ts';
import { formatLine } from '../../site/log.ts';
import { closeSite, createSite } from '../../site/server.ts';
import { Visits } from '../../site/visits.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** The site with database servers that are really out of reach: these ports refuse or never answer. */
async function startSite(ports: number[]): Promise<{ server: Server; url: string }> {
  const database = new Database({
    servers: ports.map((port, index) => ({ name: `db${index + 1}`, address: '127.0.0.1', port })),
    user: 'site',
    password: 'secret-word',
    name: 'site',
    ca: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  });
  const server = createSite({ server: 'web1', database, visits: new Visits(database, 'web1') });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(async () => {
    await closeSite(server, 0);
    await database.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function refusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A port that takes connections and never says a word, as a server that hangs. */
async function silentPort(): Promise<number> {
  const sockets = new Set<Socket>();
  const server: TcpServer = createTcp((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

describe('the site without a database', () => {
  it('fails its health check with 503 and says why', async () => {
    const { url } = await startSite([await refusedPort(), await refusedPort()]);
    const response = await fetch(`${url}/healthz`);
    expect(response.status).toBe(503);
    expect(response.headers.get('x-served-by')).toBe('web1');
    expect(await response.json()).toMatchObject({
      status: 'failed',
      server: 'web1',
      database: {
        primary: null,
        replicas: [],
        down: ['db1', 'db2'],
        problem: 'no database server accepts writes',
      },
    });
  });

  it('answers the health check in bounded time when a server hangs', async () => {
    const { url } = await startSite([await silentPort()]);
    const started = Date.now();
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect(Date.now() - started).toBeLessThan(60_000);
  });

  it('shows a page that gives away nothing of the database', async () => {
    const { url } = await startSite([await refusedPort()]);
    const response = await fetch(url);
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(text).toContain('no database server takes writes just now');
    expect(text).not.toMatch(/ECONN|3306|secret-word/);
  });

  it.each([
    ['POST', '/', 405],
    ['GET', '/elsewhere', 404],
  ])('%s %s is %i', async (method, path, status) => {
    const { url } = await startSite([await refusedPort()]);
    const response = await fetch(`${url}${path}`, { method });
    expect(response.status).toBe(status);
  });
});

describe('stopping', () => {
  it('finishes the running request and then refuses connections', async () => {
    const { server, url } = await startSite([await silentPort()]);
    const running = fetch(`${url}/healthz`);
    await new Promise((resolve) => server.once('request', resolve));
    const closed = closeSite(server, 10_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    expect((await running).status).toBe(503);
    const started = Date.now();
    await closed;
    expect(Date.now() - started).toBeLessThan(60_000);
  });
});

describe('a log line', () => {
  it('is JSON, with its priority in front only for journald', () => {
    expect(formatLine('error', 'request', { status: 503 }, true)).toBe(
      '<3>{"level":"error","event":"request","status":503}',
    );
    expect(formatLine('info', 'listening', {}, false)).toBe('{"level":"info","event":"listening"}');
  });
});
