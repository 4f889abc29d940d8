import { z } from 'zod';
import type { HostReader } from '../contract.ts';
import { askMysql } from './mysql.ts';

const grants = z
  .array(z.tuple([z.string(), z.string(), z.string()]))
  .nullable()
  .transform((rows) => rows ?? []);
const accountRow = z.object({
  name: z.string(),
  host: z.string(),
  plugin: z.string(),
  /** authentication_string, hexadecimal: a password's hash or what the plugin is told (`AS`). */
  stored: z.string(),
  /** '', ANY, X509 or SPECIFIED. */
  tls: z.string(),
  cipher: z.string().nullable(),
  issuer: z.string().nullable(),
  subject: z.string().nullable(),
  /** Level, privilege, YES or NO for the grant option. */
  grants,
});
/** An account as the server keeps it. */
export type Account = z.infer<typeof accountRow>;

/** A text literal whatever the session's sql_mode says. */
const literal = (value: string) => `CONVERT(X'${Buffer.from(value).toString('hex')}' USING utf8mb4)`;

/** The accounts of that name; of one host, or of all when it is undefined. Throws as `readServer` does. */
export async function readAccounts(
  host: HostReader,
  socket: string,
  name: string,
  from: string | undefined,
): Promise<readonly Account[]> {
  const grantee = `CONCAT('\\'', u.User, '\\'@\\'', u.Host, '\\'')`;
  const sql = `SELECT JSON_OBJECT('name', u.User, 'host', u.Host, 'plugin', u.plugin,
    'stored', COALESCE(HEX(u.authentication_string), ''), 'tls', u.ssl_type,
    'cipher', CONVERT(u.ssl_cipher USING utf8mb4), 'issuer', CONVERT(u.x509_issuer USING utf8mb4),
    'subject', CONVERT(u.x509_subject USING utf8mb4),
    'grants', (SELECT JSON_ARRAYAGG(JSON_ARRAY(g.l, g.p, g.o)) FROM (
      SELECT '*.*' l, PRIVILEGE_TYPE p, IS_GRANTABLE o, GRANTEE e FROM information_schema.USER_PRIVILEGES
      UNION ALL SELECT CONCAT(TABLE_SCHEMA, '.*'), PRIVILEGE_TYPE, IS_GRANTABLE, GRANTEE
        FROM information_schema.SCHEMA_PRIVILEGES
      UNION ALL SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME), PRIVILEGE_TYPE, IS_GRANTABLE, GRANTEE
        FROM information_schema.TABLE_PRIVILEGES) g
      WHERE g.e = ${grantee}))
    FROM mysql.user u WHERE u.User = ${literal(name)}${from === undefined ? '' : ` AND u.Host = ${literal(from)}`}`;
  return (await askMysql(host, { socket, sql })).map((row) => accountRow.parse(row));
}

const databaseRow = z.object({ name: z.string(), encoding: z.string(), collation: z.string() });
/** A database with its default character set and collation. */
export type Database = z.infer<typeof databaseRow>;

/** The databases of these names that exist. Throws as `readServer` does. */
export async function readDatabases(
  host: HostReader,
  socket: string,
  names: readonly string[],
): Promise<readonly Database[]> {
  const sql = `SELECT JSON_OBJECT('name', SCHEMA_NAME, 'encoding', DEFAULT_CHARACTER_SET_NAME,
    'collation', DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME IN (${names.map(literal).join(', ')})`;
  return (await askMysql(host, { socket, sql })).map((row) => databaseRow.parse(row));
}
