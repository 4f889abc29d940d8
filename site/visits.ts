import { randomBytes } from 'node:crypto';
import type { Database, PoolConnection } from './database.ts';

export interface Visit {
  readonly id: string;
  readonly at: Date;
  /** Web server that answered. */
  readonly web: string;
  /** Database server that took the row. */
  readonly written: string;
}

export type Written =
  | { readonly ok: true; readonly id: string; readonly server: string; readonly gtid: string | undefined }
  | { readonly ok: false; readonly reason: string };

export interface Seen {
  readonly server: string;
  readonly role: 'replica' | 'primary';
  /** Whether the row just written had arrived there; undefined when nothing was written. */
  readonly arrived: boolean | undefined;
  readonly visits: readonly Visit[];
}

const table = `CREATE TABLE IF NOT EXISTS visits (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'UUIDv7, in order of time',
  at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  web VARCHAR(64) NOT NULL,
  written VARCHAR(64) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const keptRows = 100_000;
const kept = `DELETE FROM visits WHERE id <= (SELECT id FROM
  (SELECT id FROM visits ORDER BY id DESC LIMIT 1 OFFSET ${keptRows}) AS oldest) LIMIT 1000`;
/** Old rows are deleted by one in this many writes, a thousand at a time, so the table stays bounded. */
const cleanEvery = 500;

/** The table of visits: written on the primary, read from a replica. */
export class Visits {
  readonly #database: Database;
  readonly #web: string;
  #prepared = false;
  #writes = 0;

  constructor(database: Database, web: string) {
    this.#database = database;
    this.#web = web;
  }

  /** Adds a visit on the primary. The id is made here, so that trying again cannot add it twice. */
  async add(): Promise<{ id: string; server: string; gtid: string | undefined }> {
    const id = uuid7();
    const { server, value } = await this.#database.write(async (connection) => {
      if (!this.#prepared) await connection.query(table);
      this.#prepared = true;
      const gtid = await insert(connection, id, this.#web);
      this.#writes += 1;
      if (this.#writes % cleanEvery === 0) await connection.query(kept);
      return gtid;
    });
    return { id, server, gtid: value };
  }

  /** The last visits, from a replica, after giving it up to half a second to receive the transaction `gtid`. */
  async last(count: number, gtid?: string): Promise<Seen> {
    const { server, role, value } = await this.#database.read(async (connection) => {
      const arrived = gtid === undefined ? undefined : await waitFor(connection, gtid);
      const [rows] = await connection.query(
        'SELECT id, at, web, written FROM visits ORDER BY id DESC LIMIT ?',
        [count],
      );
      return { arrived, visits: rows as Visit[] };
    });
    return { server, role, ...value };
  }
}

async function insert(connection: PoolConnection, id: string, web: string): Promise<string | undefined> {
  try {
    const [result] = await connection.execute(
      'INSERT INTO visits (id, web, written) VALUES (?, ?, @@hostname)',
      [id, web],
    );
    return gtidOf(result);
  } catch (error) {
    // ER_DUP_ENTRY: an earlier attempt whose answer was lost had succeeded.
    if ((error as { errno?: unknown }).errno === 1062) return undefined;
    throw error;
  }
}

async function waitFor(connection: PoolConnection, gtid: string): Promise<boolean> {
  const [rows] = await connection.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 0.5) AS late', [gtid]);
  return Number((rows as { late: number }[])[0]?.late) === 0;
}

/** mysql2 gives the session state that the server tracks with the answer, though its types do not say so. */
function gtidOf(result: unknown): string | undefined {
  const { stateChanges } = result as { stateChanges?: { gtids?: string[] } };
  return stateChanges?.gtids?.at(-1);
}

/** RFC 9562, 5.7: milliseconds since 1970 first, so that ids sort by time. */
export function uuid7(now = Date.now(), random: Buffer = randomBytes(10)): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now, 0, 6);
  random.copy(bytes, 6, 0, 10);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
