import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Database, Unavailable } from './database.ts';
import { log, reason } from './log.ts';
import { type Answer, contentSecurityPolicy, renderPage } from './page.ts';
import type { Visits } from './visits.ts';

interface Site {
  /** Name of this web server. */
  readonly server: string;
  readonly database: Database;
  readonly visits: Visits;
}

/** The site's HTTP server, not yet listening. It speaks to Nginx on the same machine only. */
export function createSite(site: Site): Server {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    const started = performance.now();
    response.shouldKeepAlive &&= server.listening;
    response.setHeader('X-Served-By', site.server);
    response.on('close', () => {
      const path = pathOf(request);
      if (path === '/healthz' && response.statusCode === 200) return;
      log(response.statusCode >= 500 ? 'error' : 'info', 'request', {
        method: request.method,
        path,
        status: response.statusCode,
        finished: response.writableFinished,
        milliseconds: Math.round(performance.now() - started),
      });
    });
    answer(site, request, response).catch((error: unknown) => {
      log('error', 'request failed', { path: pathOf(request), reason: reason(error) });
      if (!response.headersSent)
        send(response, 500, 'text/plain; charset=utf-8', 'Something went wrong here.\n');
      else response.destroy();
    });
  });
  // Longer than Nginx keeps idle connections to its upstream (60 s), so that Nginx is the one to close them.
  server.keepAliveTimeout = 75_000;
  return server;
}

/**
 * Stops taking connections, lets running requests finish, and closes what is left after `patience` milliseconds.
 */
export function closeSite(server: Server, patience: number): Promise<void> {
  return new Promise((resolve) => {
    // Node closes connections that are idle now, not those that become idle when their request is done.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const last = setTimeout(() => server.closeAllConnections(), patience);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(last);
      resolve();
    });
  });
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return send(response, 405, 'text/plain; charset=utf-8', 'Only GET and HEAD here.\n');
  }
  switch (pathOf(request)) {
    case '/':
      return visit(site, request, response);
    case '/healthz':
      return health(site, response);
    default:
      return send(response, 404, 'text/plain; charset=utf-8', 'There is nothing here.\n');
  }
}

async function visit(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const client = String(request.headers['x-real-ip'] ?? request.socket.remoteAddress ?? 'unknown');
  const wrote: Answer['wrote'] = await site.visits.add().then(
    (added) => ({ ok: true, ...added }),
    (error: unknown) => ({ ok: false, reason: publicReason('write', error) }),
  );
  const read: Answer['read'] = await site.visits
    .last(10, wrote.ok ? wrote.gtid : undefined)
    .catch((error: unknown) => ({ server: undefined, reason: publicReason('read', error) }));
  const shown: Answer = { server: site.server, client, wrote, read };
  const status = wrote.ok || read.server !== undefined ? 200 : 503;
  if (request.headers.accept?.startsWith('application/json')) return sendJson(response, status, shown);
  response.setHeader('Content-Security-Policy', contentSecurityPolicy);
  return send(response, status, 'text/html; charset=utf-8', renderPage(shown));
}

/** What visitors may know of a failure; the log has the rest. */
function publicReason(action: 'read' | 'write', error: unknown): string {
  log('error', `${action} failed`, { reason: reason(error) });
  if (!(error instanceof Unavailable)) return 'the database refused';
  return action === 'write' ? 'no database server takes writes just now' : 'no database server answers';
}

/**
 * 200 while a database server answers: without a primary the site still shows what it can read, and taking every
 * web server out of the balancer would help nobody. 503 when none answers.
 */
async function health(site: Site, response: ServerResponse): Promise<void> {
  const { primary, replicas, down, problem } = await site.database.look();
  const readable = primary !== undefined || replicas.length > 0;
  const status = primary !== undefined ? 'ok' : readable ? 'degraded' : 'failed';
  return sendJson(response, readable ? 200 : 503, {
    status,
    server: site.server,
    database: { primary: primary ?? null, replicas, down, problem: problem ?? null },
  });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(value)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Vary: 'Accept',
  });
  response.end(body);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}
