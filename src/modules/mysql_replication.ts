import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type Dialect, dialectOf, wordOf } from '../mysql/dialect.ts';
import { converted } from '../mysql/info.ts';
import { sqlString } from '../mysql/literal.ts';
import { masked, rememberSecret } from '../secrets.ts';
import { type ActionResult, action } from './contract.ts';
import { loginParams, mysqlAnswers, mysqlSession } from './shared/mysql-session.ts';
import { ansibleBoolean, integer, text, withAliases } from './shared/params.ts';
import { pythonRepr } from './shared/python-text.ts';
import { sourceOptions } from './shared/replication-source.ts';

const params = withAliases(
  z
    .strictObject({
      mode: z
        .enum([
          'getprimary',
          'getreplica',
          'changeprimary',
          'stopreplica',
          'startreplica',
          'resetprimary',
          'resetreplica',
          'resetreplicaall',
          'changereplication',
        ])
        .default('getreplica')
        .describe('What to do: read a status, start, stop, reset, or say whom to follow.'),
      ...sourceOptions,
      relay_log_file: text.optional().describe('Relay log to go on with.'),
      relay_log_pos: integer.optional().describe('Position in it.'),
      primary_use_gtid: z
        .enum(['current_pos', 'replica_pos', 'disabled'])
        .optional()
        .describe('MariaDB: go on by GTID.')
        .meta({ aliases: ['master_use_gtid'] }),
      connection_name: text.optional().describe('MariaDB: name of the connection, of several sources.'),
      channel: text.optional().describe('MySQL: name of the channel, of several sources.'),
      fail_on_error: ansibleBoolean.default(false).describe('Fail when starting, stopping or a reset does.'),
      ...loginParams,
    })
    .refine((want) => want.connection_name === undefined || want.channel === undefined, {
      error: 'parameters are mutually exclusive: connection_name|channel',
      path: ['channel'],
    }),
);
type Want = z.output<typeof params>;

/** Statement, and what Ansible says of its success and failure. */
const verbs = {
  startreplica: ['START', '', 'Replica started ', 'Replica already started (Or cannot be started)'],
  stopreplica: ['STOP', '', 'Replica stopped', 'Replica already stopped'],
  resetreplica: ['RESET', '', 'Replica reset', 'Replica already reset'],
  resetreplicaall: ['RESET', ' ALL', 'Replica reset', 'Replica already reset'],
} as const;

export default action<Want>({
  summary: 'Manage the replication of a MySQL or MariaDB server, one statement at a time.',
  params,
  effect: 'changes',

  // Where Ansible's module skips all, a plan that told of changes would lie.
  settled: async (want, host, { check }) => (check && asks(want) ? status(want, host) : undefined),

  async run(want, host) {
    if (want.primary_password !== undefined) rememberSecret(want.primary_password);
    const dialect = dialectOf(String((await asked(want, host, 'SELECT VERSION() v'))?.v));
    const replica = wordOf('replica', dialect);
    const named = want.connection_name ? ` ${sqlString(want.connection_name)}` : '';
    const channel = want.channel ? ` FOR CHANNEL ${sqlString(want.channel)}` : '';
    const execute = (query: string) => mysqlSession(host.run.bind(host), host, want, [query]);
    if (want.mode === 'changeprimary' || want.mode === 'changereplication') {
      const head =
        want.mode === 'changeprimary' ? wordOf('changeSource', dialect) : 'CHANGE REPLICATION SOURCE';
      const options = optionList(want, dialect);
      const query = `${head}${named} TO ${options.join(',')}${channel}`;
      const { error } = await execute(query);
      if (error !== undefined)
        throw new TaskFailure(`${error.text}. Query == ${head} TO ${pythonRepr(options)}`);
      const shown = want.primary_password
        ? query.replace(sqlString(want.primary_password), sqlString(masked))
        : query;
      return { changed: true, values: { queries: [shown] } };
    }
    if (asks(want)) return status(want, host);
    const [verb, all, done, not] =
      want.mode === 'resetprimary'
        ? ([wordOf('resetPrimary', dialect), '', 'Primary reset', 'Primary already reset'] as const)
        : verbs[want.mode as keyof typeof verbs];
    const query = want.mode === 'resetprimary' ? verb : `${verb} ${replica}${named}${all}${channel}`;
    const { error } = await execute(query);
    if (error !== undefined && want.fail_on_error)
      throw new TaskFailure(
        `${want.mode === 'resetprimary' ? verb : `${verb} REPLICA${all}`} failed: ${error.text}`,
      );
    const changed = error === undefined;
    return { changed, values: { msg: changed ? done : not, queries: [query] } };
  },
});

function asks({ mode }: Want): boolean {
  return mode === 'getprimary' || mode === 'getreplica';
}

async function asked(want: Want, host: HostReader, sql: string) {
  const row = (await mysqlAnswers(host.look.bind(host), host, want, [sql]))[0]?.rows[0];
  return row && Object.fromEntries(Object.entries(row).map(([name, value]) => [name, converted(value)]));
}

async function status(want: Want, host: HostReader): Promise<ActionResult> {
  const dialect = dialectOf(String((await asked(want, host, 'SELECT VERSION() v'))?.v));
  if (want.mode === 'getprimary')
    return primaryStatus(await asked(want, host, wordOf('primaryStatus', dialect)));
  const named = want.connection_name ? ` ${sqlString(want.connection_name)}` : '';
  const channel = want.channel ? ` FOR CHANNEL ${sqlString(want.channel)}` : '';
  return replicaStatus(
    await asked(want, host, `SHOW ${wordOf('replica', dialect)}${named} STATUS${channel}`),
  );
}

function primaryStatus(row: Readonly<Record<string, unknown>> | undefined): ActionResult {
  const values =
    row?.File !== undefined && row.Position !== undefined
      ? { ...row, Is_Primary: true }
      : {
          Is_Primary: false,
          msg: 'Server is not configured as mysql primary. Meaning: Binary logs are disabled',
        };
  return { changed: false, values: { ...values, queries: [] } };
}

function replicaStatus(row: Readonly<Record<string, unknown>> | undefined): ActionResult {
  const values =
    row !== undefined && ('Slave_IO_Running' in row || 'Replica_IO_Running' in row)
      ? { ...row, Is_Replica: true }
      : { Is_Replica: false, msg: 'Server is not configured as mysql replica' };
  return { changed: false, values: { ...values, queries: [] } };
}

/** The assignments of CHANGE MASTER or CHANGE REPLICATION SOURCE; one of them may be the password. */
function optionList(want: Want, dialect: Dialect): string[] {
  const prefix = want.mode === 'changereplication' ? 'SOURCE_' : wordOf('sourceOption', dialect);
  const list = Object.keys(sourceOptions).flatMap((name) => {
    const value = want[name as keyof typeof sourceOptions];
    if (value === undefined || (name === 'primary_auto_position' && !value)) return [];
    return [`${prefix}${name.replace('primary_', '').toUpperCase()}=${literal(value)}`];
  });
  if (want.relay_log_file !== undefined) list.push(`RELAY_LOG_FILE=${sqlString(want.relay_log_file)}`);
  if (want.relay_log_pos !== undefined) list.push(`RELAY_LOG_POS=${want.relay_log_pos}`);
  if (want.primary_use_gtid !== undefined && want.mode === 'changeprimary') {
    const older = wordOf('replica', dialect) === 'SLAVE' ? 'slave_pos' : 'replica_pos';
    const gtid = { disabled: 'no', current_pos: 'current_pos', replica_pos: older };
    list.push(`MASTER_USE_GTID=${gtid[want.primary_use_gtid]}`);
  }
  return list;
}

function literal(value: string | number | boolean): string | number {
  return typeof value === 'string' ? sqlString(value) : Number(value);
}
