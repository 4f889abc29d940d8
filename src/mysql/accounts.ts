import { z } from 'zod';
import type { Answer } from './session.ts';

const flag = z
  .union([z.number(), z.boolean(), z.string(), z.null()])
  .transform((value) => value === 'true' || Number(value) === 1);
const rows = <T extends z.ZodType>(row: T) =>
  z
    .array(row)
    .nullable()
    .transform((list) => list ?? []);
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
  /** By the names of SQL: MAX_QUERIES_PER_HOUR and its like. */
  limits: z.record(z.string(), z.coerce.number()),
  expired: flag,
  /** Days that a password may live: 0 never ends, null is the server's default. */
  lifetime: z.coerce.number().nullable(),
  locked: flag,
  /** Text of JSON in information_schema. */
  attributes: z.preprocess(
    (value) => (typeof value === 'string' ? JSON.parse(value) : value),
    z.record(z.string(), z.unknown()).nullish(),
  ),
  /** Level, privilege, YES or NO for the grant option. */
  grants: rows(z.tuple([z.string(), z.string(), z.string()])),
  /** Level of a table, privilege, column. */
  columns: rows(z.tuple([z.string(), z.string(), z.string()])),
  /** FUNCTION or PROCEDURE and its name, privileges with commas between, Grant among them. */
  routines: rows(z.tuple([z.string(), z.string()])),
});
/** An account as the server keeps it. */
export type Account = z.output<typeof accountRow>;

/** A text literal whatever the session's sql_mode says. */
const literal = (value: string) => `CONVERT(X'${Buffer.from(value).toString('hex')}' USING utf8mb4)`;

const of = (view: string, level: string, more = '') =>
  `SELECT ${level} l, PRIVILEGE_TYPE p, IS_GRANTABLE o, GRANTEE e${more} FROM information_schema.${view}`;
const grantee = "CONCAT('\\'', u.User, '\\'@\\'', u.Host, '\\'')";

/**
 * The accounts of that name, of every host. Comments of a release hold what only MySQL (`/*!`) or only MariaDB
 * (`/*M!`) has.
 */
export function accountsSql(name: string): string {
  return `SELECT JSON_OBJECT('name', u.User, 'host', u.Host, 'plugin', u.plugin,
    'stored', COALESCE(HEX(u.authentication_string), ''), 'tls', u.ssl_type,
    'cipher', CONVERT(u.ssl_cipher USING utf8mb4), 'issuer', CONVERT(u.x509_issuer USING utf8mb4),
    'subject', CONVERT(u.x509_subject USING utf8mb4),
    'limits', JSON_OBJECT('MAX_QUERIES_PER_HOUR', u.max_questions, 'MAX_UPDATES_PER_HOUR', u.max_updates,
      'MAX_CONNECTIONS_PER_HOUR', u.max_connections, 'MAX_USER_CONNECTIONS', u.max_user_connections
      /*M! , 'MAX_STATEMENT_TIME', u.max_statement_time */),
    'expired', u.password_expired = 'Y',
    /*!50706 'lifetime', u.password_lifetime, 'locked', u.account_locked = 'Y', */
    /*M! 'lifetime', (SELECT JSON_VALUE(g.Priv, '$.password_lifetime') FROM mysql.global_priv g
        WHERE g.User = u.User AND g.Host = u.Host),
      'locked', (SELECT JSON_VALUE(g.Priv, '$.account_locked') FROM mysql.global_priv g
        WHERE g.User = u.User AND g.Host = u.Host), */
    /*!80021 'attributes', (SELECT a.ATTRIBUTE FROM information_schema.USER_ATTRIBUTES a
      WHERE a.USER = u.User AND a.HOST = u.Host), */
    'grants', (SELECT JSON_ARRAYAGG(JSON_ARRAY(g.l, g.p, g.o)) FROM (
      ${of('USER_PRIVILEGES', "'*.*'")}
      UNION ALL ${of('SCHEMA_PRIVILEGES', "CONCAT(TABLE_SCHEMA, '.*')")}
      UNION ALL ${of('TABLE_PRIVILEGES', "CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)")}) g WHERE g.e = ${grantee}),
    'columns', (SELECT JSON_ARRAYAGG(JSON_ARRAY(g.l, g.p, g.c)) FROM (
      ${of('COLUMN_PRIVILEGES', "CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)", ', COLUMN_NAME c')}) g
      WHERE g.e = ${grantee}),
    'routines', (SELECT JSON_ARRAYAGG(JSON_ARRAY(
        CONCAT(r.Routine_type, ' ', r.Db, '.', r.Routine_name), CONCAT(r.Proc_priv, '')))
      FROM mysql.procs_priv r WHERE r.User = u.User AND r.Host = u.Host)) AS account
    FROM mysql.user u WHERE u.User = ${literal(name)}`;
}

/** The answer to `accountsSql`. */
export function parseAccounts({ rows: found }: Answer): readonly Account[] {
  return found.map(({ account }) => accountRow.parse(JSON.parse(String(account))));
}

/** The names of these databases that exist. */
export function databasesSql(names: readonly string[]): string {
  return `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME IN (${names.map(literal).join(', ')})`;
}

/** Whether the server takes changes of its own: neither read-only nor another's replica. */
export const writableSql = `SELECT @@global.read_only
  /*!80000 OR EXISTS (SELECT 1 FROM performance_schema.replication_connection_configuration
    WHERE CHANNEL_NAME NOT LIKE 'group\\_replication\\_%') */ AS held`;
