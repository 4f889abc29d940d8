import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type Pool, type PoolConnection } from 'mysql2/promise';
import type { Config, DatabaseServer } from './config.ts';
import { log, reason } from './log.ts';
import { chooseRoles, isReadOnly, isServerError, type Observation, type Topology } from './topology.ts';

export type { PoolConnection } from 'mysql2/promise';

const pollEvery = 1_000;
const answerWithin = 1_500;
const writeWithin = 4_000;

/** No server could do the work in time. The site goes on; the page says so. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/**
 * The site's MySQL servers. It looks at all of them once a second, so that it notices a new primary by itself,
 * and looks again at once when a write is refused or a connection is lost.
 */
export class Database {
  readonly #pools: ReadonlyMap<string, Pool>;
  #topology: Topology = { primary: undefined, replicas: [], down: [], problem: 'not looked yet' };
  #looking: Promise<Topology> | undefined;
  #turn = 0;
  #primarySeen = Date.now();
  readonly #stop = new AbortController();

  constructor(config: Config['database']) {
    this.#pools = new Map(config.servers.map((server) => [server.name, openPool(server, config)]));
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** Looks at the servers until `close`. */
  async watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.look();
      await sleep(pollEvery, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Asks every server now. Callers that come while a look is under way share it. */
  look(): Promise<Topology> {
    this.#looking ??= this.#observe().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /**
   * Runs `work` on the primary, and on the new one when it changes underneath. `work` may run twice with the first
   * outcome unknown, so it must be idempotent. Throws Unavailable after some seconds, and at once when the primary
   * has been gone for longer than that.
   */
  async write<T>(work: (connection: PoolConnection) => Promise<T>): Promise<{ server: string; value: T }> {
    const patience = Date.now() - this.#primarySeen > writeWithin ? 0 : writeWithin;
    const deadline = Date.now() + patience;
    let last = this.#topology.problem ?? '';
    for (let wait = 50; ; wait = Math.min(wait * 2, 500)) {
      const server = this.#topology.primary;
      if (server !== undefined) {
        try {
          return {
            server,
            value: await this.#on(server, Math.min(answerWithin * 2, deadline - Date.now()), work),
          };
        } catch (error) {
          if (isServerError(error) && !isReadOnly(error)) throw error;
          last = `${server}: ${reason(error)}`;
          log('warning', 'write failed, looking for the primary', { server, reason: reason(error) });
        }
      }
      if (Date.now() + wait > deadline) throw new Unavailable(this.#topology.problem ?? last);
      await sleep(wait);
      await this.look();
    }
  }

  /** Runs `work` on a replica, taking turns, or on the primary when no replica answers. */
  async read<T>(
    work: (connection: PoolConnection) => Promise<T>,
  ): Promise<{ server: string; role: 'replica' | 'primary'; value: T }> {
    const { primary, replicas } = this.#topology;
    this.#turn = (this.#turn + 1) % Math.max(replicas.length, 1);
    const order = [...replicas.slice(this.#turn), ...replicas.slice(0, this.#turn)];
    if (primary !== undefined) order.push(primary);
    let last = 'no database server answers';
    for (const server of order) {
      try {
        const value = await this.#on(server, answerWithin * 2, work);
        return { server, role: server === primary ? 'primary' : 'replica', value };
      } catch (error) {
        if (isServerError(error)) throw error;
        last = `${server}: ${reason(error)}`;
        log('warning', 'read failed', { server, reason: reason(error) });
      }
    }
    throw new Unavailable(last);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#pools.values()].map((pool) => pool.end()));
  }

  async #observe(): Promise<Topology> {
    const seen = await Promise.all([...this.#pools.keys()].map((name) => this.#observeOne(name)));
    const before = this.#topology;
    this.#topology = chooseRoles(seen, before.primary);
    if (this.#topology.primary !== undefined) this.#primarySeen = Date.now();
    if (!sameTopology(before, this.#topology)) {
      const reasons = seen.flatMap((one) => (one.state === 'down' ? [`${one.name}: ${one.reason}`] : []));
      const { primary, replicas, problem } = this.#topology;
      log(problem || reasons.length > 0 ? 'warning' : 'info', 'database servers', {
        primary,
        replicas,
        problem,
        down: reasons,
      });
    }
    return this.#topology;
  }

  async #observeOne(name: string): Promise<Observation> {
    try {
      const readOnly = await this.#on(name, answerWithin, async (connection) => {
        const [rows] = await connection.query(
          'SELECT @@global.read_only OR @@global.super_read_only AS closed',
        );
        return Number((rows as { closed: number }[])[0]?.closed) !== 0;
      });
      return { name, state: readOnly ? 'read-only' : 'writable' };
    } catch (error) {
      return { name, state: 'down', reason: reason(error) };
    }
  }

  /** A connection to one server for one piece of work. One that did not answer in time is thrown away. */
  async #on<T>(name: string, within: number, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const pool = this.#pools.get(name);
    if (!pool) throw new Error(`unknown database server ${name}`);
    const late = new AbortController();
    let connection: PoolConnection | undefined;
    let done = false;
    const running = (async () => {
      connection = await pool.getConnection();
      if (done) {
        connection.release();
        throw new Unavailable('no connection in time');
      }
      return work(connection);
    })();
    try {
      const value = await Promise.race([
        running,
        sleep(within, undefined, { signal: late.signal }).then(() => {
          throw new Unavailable(`no answer within ${within} ms`);
        }),
      ]);
      connection?.release();
      return value;
    } catch (error) {
      if (isServerError(error)) connection?.release();
      else connection?.destroy();
      throw error;
    } finally {
      done = true;
      late.abort();
      running.catch(() => undefined);
    }
  }
}

function openPool(server: DatabaseServer, config: Config['database']): Pool {
  const pool = mysql.createPool({
    // The name, not the address, is what the certificate is checked for; the stream goes to the address.
    host: server.name,
    stream: () => connect({ host: server.address, port: server.port, noDelay: true, keepAlive: true }),
    user: config.user,
    password: config.password,
    database: config.name,
    ssl: { ca: config.ca, rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2' },
    connectTimeout: answerWithin,
    connectionLimit: 10,
    maxIdle: 4,
    queueLimit: 200,
    timezone: 'Z',
  });
  // The answer to a write then names its transaction, so that a replica can be asked whether it has it.
  pool.pool.on('connection', (connection) => {
    connection.query("SET SESSION session_track_gtids = 'OWN_GTID'", () => undefined);
  });
  return pool;
}

function sameTopology(left: Topology, right: Topology): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
