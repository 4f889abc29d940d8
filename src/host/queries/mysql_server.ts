import { z } from 'zod';
import { NotYet } from '../../errors.ts';
import type { HostReader } from '../contract.ts';
import { askMysql, type MysqlAnswer, mysqlRows, refusal } from './mysql.ts';

const flag = z.union([z.number(), z.boolean(), z.null()]).transform(Boolean);
const list = z
  .array(z.string())
  .nullable()
  .transform((items) => items ?? []);
const settings = z
  .record(z.string(), z.string())
  .nullable()
  .transform((items) => items ?? {});

const channelRow = z.object({
  name: z.string(),
  host: z.string(),
  port: z.number(),
  user: z.string(),
  autoPosition: flag,
  tls: flag,
  authority: z.string(),
  verifiesCertificate: flag,
  retryInterval: z.number(),
  retryCount: z.number(),
  /** SHA-256 of the server's UUID and the password that the replica logs in with. */
  passwordDigest: z.string().nullable(),
  sourceUuid: z.string(),
  receiver: z.enum(['ON', 'OFF', 'CONNECTING']),
  receiverError: z.string(),
  applier: z.enum(['ON', 'OFF']),
  applierError: z.string(),
  /** Whether everything that was received has been applied. */
  applied: flag,
  /** GTID set of the transactions that came over this channel. */
  received: z.string(),
  /** When the source was last heard; empty when it never was. */
  lastSeen: z.string(),
  /** Seconds between signs of life of a source that has nothing to send. */
  heartbeat: z.number(),
});
/** Replication from one source, as performance_schema tells it. */
export type Channel = z.infer<typeof channelRow>;

const serverRow = z.object({
  version: z.string(),
  uuid: z.string(),
  readOnly: flag,
  superReadOnly: flag,
  /** What SET PERSIST keeps over a restart: read_only and super_read_only, ON or OFF. */
  persisted: settings,
  gtidMode: z.string(),
  executed: z.string(),
  purged: z.string(),
  /** Active plugins that were loaded from a library. */
  plugins: list,
  /** rpl_semi_sync_* variables and Rpl_semi_sync_* status, lower-case names. */
  semiSync: settings,
  /** Comment of the table foobar.cluster. */
  cluster: z.string().nullable(),
  channels: z
    .array(channelRow)
    .nullable()
    .transform((items) => items ?? []),
});
/** What a running MySQL server says about its part in the replication. */
export type ServerStatus = z.infer<typeof serverRow>;

// performance_schema and not SHOW REPLICA STATUS: its columns can be selected as JSON, in one dialect since 8.0.
const channels = `SELECT JSON_ARRAYAGG(JSON_OBJECT(
  'name', c.CHANNEL_NAME, 'host', c.HOST, 'port', c.PORT, 'user', c.USER,
  'autoPosition', c.AUTO_POSITION = '1', 'tls', c.SSL_ALLOWED = 'YES', 'authority', c.SSL_CA_FILE,
  'verifiesCertificate', c.SSL_VERIFY_SERVER_CERTIFICATE = 'YES',
  'retryInterval', c.CONNECTION_RETRY_INTERVAL, 'retryCount', c.CONNECTION_RETRY_COUNT,
  'passwordDigest', (SELECT SHA2(CONCAT(@@server_uuid, m.User_password), 256) FROM mysql.slave_master_info m
    WHERE m.Channel_name = c.CHANNEL_NAME),
  'sourceUuid', s.SOURCE_UUID, 'receiver', s.SERVICE_STATE, 'receiverError', s.LAST_ERROR_MESSAGE,
  'applier', a.SERVICE_STATE,
  'applierError', COALESCE(
    (SELECT MAX(w.LAST_ERROR_MESSAGE) FROM performance_schema.replication_applier_status_by_worker w
      WHERE w.CHANNEL_NAME = c.CHANNEL_NAME AND w.LAST_ERROR_NUMBER <> 0),
    (SELECT MAX(o.LAST_ERROR_MESSAGE) FROM performance_schema.replication_applier_status_by_coordinator o
      WHERE o.CHANNEL_NAME = c.CHANNEL_NAME AND o.LAST_ERROR_NUMBER <> 0), ''),
  'applied', GTID_SUBSET(s.RECEIVED_TRANSACTION_SET, @@global.gtid_executed),
  'received', s.RECEIVED_TRANSACTION_SET, 'heartbeat', c.HEARTBEAT_INTERVAL,
  'lastSeen', IF(GREATEST(s.LAST_HEARTBEAT_TIMESTAMP, s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP) > '1971-01-01',
    CONCAT(GREATEST(s.LAST_HEARTBEAT_TIMESTAMP, s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP), ''), '')))
  FROM performance_schema.replication_connection_configuration c
  JOIN performance_schema.replication_connection_status s USING (CHANNEL_NAME)
  JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)
  WHERE c.CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'`;

/** One row, and no error where a plugin or our table is missing. */
export const serverSql = `SELECT JSON_OBJECT(
  'version', VERSION(), 'uuid', @@server_uuid,
  'readOnly', @@global.read_only, 'superReadOnly', @@global.super_read_only,
  'persisted', (SELECT JSON_OBJECTAGG(VARIABLE_NAME, VARIABLE_VALUE) FROM performance_schema.persisted_variables
    WHERE VARIABLE_NAME IN ('read_only', 'super_read_only')),
  'gtidMode', @@global.gtid_mode, 'executed', @@global.gtid_executed, 'purged', @@global.gtid_purged,
  'plugins', (SELECT JSON_ARRAYAGG(PLUGIN_NAME) FROM information_schema.PLUGINS
    WHERE PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_LIBRARY IS NOT NULL),
  'semiSync', (SELECT JSON_OBJECTAGG(LOWER(n), v) FROM (
    SELECT VARIABLE_NAME n, VARIABLE_VALUE v FROM performance_schema.global_variables
      WHERE VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_enabled'
    UNION ALL SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_status
      WHERE VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_status' OR VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_clients') t),
  'cluster', (SELECT TABLE_COMMENT FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = 'foobar' AND TABLE_NAME = 'cluster'),
  'channels', (${channels}))`;

/** The row of `serverSql` as a status. Throws a ZodError when it is none. */
export function parseServer(row: unknown): ServerStatus {
  return serverRow.parse(row);
}

/** The server's state. Throws NotYet where MySQL is not installed or does not run. */
export async function readServer(host: HostReader, socket: string): Promise<ServerStatus> {
  const [row] = await askMysql(host, { socket, sql: serverSql });
  return parseServer(row);
}

/** The same without throwing for a MySQL that is not there. */
export async function tryServer(
  host: HostReader,
  socket: string,
): Promise<{ state: 'up'; status: ServerStatus } | Exclude<MysqlAnswer, { state: 'up' }>> {
  const answer = await host.ask(mysqlRows, { socket, sql: serverSql });
  return answer.state === 'up' ? { state: 'up', status: parseServer(answer.rows[0]) } : answer;
}

const contentsRow = z.object({ schemas: z.record(z.string(), z.number()).nullable(), accounts: list });
/** What a server holds besides what its installation made: schemas with their number of tables, and accounts. */
export interface ServerContents {
  readonly schemas: Readonly<Record<string, number>>;
  readonly accounts: readonly string[];
}

const contentsSql = `SELECT JSON_OBJECT(
  'schemas', (SELECT JSON_OBJECTAGG(s.SCHEMA_NAME, (SELECT COUNT(*) FROM information_schema.TABLES t
      WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME) + (SELECT COUNT(*) FROM information_schema.ROUTINES r
      WHERE r.ROUTINE_SCHEMA = s.SCHEMA_NAME))
    FROM information_schema.SCHEMATA s
    WHERE s.SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')),
  'accounts', (SELECT JSON_ARRAYAGG(CONCAT(User, '@', Host)) FROM mysql.user
    WHERE NOT (Host = 'localhost' AND User IN
      ('root', 'debian-sys-maint', 'mysql.sys', 'mysql.session', 'mysql.infoschema'))))`;

/** What the server holds. Asked only where our mark is missing: it counts every table. */
export async function readContents(host: HostReader, socket: string): Promise<ServerContents> {
  const [row] = await askMysql(host, { socket, sql: contentsSql });
  const { schemas, accounts } = contentsRow.parse(row);
  return { schemas: schemas ?? {}, accounts };
}

/** Seconds after which a server that does not answer is taken for one that does not run. */
const patience = 15;

/**
 * The server's state at this moment, whatever was read before. Throws as `readServer` does, and NotYet for a server
 * that hangs.
 */
export async function rereadServer(host: HostReader, socket: string): Promise<ServerStatus> {
  const question = { socket, sql: serverSql };
  const output = await host.look(mysqlRows.script([question]), { timeout: patience, expect: [0, 124] });
  if (output.code === 124)
    throw new NotYet(
      `MySQL on ${host.name} does not answer within ${patience} s`,
      'See journalctl -u mysql and its error log.',
    );
  const [answer] = mysqlRows.parse(Buffer.from(output.stdout), [question]);
  if (answer!.state !== 'up') throw refusal(host.name, answer!);
  return parseServer(answer!.rows[0]);
}
