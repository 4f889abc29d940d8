import { z } from 'zod';
import { sqlName } from './literal.ts';

const columnRow = z.object({ name: z.string(), type: z.string(), full: z.string() });
const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  engine: z.string().nullable(),
  /** It has a key without NULL, so that no two rows are the same. */
  distinct: z.union([z.number(), z.boolean()]).transform(Boolean),
  columns: z.array(columnRow),
});
/** A table with what its rows are made of. */
export type Table = z.infer<typeof tableRow>;

const systemSchemas = "'mysql', 'sys', 'information_schema', 'performance_schema'";
/** Of the system's tables those that say who may do what: they are replicated as the others are. */
const accountTables = [
  'user',
  'db',
  'tables_priv',
  'columns_priv',
  'procs_priv',
  'proxies_priv',
  'global_grants',
  'role_edges',
  'default_roles',
];

/** Every table of the site, and those with its accounts: a JSON document for each, in the order of their names. */
export const tablesSql = `SELECT JSON_OBJECT('schema', t.TABLE_SCHEMA, 'name', t.TABLE_NAME, 'engine', t.ENGINE,
  'distinct', EXISTS (SELECT 1 FROM information_schema.TABLE_CONSTRAINTS k WHERE k.TABLE_SCHEMA = t.TABLE_SCHEMA
    AND k.TABLE_NAME = t.TABLE_NAME AND k.CONSTRAINT_TYPE = 'PRIMARY KEY'),
  'columns', (SELECT JSON_ARRAYAGG(JSON_OBJECT('name', c.COLUMN_NAME, 'type', c.DATA_TYPE, 'full', c.COLUMN_TYPE)) FROM (
    SELECT * FROM information_schema.COLUMNS i WHERE i.TABLE_SCHEMA = t.TABLE_SCHEMA AND i.TABLE_NAME = t.TABLE_NAME
    ORDER BY i.ORDINAL_POSITION LIMIT 100000) c))
  FROM information_schema.TABLES t WHERE t.TABLE_TYPE = 'BASE TABLE' AND (t.TABLE_SCHEMA NOT IN (${systemSchemas})
    OR t.TABLE_SCHEMA = 'mysql' AND t.TABLE_NAME IN (${accountTables.map((name) => `'${name}'`).join(', ')}))
  ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME`;

/** A row of `tablesSql`. */
export function parseTable(row: unknown): Table {
  return tableRow.parse(row);
}

/** What the session needs in which rows are hashed, so that the same row has the same hash on every server. */
export const checksumSession = "SET SESSION time_zone = '+00:00', sql_mode = ''";

/**
 * SQL for the checksum of a table: one JSON document with the number of rows and a hash over all of them that does not
 * depend on their order. Each row is hashed by SHA-256 over its columns, each written so that different values are
 * different texts. Where no two rows are the same the hashes are combined by XOR, in which equal rows would cancel each
 * other out; elsewhere they are added.
 */
export function checksumSql({ schema, name, distinct, columns }: Table): string {
  const table = `${sqlName(schema)}.${sqlName(name)}`;
  const row = `SHA2(CONCAT_WS(',', ${columns.map(columnText).join(', ')}), 256)`;
  if (distinct)
    return `SELECT JSON_OBJECT('rows', COUNT(*), 'hash', LOWER(HEX(BIT_XOR(UNHEX(${row}))))) FROM ${table}`;
  const parts = [1, 16, 31, 46].map((from) => `SUM(CAST(CONV(SUBSTR(h, ${from}, 15), 16, 10) AS UNSIGNED))`);
  return `SELECT /*+ NO_MERGE(r) */ JSON_OBJECT('rows', COUNT(*), 'hash', COALESCE(CONCAT_WS(':', ${parts.join(', ')}), ''))
    FROM (SELECT ${row} h FROM ${table}) r`;
}

/** A column as text without commas; long values by their hash, so that no row grows beyond max_allowed_packet. */
function columnText({ name, type }: Table['columns'][number]): string {
  const column = sqlName(name);
  const text = (): string => {
    if (/^(var)?(char|binary)$/.test(type)) return `HEX(${column})`;
    if (/(text|blob|geometry|point|linestring|polygon|geomcollection|vector)$/.test(type))
      return `SHA2(${column}, 256)`;
    if (type === 'json') return `SHA2(CAST(${column} AS CHAR), 256)`;
    // Their number in the definition, which is the same; a bit field as a number.
    if (/^(enum|set|bit)$/.test(type)) return `${column} + 0`;
    // As text a FLOAT is rounded to six digits.
    if (type === 'float') return `CAST(${column} AS DOUBLE)`;
    return column;
  };
  return `COALESCE(${text()}, '-')`;
}

const checksumRow = z.object({ rows: z.number(), hash: z.string() });
export type Checksum = z.infer<typeof checksumRow>;

/** The answer to `checksumSql`. */
export function parseChecksum(row: unknown): Checksum {
  return checksumRow.parse(row);
}

/** How a table is named in messages. */
export function tableName({ schema, name }: Pick<Table, 'schema' | 'name'>): string {
  return `${schema}.${name}`;
}

/** Tables that not both have, or not with the same columns; in words. None: what is in them can be compared. */
export function compareTables(
  left: readonly Table[],
  right: readonly Table[],
): { table: string; text: string }[] {
  const shape = (table: Table) => table.columns.map(({ name, full }) => `${name} ${full}`).join(', ');
  const byName = (tables: readonly Table[]) => new Map(tables.map((table) => [tableName(table), table]));
  const [ours, theirs] = [byName(left), byName(right)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((name) => {
    const [one, other] = [ours.get(name), theirs.get(name)];
    if (!one || !other) return [{ table: name, text: 'is missing' }];
    return shape(one) === shape(other) ? [] : [{ table: name, text: 'has other columns' }];
  });
}
