import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export interface VisitOrder {
  readonly address: string;
  readonly name: string;
  readonly path: string;
  /** PEM of the authorities that may sign the site's certificate. */
  readonly ca: string;
  /** Requests a second, over all connections. */
  readonly rate: number;
  /** Connections that are kept open, each with one request at a time. */
  readonly connections: { readonly http1: number; readonly http2: number };
  /** Milliseconds that a request may take, the connection that it needs included. */
  readonly patience: number;
}

export interface FailedVisit {
  /** Milliseconds of the epoch. */
  readonly at: number;
  readonly protocol: 'http1' | 'http2';
  readonly message: string;
}

export interface Visited {
  readonly good: number;
  readonly failed: readonly FailedVisit[];
  /** Connections that were opened. */
  readonly opened: number;
  readonly seconds: number;
  /** Longest time of a good answer, in milliseconds. */
  readonly slowest: number;
  /** Milliseconds that 99 % of the good answers took at most. */
  readonly percentile99: number;
  /** Longest time without a good answer to anybody, in milliseconds. */
  readonly longestGap: number;
  /** Good answers of each web server. */
  readonly servers: Readonly<Record<string, number>>;
}

/** One way to ask: gives the server's name, throws when there was no whole answer with status 200. */
interface Client {
  ask(): Promise<string>;
  close(): void;
}

/**
 * Visits a site at a steady rate over connections that are kept open, as browsers do. A connection that the server ends
 * between two requests, or by an answer that says so, is replaced. Nothing is ever asked twice.
 */
export class Visitor {
  readonly #began = Date.now();
  readonly #failed: FailedVisit[] = [];
  readonly #times: number[] = [];
  readonly #servers: Record<string, number> = {};
  readonly #lanes: Promise<void>[];
  #opened = 0;
  #last = performance.now();
  #longestGap = 0;
  #stopped = false;

  constructor(order: VisitOrder) {
    const { http1, http2 } = order.connections;
    const between = ((http1 + http2) * 1000) / order.rate;
    const count = () => {
      this.#opened += 1;
    };
    this.#lanes = Array.from({ length: http1 + http2 }, (_, lane) => {
      const protocol = lane < http1 ? 'http1' : 'http2';
      const client = protocol === 'http1' ? overHttp1(order, count) : overHttp2(order, count);
      return this.#visit(client, protocol, between, (between * lane) / (http1 + http2));
    });
  }

  #answered(now: number): void {
    this.#longestGap = Math.max(this.#longestGap, now - this.#last);
    this.#last = now;
  }

  get made(): number {
    return this.#times.length + this.#failed.length;
  }

  async stop(): Promise<Visited> {
    const seconds = (Date.now() - this.#began) / 1000;
    this.#stopped = true;
    await Promise.all(this.#lanes);
    this.#answered(performance.now());
    const sorted = this.#times.sort((left, right) => left - right);
    return {
      good: sorted.length,
      failed: this.#failed,
      opened: this.#opened,
      seconds,
      slowest: sorted.at(-1) ?? 0,
      longestGap: Math.round(this.#longestGap),
      percentile99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      servers: this.#servers,
    };
  }

  /** One connection's visits. Those that a slow answer has delayed are made up for. */
  async #visit(
    client: Client,
    protocol: FailedVisit['protocol'],
    between: number,
    first: number,
  ): Promise<void> {
    for (let due = Date.now() + first; !this.#stopped; due += between) {
      if (due > Date.now()) await sleep(due - Date.now());
      const began = performance.now();
      try {
        const server = await client.ask();
        const now = performance.now();
        this.#times.push(now - began);
        this.#answered(now);
        this.#servers[server] = (this.#servers[server] ?? 0) + 1;
      } catch (error) {
        this.#failed.push({ at: Date.now(), protocol, message: (error as Error).message });
      }
    }
    client.close();
  }
}

function overHttp1(order: VisitOrder, opened: () => void): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: order.ca, servername: order.name });
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        const asked = request(
          { host: order.address, path: order.path, headers: { host: order.name }, agent },
          (response) => {
            let length = 0;
            response.on('data', (part: Buffer) => {
              length += part.length;
            });
            response.once('error', reject);
            response.once('end', () => {
              clearTimeout(late);
              if (response.statusCode !== 200 || length === 0)
                reject(new Error(`status ${response.statusCode}, ${length} bytes`));
              else resolve(String(response.headers['x-served-by']));
            });
          },
        );
        const late = setTimeout(() => asked.destroy(new Error('no answer in time')), order.patience);
        asked.once('socket', (socket) => {
          if (!asked.reusedSocket) opened();
          socket.setNoDelay(true);
        });
        asked.once('error', (error) => {
          clearTimeout(late);
          reject(new Error(`${asked.reusedSocket ? 'on a kept' : 'on a new'} connection: ${error.message}`));
        });
        asked.end();
      }),
    close: () => agent.destroy(),
  };
}

function overHttp2(order: VisitOrder, opened: () => void): Client {
  let session: ClientHttp2Session | undefined;
  const open = (): ClientHttp2Session => {
    opened();
    const made = connectHttp2(`https://${order.name}`, {
      host: order.address,
      servername: order.name,
      ca: order.ca,
    });
    const gone = () => {
      if (session === made) session = undefined;
    };
    made.once('goaway', gone);
    made.once('close', gone);
    // The request that waits for it fails by itself.
    made.on('error', gone);
    return made;
  };
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        const kept = session !== undefined && !session.closed && !session.destroyed;
        session = kept ? session! : open();
        const on = session;
        const stream = on.request({ ':path': order.path });
        let status = 0;
        let server = '';
        let length = 0;
        let problem: Error | undefined;
        const late = setTimeout(() => {
          problem = new Error('no answer in time');
          stream.close();
          on.destroy();
        }, order.patience);
        stream.once('response', (headers) => {
          status = Number(headers[':status']);
          server = String(headers['x-served-by']);
        });
        stream.on('data', (part: Buffer) => {
          length += part.length;
        });
        stream.once('error', (error) => {
          problem ??= error;
        });
        stream.once('close', () => {
          clearTimeout(late);
          if (!problem && status === 200 && length > 0) return resolve(server);
          const why = problem?.message ?? `status ${status}, ${length} bytes, code ${stream.rstCode}`;
          reject(new Error(`on a ${kept ? 'kept' : 'new'} connection: ${why}`));
        });
        stream.end();
      }),
    close: () => session?.close(),
  };
}
