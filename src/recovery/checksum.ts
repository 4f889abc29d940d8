import {
  type Checksum,
  checksumSession,
  checksumSql,
  compareTables,
  parseChecksum,
  parseTable,
  type Table,
  tableName,
  tablesSql,
} from '../mysql/checksum.ts';
import type { Session } from './session.ts';
import { type Side, takeSnapshots } from './snapshots.ts';

/** What a comparison of all rows of two servers has found. */
export interface Comparison {
  /** The transactions that both had when they were compared. */
  readonly gtids: string;
  readonly tables: number;
  readonly rows: number;
  /** What differs, in words; none: every row of every table is the same. */
  readonly differences: readonly string[];
  /** Tables that no snapshot holds, since they are not InnoDB's. */
  readonly uncompared: readonly string[];
}

/**
 * Compares every row of every table of a replica with a reference, at the same transactions and while writes go on.
 * One session reads on each server, one table after the other.
 */
export async function compareRows(
  replica: Side,
  reference: Side,
  say: (line: string) => void = () => undefined,
): Promise<Comparison> {
  const { gtids, sessions, close } = await takeSnapshots(replica, reference);
  try {
    for (const session of sessions) await session.run(checksumSession);
    const [ours = [], theirs = []] = await Promise.all(sessions.map(tablesOf));
    const different = compareTables(ours, theirs);
    const differences = different.map(({ table, text }) => `${table} ${text}`);
    const odd = new Set(different.map(({ table }) => table));
    const both = ours.filter((table) => !odd.has(tableName(table)));
    const comparable = both.filter(({ engine }) => engine === 'InnoDB');
    let rows = 0;
    for (const [index, table] of comparable.entries()) {
      const [left, right] = (await Promise.all(sessions.map((session) => checksumOf(session, table)))) as [
        Checksum,
        Checksum,
      ];
      rows += left.rows;
      if (left.hash !== right.hash || left.rows !== right.rows)
        differences.push(
          `${tableName(table)} differs: ${left.rows} rows on ${replica.host.name}, ${right.rows} on ${reference.host.name}`,
        );
      if (left.rows > 1_000_000) say(`compared ${index + 1} of ${comparable.length} tables`);
    }
    return {
      gtids,
      tables: comparable.length,
      rows,
      differences,
      uncompared: both.filter(({ engine }) => engine !== 'InnoDB').map(tableName),
    };
  } finally {
    await close();
  }
}

async function tablesOf(session: Session): Promise<Table[]> {
  return (await session.run(tablesSql)).map((row) => parseTable(JSON.parse(row)));
}

async function checksumOf(session: Session, table: Table): Promise<Checksum> {
  const [row = ''] = await session.run(checksumSql(table));
  return parseChecksum(JSON.parse(row));
}
