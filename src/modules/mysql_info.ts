import type { z } from 'zod';
import { dialectOf, wordOf } from '../mysql/dialect.ts';
import {
  converted,
  grantsOf,
  limitsOf,
  requirementOf,
  treeOf,
  variablesOf,
  versionOf,
} from '../mysql/info.ts';
import { sqlAccount } from '../mysql/literal.ts';
import type { Answer } from '../mysql/session.ts';
import { action } from './contract.ts';
import { loginParams, mysqlAnswers } from './shared/mysql-session.ts';
import { ansibleBoolean, ansibleList, moduleParams, text } from './shared/params.ts';

const subsets = [
  'version',
  'databases',
  'settings',
  'global_status',
  'engines',
  'users',
  'users_info',
  'master_status',
  'slave_hosts',
  'slave_status',
] as const;
type Subset = (typeof subsets)[number];

const params = moduleParams({
  filter: ansibleList
    .default([])
    .describe(`What to gather, or with ! before it what not to gather: ${subsets.join(', ')}. Default: all.`),
  exclude_fields: ansibleList.default([]).describe('Not to be asked of databases: db_size, db_table_count.'),
  return_empty_dbs: ansibleBoolean.default(false).describe('Return databases without tables too.'),
  login_db: text.optional().describe('Database to connect to.'),
  ...loginParams,
});
type Want = z.output<typeof params>;

export default action<Want>({
  summary: 'Gather information about a MySQL or MariaDB server.',
  params,
  effect: 'reads',

  async run(want, host, context) {
    for (const name of want.filter)
      if (!subsets.includes(name.replace(/^!+/, '') as Subset))
        context.warn(`filter element: ${name} is not allowable, ignored`);
    const ask = (...statements: string[]) =>
      mysqlAnswers(host.look.bind(host), host, want, statements, want.login_db);
    const [version] = await ask('SELECT VERSION() v');
    const full = String(version?.rows[0]?.v);
    const dialect = dialectOf(full);
    const sql: Record<Subset, string[]> = {
      version: [],
      databases: [tablesSql(want.exclude_fields), ...(want.return_empty_dbs ? ['SHOW DATABASES'] : [])],
      settings: ['SHOW GLOBAL VARIABLES'],
      global_status: ['SHOW GLOBAL STATUS'],
      engines: ['SHOW ENGINES'],
      users: ['SELECT * FROM mysql.user'],
      users_info: ['SELECT * FROM mysql.user'],
      master_status: [wordOf('primaryStatus', dialect)],
      slave_hosts: [wordOf('replicaHosts', dialect)],
      slave_status: [`SHOW ${wordOf('replica', dialect)} STATUS`],
    };
    const wanted = chosen(want.filter);
    const answers = [...(await ask(...wanted.flatMap((subset) => sql[subset])))];
    const values: Record<string, unknown> = {
      server_engine: dialect.mariadb ? 'MariaDB' : 'MySQL',
      connector_name: 'mysql',
    };
    for (const subset of wanted)
      values[subset] = await read(subset, answers.splice(0, sql[subset].length), want, full, ask);
    return { changed: false, values };
  },
});

/** Names without ! are the ones; else all but those with it. */
function chosen(filter: readonly string[]): readonly Subset[] {
  const known = filter.filter((name) => subsets.includes(name.replace(/^!+/, '') as Subset));
  const named = known.filter((name) => !name.startsWith('!'));
  if (named.length > 0) return subsets.filter((subset) => named.includes(subset));
  return subsets.filter((subset) => !known.includes(`!${subset}`));
}

function tablesSql(exclude: readonly string[]): string {
  const columns = [
    'table_schema AS name',
    ...(exclude.includes('db_size') ? [] : ['SUM(data_length + index_length) AS size']),
    ...(exclude.includes('db_table_count') ? [] : ['COUNT(table_name) AS tables']),
  ];
  return `SELECT ${columns.join(', ')} FROM information_schema.TABLES GROUP BY table_schema`;
}

async function read(
  subset: Subset,
  [first, second]: readonly Answer[],
  want: Want,
  version: string,
  ask: (...statements: string[]) => Promise<readonly Answer[]>,
): Promise<unknown> {
  if (subset === 'version') return versionOf(version);
  if (first === undefined) return {};
  switch (subset) {
    case 'settings':
    case 'global_status':
      return variablesOf(first);
    case 'databases':
      return databases(first, second, want.exclude_fields);
    case 'engines':
      return Object.fromEntries(first.rows.map(({ Engine, ...rest }) => [String(Engine), rest]));
    case 'users':
      return treeOf(stamped(first), ['Host', 'User']);
    case 'users_info':
      return usersInfo(first, ask);
    case 'master_status':
      return Object.fromEntries(
        Object.entries(first.rows[0] ?? {}).map(([name, value]) => [name, converted(value)]),
      );
    case 'slave_hosts':
      return treeOf(first, ['Server_id']);
    default: {
      const source = first.rows[0] !== undefined && 'Source_Host' in first.rows[0] ? 'Source' : 'Master';
      return treeOf(first, [`${source}_Host`, `${source}_Port`, `${source}_User`]);
    }
  }
}

function databases(tables: Answer, all: Answer | undefined, exclude: readonly string[]): unknown {
  const describe = (row: Readonly<Record<string, unknown>>) => ({
    ...(exclude.includes('db_size') ? {} : { size: Number(row.size ?? 0) }),
    ...(exclude.includes('db_table_count') ? {} : { tables: Number(row.tables ?? 0) }),
  });
  const rows = [...tables.rows, ...(all?.rows ?? []).map((row) => ({ name: row.Database }))];
  const found: Record<string, unknown> = {};
  for (const row of rows) found[String(row.name)] ??= describe(row);
  return found;
}

/** Times as Python writes a datetime in JSON. */
function stamped(answer: Answer): Answer {
  const stamp = (value: unknown) =>
    typeof value === 'string' ? value.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/, '$1T$2') : value;
  const rows = answer.rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, stamp(value)])),
  );
  return { ...answer, rows };
}

async function usersInfo(
  users: Answer,
  ask: (...statements: string[]) => Promise<readonly Answer[]>,
): Promise<unknown[]> {
  const accounts = users.rows.map((row) => ({ name: String(row.User), host: String(row.Host), row }));
  const mariadb = users.rows.some(({ is_role }) => is_role !== undefined);
  const [locks, ...grants] = await ask(
    mariadb
      ? "SELECT User, Host FROM mysql.global_priv WHERE JSON_VALUE(Priv, '$.account_locked') IN ('1', 'true')"
      : 'DO 0',
    ...accounts.map((account) => `SHOW GRANTS FOR ${sqlAccount(account)}`),
  );
  const locked = new Set(locks?.rows.map(({ User, Host }) => `${User}@${Host}`));
  return accounts.map(({ name, host, row }, index) => {
    const hash = row.authentication_string ?? row.Password ?? '';
    return {
      name,
      host,
      priv: grantsOf(grants[index]!),
      ...limitsOf(row),
      ...requirementOf(row),
      plugin: row.plugin,
      plugin_auth_string: hash,
      plugin_hash_string: hash,
      // Ansible's module tells it of MariaDB only.
      ...(row.is_role === 'N' ? { locked: locked.has(`${name}@${host}`) } : {}),
    };
  });
}
