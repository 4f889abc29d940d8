import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { type Account, accountsSql, parseAccounts, writableSql } from '../mysql/accounts.ts';
import { type Dialect, dialectOf } from '../mysql/dialect.ts';
import { sqlAccount } from '../mysql/literal.ts';
import { rememberSecret } from '../secrets.ts';
import { type Change, state } from './contract.ts';
import { creation, modification } from './shared/mysql-account.ts';
import type { AccountWish } from './shared/mysql-account-options.ts';
import { loginParams, mysqlAnswers, mysqlReads } from './shared/mysql-session.ts';
import { text } from './shared/params.ts';

const params = z.strictObject({
  name: text.describe('Name of the account.'),
  hosts: z
    .array(z.string().min(1))
    .transform((hosts) => [...new Set(hosts.map((host) => (host === 'any' ? '%' : host.toLowerCase())))])
    .describe('Where it may log in from: addresses, networks of IPv4, names, localhost; any is everywhere.'),
  others: z
    .enum(['drop', 'keep'])
    .default('keep')
    .describe('What becomes of accounts of this name for other hosts, once all of these are there.'),
  password: text.optional().describe('Password of the account.'),
  plugin: text.optional().describe('Authentication plugin, for example auth_socket.'),
  priv: text.optional().describe('Privileges: "db.table:PRIVILEGE,PRIVILEGE/db.*:ALL".'),
  tls: z.boolean().default(true).describe('Let it in over TLS only.'),
  ...loginParams,
});
type Want = z.output<typeof params>;

interface Have {
  /** False on a replica: its accounts are the primary's. */
  readonly writable: boolean;
  readonly dialect: Dialect;
  /** The accounts of the name, of every host. */
  readonly accounts: readonly Account[];
}

/** Under this name an account is made where others of its own name are in use. */
const unfinished = 'foobar_unfinished';

/**
 * To MySQL each host has an account of its own. All are one to whoever logs in: so those that are missing come first, and
 * only then go those that nobody needs any more. MySQL takes the account whose host says most, from the instant in which
 * it is there: it gets its own name when it has all its privileges.
 */
export default state<Want, Have>({
  summary: 'Manage an account of a MySQL server for all hosts from which it is used.',
  params,

  async have(want, host) {
    if (want.password) rememberSecret(want.password);
    const statements = ['SELECT VERSION() v', accountsSql(want.name), writableSql];
    const { answers, error } = await mysqlReads(host, want, statements);
    const [version, accounts, held] = answers;
    if (accounts === undefined) throw new TaskFailure(error?.text ?? 'the server gave no answer');
    return {
      writable: held === undefined || Number(held.rows[0]?.held) === 0,
      dialect: dialectOf(String(version?.rows[0]?.v)),
      accounts: parseAccounts(accounts),
    };
  },

  diff: (want, have) => planned(want, have, false).changes,

  async fix(_changes, want, have, host) {
    const { statements } = planned(want, have, false);
    await mysqlAnswers(host.run.bind(host), host, want, ["SET SESSION sql_mode = ''", ...statements]);
  },

  verify: (want, _before, after) => planned(want, after, true).changes,
});

function planned(want: Want, have: Have, done: boolean): { changes: Change[]; statements: string[] } {
  const six = want.hosts.find((host) => host.includes(':') && host.includes('/'));
  if (six !== undefined)
    throw new TaskFailure(
      `MySQL knows no networks of IPv6, such as ${six}`,
      'Name the hosts of it in the flow, or groups of them.',
    );
  if (!have.writable) return { changes: [], statements: [] };
  const wish: AccountWish = {
    ...want,
    update_password: 'always',
    append_privs: false,
    subtract_privs: false,
    tls_requires: want.tls ? { SSL: null } : {},
  };
  const plans = want.hosts.map((host) => {
    const present = have.accounts.find((account) => account.host.toLowerCase() === host);
    if (present) return modification(wish, present, have.dialect, done);
    const account = { name: want.name, host };
    const { changes, statements } = creation(wish, account, have.dialect);
    if (have.accounts.length === 0) return { changes, statements };
    const draft = { name: unfinished, host };
    return {
      changes,
      statements: [
        `DROP USER IF EXISTS ${sqlAccount(draft)}`,
        ...creation(wish, draft, have.dialect).statements,
        `RENAME USER ${sqlAccount(draft)} TO ${sqlAccount(account)}`,
      ],
    };
  });
  const gone = have.accounts.filter(
    ({ host }) => want.others === 'drop' && !want.hosts.includes(host.toLowerCase()),
  );
  return {
    changes: [
      ...plans.flatMap((plan) => plan.changes),
      ...gone.map(({ name, host }) => ({ what: 'account', from: `${name}@${host}`, to: 'absent' })),
    ],
    statements: [
      ...plans.flatMap((plan) => plan.statements),
      ...gone.map((account) => `DROP USER IF EXISTS ${sqlAccount(account)}`),
    ],
  };
}
