import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type Connection } from 'mysql2/promise';

/** What a writer is told: everything over standard input, since it holds a password. */
export interface WriterOrder {
  readonly servers: readonly { readonly name: string; readonly address: string }[];
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** PEM of the authority that signs the servers' certificates. */
  readonly ca: string;
  /** Marks this writer's rows. */
  readonly run: string;
  /** Rows a second; each is a transaction of its own. */
  readonly rate: number;
  /** Milliseconds that a write may take. */
  readonly patience: number;
}

/** A write that was not acknowledged: whether it happened is unknown. */
export interface Refusal {
  readonly id: number;
  /** Milliseconds of the epoch, as all times here. */
  readonly at: number;
  readonly server: string;
  readonly message: string;
}

/** What a writer has seen. */
export interface Written {
  /** Rows that were acknowledged, in the order of their acknowledgements, with when and by whom. */
  readonly acknowledged: readonly { readonly id: number; readonly at: number; readonly server: string }[];
  readonly refused: readonly Refusal[];
}

const table = 'load_rows';
const lanes = 16;
/** Milliseconds between two looks for the server that takes writes. */
const lookEvery = 50;

/**
 * Writes rows at a steady rate to the server that takes writes, as the application would: over verified TLS, and after
 * an error it looks for the writable server again. Nothing is tried twice. What could not be written during a pause is
 * not made up for afterwards.
 */
export class Writer {
  readonly #order: WriterOrder;
  readonly #acknowledged: Written['acknowledged'][number][] = [];
  readonly #refused: Refusal[] = [];
  #writable: string | undefined;
  #looking: Promise<void> | undefined;
  #next = 1;
  #due = Date.now();
  #stopped = false;
  #lanes: Promise<void>[] = [];

  constructor(order: WriterOrder) {
    this.#order = order;
  }

  /** Resolves once the table is there and rows are written. */
  async start(): Promise<void> {
    await this.#find();
    const connection = await this.#open(this.#writable!);
    await connection.query(
      `CREATE TABLE IF NOT EXISTS ${table} (run CHAR(8), id INT UNSIGNED, written DOUBLE, filler VARCHAR(255), PRIMARY KEY (run, id))`,
    );
    await connection.end();
    const first = this.#writable!;
    const connections: Connection[] = [];
    for (let lane = 0; lane < lanes; lane++) connections.push(await this.#open(first));
    this.#due = Date.now();
    this.#lanes = connections.map((each) => this.#write(each, first));
  }

  /** How many rows each server has acknowledged. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { server } of this.#acknowledged) counts[server] = (counts[server] ?? 0) + 1;
    return counts;
  }

  async stop(): Promise<Written> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
    return { acknowledged: this.#acknowledged, refused: this.#refused };
  }

  /** One connection's work: row after row, each when it is due. */
  async #write(first: Connection, by: string): Promise<void> {
    let connection: Connection | undefined = first;
    let server = by;
    const drop = (): void => {
      connection?.destroy();
      connection = undefined;
    };
    while (!this.#stopped) {
      const wait = this.#due - Date.now();
      // A pause moves the time that rows are due.
      if (wait < -1000) this.#due = Date.now();
      const id = this.#next++;
      const due = this.#due;
      this.#due += 1000 / this.#order.rate;
      if (due > Date.now()) await sleep(due - Date.now());
      if (this.#stopped) break;
      try {
        if (this.#writable === undefined) {
          await this.#find();
          // The row's time has passed: it was never sent.
          continue;
        }
        if (!connection || server !== this.#writable) {
          drop();
          server = this.#writable;
          connection = await this.#open(server);
        }
        await connection.query({
          sql: `INSERT INTO ${table} (run, id, written, filler) VALUES (?, ?, ?, REPEAT('x', 200))`,
          values: [this.#order.run, id, Date.now()],
          timeout: this.#order.patience,
        });
        this.#acknowledged.push({ id, at: Date.now(), server });
      } catch (error) {
        this.#refused.push({ id, at: Date.now(), server, message: (error as Error).message });
        drop();
        if (this.#writable === server) this.#writable = undefined;
      }
    }
    await connection?.end().catch(() => undefined);
  }

  /** Looks at each server until one takes writes, or the writer is stopped. A silent one holds up no other. */
  #find(): Promise<void> {
    this.#looking ??= (async () => {
      let found: string | undefined;
      const look = async (name: string): Promise<void> => {
        while (found === undefined && !this.#stopped) {
          if (await this.#takesWrites(name)) found ??= name;
          else await sleep(lookEvery);
        }
      };
      await Promise.race(this.#order.servers.map(({ name }) => look(name)));
      this.#writable = found;
    })().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #takesWrites(name: string): Promise<boolean> {
    let connection: Connection | undefined;
    try {
      connection = await this.#open(name);
      const [rows] = await connection.query({
        sql: 'SELECT @@global.read_only OR @@global.super_read_only AS closed',
        timeout: 1000,
      });
      return Number((rows as { closed: number }[])[0]?.closed) === 0;
    } catch {
      return false;
    } finally {
      connection?.destroy();
    }
  }

  async #open(name: string): Promise<Connection> {
    const { servers, port, user, password, database, ca } = this.#order;
    const { address } = servers.find((server) => server.name === name)!;
    const connection = await mysql.createConnection({
      // The certificate is checked for the name; the stream goes to the address.
      host: name,
      stream: () => connect({ host: address, port, noDelay: true }),
      user,
      password,
      database,
      ssl: { ca, rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2' },
      connectTimeout: this.#order.patience,
    });
    // Its queries say what failed; without a listener the loss of an idle connection would end the process.
    connection.on('error', () => undefined);
    return connection;
  }
}
