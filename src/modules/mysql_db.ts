import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { databasesSql, writableSql } from '../mysql/accounts.ts';
import { type Dialect, dialectOf } from '../mysql/dialect.ts';
import { sqlName, sqlString } from '../mysql/literal.ts';
import { type Change, state } from './contract.ts';
import { dumpCommand, importCommand, transferParams } from './shared/mysql-dump.ts';
import { adminLogin, adminParams, loginParams, mysqlAnswers, mysqlReads } from './shared/mysql-session.ts';
import { ansibleBoolean, ansibleList, text, withAliases } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

/** Never dropped: the server's own, and our mark's. */
const kept = ['mysql', 'sys', 'information_schema', 'performance_schema', 'foobar'];

const params = withAliases(
  z
    .strictObject({
      name: ansibleList
        .describe('Name of the database, or several; all for dump and import of everything.')
        .meta({ aliases: ['db'] }),
      state: z
        .enum(['present', 'absent', 'dump', 'import'])
        .default('present')
        .describe('Whether the databases exist; dump writes them into target, import reads target.'),
      encoding: text
        .default('')
        .describe('Default character set of a new database, for example utf8mb4; that of a dump or import.'),
      collation: text
        .default('')
        .describe('Default collation of a new database, for example utf8mb4_0900_ai_ci.'),
      ...transferParams,
      config_overrides_defaults: ansibleBoolean
        .default(false)
        .describe('Host and port of config_file count before login_host and login_port.'),
      ...loginParams,
      ...adminParams,
    })
    .superRefine((want, context) => {
      const complain = (path: string, message: string) =>
        context.addIssue({ code: 'custom', message, path: [path] });
      const moves = want.state === 'dump' || want.state === 'import';
      if (want.state === 'absent' && want.name.some((name) => kept.includes(name.toLowerCase())))
        complain('name', `${kept.join(', ')} are never dropped`);
      if (want.state === 'import' && want.name.length > 1)
        complain('name', 'Multiple databases are not supported with state=import');
      if (moves && want.target === undefined)
        complain('target', `with state=${want.state} target is required`);
      if (!moves && want.name.length === 1 && want.name[0] === 'all')
        complain('name', "name is not allowed to equal 'all' unless state equals import, or dump.");
    }),
);

type Params = z.output<typeof params>;

interface Have {
  /** False on a replica and on any read-only server: its databases are the primary's. */
  readonly writable: boolean;
  readonly dialect: Dialect;
  readonly databases: readonly string[];
  readonly check: boolean;
}

export default state<Params, Have>({
  summary: 'Manage the databases of a MySQL or MariaDB server; on replicas they come from the primary.',
  params: params as unknown as z.ZodType<Params>,

  async have(want, host, context) {
    if (want.name.length === 0)
      return { writable: true, dialect: dialectOf(''), databases: [], check: context.check };
    const login = await adminLogin(host, want);
    const statements = ['SELECT VERSION() v', databasesSql(want.name), writableSql];
    const { answers, error } = await mysqlReads(host, login, statements);
    const [version, databases, held] = answers;
    if (databases === undefined) throw new TaskFailure(error?.text ?? 'the server gave no answer');
    return {
      writable: held === undefined || Number(held.rows[0]?.held) === 0,
      dialect: dialectOf(String(version!.rows[0]?.v)),
      databases: databases.rows.map(({ name }) => String(name)),
      check: context.check,
    };
  },

  diff(want, have) {
    const changes = differences(want, have);
    if (!have.check && want.name.length > 0)
      rememberFor(want, { executed_commands: changes.length > 0 ? sql(want, have) : [] });
    return changes;
  },

  async fix(_changes, want, have, host) {
    const login = await adminLogin(host, want);
    const statements = sql(want, have);
    if (statements.length > 0) {
      const before = want.sql_log_bin || want.state === 'import' ? [] : ['SET SQL_LOG_BIN = 0'];
      await mysqlAnswers(host.run.bind(host), host, login, [...before, ...statements]);
    }
    if (want.state !== 'dump' && want.state !== 'import') return;
    const move = want.state === 'dump' ? dumpCommand : importCommand;
    const { command, stdin, told } = move({ ...want, ...login }, have.dialect);
    const { code, stdout, stderr } = await host.job(`mysql_db ${want.state}`, command, {
      stdin,
      expect: 'any',
      ...(want.chdir === undefined ? {} : { directory: want.chdir }),
    });
    if (code !== 0) throw new TaskFailure(stderr.trim() || `${want.state} ended with exit code ${code}`);
    rememberFor(want, { executed_commands: [...statements, told], msg: stdout });
  },

  verify: (want, _before, after) =>
    want.state === 'present' || want.state === 'absent' ? differences(want, after) : [],

  result: (want) => ({ db: want.name.join(' '), db_list: want.name, ...rememberedFor(want) }),
});

function differences(want: Params, { writable, databases }: Have): Change[] {
  if (want.state === 'dump') {
    const missing = want.name.filter((name) => name !== 'all' && !databases.includes(name));
    if (missing.length > 0)
      throw new TaskFailure(`Cannot dump database(s) '${missing.join(', ')}' - not found`);
    return [{ what: 'dump', from: want.name.join(', '), to: want.target }];
  }
  if (!writable) return [];
  if (want.state === 'import') return [{ what: 'import', from: want.target, to: want.name.join(', ') }];
  const [from, to] = want.state === 'absent' ? ['present', 'absent'] : ['absent', 'present'];
  return want.name
    .filter((name) => databases.includes(name) === (to === 'absent'))
    .map((name) => ({ what: `database ${name}`, from, to }));
}

/** What is to be said to the server: as Ansible, a database that exists keeps its character set. */
function sql(want: Params, { databases }: Have): string[] {
  const options = [
    ...(want.encoding ? [`CHARACTER SET ${sqlString(want.encoding)}`] : []),
    ...(want.collation ? [`COLLATE ${sqlString(want.collation)}`] : []),
  ];
  if (want.state === 'absent')
    return want.name
      .filter((name) => databases.includes(name))
      .map((name) => `DROP DATABASE ${sqlName(name)}`);
  if (want.state === 'dump') return [];
  return want.name
    .filter((name) => !databases.includes(name) && !(name === 'all' && want.state === 'import'))
    .map((name) => ['CREATE DATABASE', sqlName(name), ...options].join(' '));
}
