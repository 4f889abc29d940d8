import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { type Account, accountsSql, parseAccounts, writableSql } from '../mysql/accounts.ts';
import { type Dialect, dialectOf } from '../mysql/dialect.ts';
import { sqlAccount, sqlName } from '../mysql/literal.ts';
import { sqlValue } from '../mysql/placeholders.ts';
import { parsePrivileges } from '../mysql/privileges.ts';
import { rememberSecret } from '../secrets.ts';
import { type Change, state } from './contract.ts';
import { creation, modification } from './shared/mysql-account.ts';
import { attributesAfter, type Plan } from './shared/mysql-account-options.ts';
import { adminLogin, adminParams, loginParams, mysqlAnswers, mysqlReads } from './shared/mysql-session.ts';
import { ansibleBoolean, integer, text, withAliases } from './shared/params.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const priv = z
  .union([z.string(), z.array(z.string()), z.record(z.string(), z.string())])
  .superRefine((value, context) => {
    try {
      parsePrivileges(value);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });
const salted = ['caching_sha2_password', 'sha256_password'];

const params = withAliases(
  z
    .strictObject({
      name: text.describe('Name of the account; empty for the anonymous one.').meta({ aliases: ['user'] }),
      host: text
        .transform((name) => name.toLowerCase())
        .default('localhost')
        .describe('Where the account may log in from.'),
      host_all: ansibleBoolean
        .default(false)
        .describe('Mean the accounts of this name of every host; they must be there.'),
      password: text.optional().describe('Password of the account.'),
      encrypted: ansibleBoolean
        .default(false)
        .describe('The password is its mysql_native_password hash: * and 40 hexadecimal digits.'),
      update_password: z
        .enum(['always', 'on_create', 'on_new_username'])
        .default('always')
        .describe(
          'on_create: leave password and plugin of an account that exists. on_new_username: and give a new one those that its name has on another host.',
        ),
      plugin: text
        .optional()
        .describe('Authentication plugin, for example caching_sha2_password or auth_socket.'),
      plugin_hash_string: text.optional().describe('What the plugin keeps (AS): the hash of a password.'),
      plugin_auth_string: text
        .optional()
        .describe('What the plugin is told (BY): a password, or the user of the host for auth_socket.'),
      salt: text
        .pipe(z.string().length(20, 'salt must be 20 characters long'))
        .optional()
        .describe('20 characters with which plugin_auth_string is hashed, to know it again.'),
      priv: priv
        .optional()
        .describe(
          'Privileges: "db.table:PRIVILEGE,PRIVILEGE(column)/db.*:ALL/FUNCTION db.name:EXECUTE", or a dict of db.table to privileges.',
        ),
      append_privs: ansibleBoolean.default(false).describe('Leave privileges that are not named.'),
      subtract_privs: ansibleBoolean.default(false).describe('Take away the privileges that are named.'),
      column_case_sensitive: ansibleBoolean
        .optional()
        .describe('Without effect: names of columns are compared as MySQL does, whatever their case.'),
      tls_requires: z
        .record(z.string(), z.string().nullable())
        .optional()
        .describe(
          'What TLS must bring: SSL or X509 without a value, or CIPHER, ISSUER, SUBJECT with theirs. Nothing: TLS is not asked for.',
        ),
      resource_limits: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('Limits such as MAX_QUERIES_PER_HOUR or MAX_USER_CONNECTIONS; 0 is none.'),
      password_expire: z
        .enum(['now', 'never', 'default', 'interval'])
        .optional()
        .describe('When the password ends.'),
      password_expire_interval: integer
        .pipe(z.int().min(1, 'password_expire_interval value should be positive number'))
        .optional()
        .describe('Days after which it ends, with password_expire: interval.'),
      locked: ansibleBoolean.optional().describe('Whether nobody can log in with the account.'),
      attributes: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('Attributes that the account is to have; null takes one away. MySQL 8.0.21 and later.'),
      session_vars: z.record(z.string(), z.unknown()).optional().describe('Variables of the session.'),
      force_context: ansibleBoolean
        .default(false)
        .describe('Make mysql the database of the session, for filters of replication.'),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the account exists.'),
      ...loginParams,
      ...adminParams,
    })
    .superRefine((want, context) => {
      const complain = (path: string, message: string) =>
        context.addIssue({ code: 'custom', message, path: [path] });
      if (want.append_privs && want.subtract_privs)
        complain('subtract_privs', 'parameters are mutually exclusive: append_privs|subtract_privs');
      if (want.salt && !want.plugin_auth_string) complain('salt', 'salt requires plugin_auth_string');
      if (want.salt && !salted.includes(want.plugin ?? ''))
        complain('salt', `salt requires ${salted.join(' or ')} plugin`);
      if (want.password && want.encrypted && !/^\*[0-9A-Fa-f]{40}$/.test(want.password))
        complain(
          'password',
          'encrypted was specified however it does not appear to be a valid hash expecting: *SHA1(SHA1(your_password))',
        );
      if (want.password_expire === 'interval' && want.password_expire_interval === undefined)
        complain('password_expire_interval', 'password_expire: interval needs password_expire_interval');
    }),
);

type Params = z.output<typeof params>;

interface Have {
  /** False on a replica and on any read-only server: its accounts are the primary's. */
  readonly writable: boolean;
  readonly dialect: Dialect;
  /** The accounts of the name, of every host. */
  readonly accounts: readonly Account[];
  readonly check: boolean;
}

/**
 * Accounts are made on the primary and reach the replicas through replication: made on a replica they would be
 * errant transactions. On a server that is read-only or has a source there is therefore nothing to do.
 */
export default state<Params, Have>({
  summary: 'Manage the accounts of a MySQL or MariaDB server; on replicas they come from the primary.',
  params: params as unknown as z.ZodType<Params>,

  async have(want, host, context) {
    if (want.password) rememberSecret(want.password);
    if (want.plugin_auth_string && !/socket|pam/.test(want.plugin ?? ''))
      rememberSecret(want.plugin_auth_string);
    if (want.plugin_hash_string) rememberSecret(want.plugin_hash_string);
    const login = await adminLogin(host, want);
    const statements = ['SELECT VERSION() v', accountsSql(want.name), writableSql];
    const { answers, error } = await mysqlReads(host, login, statements);
    const [version, accounts, held] = answers;
    if (accounts === undefined) throw new TaskFailure(error?.text ?? 'the server gave no answer');
    return {
      // An account that may not read whether the server is a replica is let try.
      writable: held === undefined || Number(held.rows[0]?.held) === 0,
      dialect: dialectOf(String(version!.rows[0]?.v)),
      accounts: parseAccounts(accounts),
      check: context.check,
    };
  },

  diff(want, have) {
    const { changes, values } = planned(want, have, false);
    rememberFor(want, values);
    return changes;
  },

  async fix(_changes, want, have, host) {
    const login = await adminLogin(host, want);
    const set = Object.entries(want.session_vars ?? {}).map(
      ([name, value]) => `SET SESSION ${sqlName(name)} = ${sqlValue(value)}`,
    );
    const { statements } = planned(want, have, false);
    const before = [
      "SET SESSION sql_mode = ''",
      ...(want.sql_log_bin ? [] : ['SET SQL_LOG_BIN = 0']),
      ...set,
    ];
    const context = want.force_context ? 'mysql' : undefined;
    await mysqlAnswers(host.run.bind(host), host, login, [...before, ...statements], context);
  },

  verify: (want, _before, after) => planned(want, after, true).changes,

  result: (want) => ({ user: want.name, ...rememberedFor(want) }),
});

interface Planned {
  readonly changes: Change[];
  readonly statements: readonly string[];
  readonly values: Record<string, unknown>;
}

function planned(want: Params, have: Have, done: boolean): Planned {
  const accounts = have.accounts.filter(({ host }) => want.host_all || host.toLowerCase() === want.host);
  const [first] = accounts;
  const none = { password_changed: false, attributes: null };
  if (want.state === 'absent') {
    const gone = have.writable ? accounts : [];
    return {
      changes: gone.map((account) => ({ what: 'account', from: label(account), to: 'absent' })),
      statements: gone.map((account) => `DROP USER IF EXISTS ${sqlAccount(account)}`),
      values: { msg: gone.length > 0 ? 'User deleted' : "User doesn't exist", ...none },
    };
  }
  if (!have.writable) return { changes: [], statements: [], values: { msg: 'User unchanged', ...none } };
  if (first === undefined) {
    if (want.host_all) throw new TaskFailure('host_all parameter cannot be used when adding a user');
    const known = want.update_password === 'on_new_username' ? sharedLogin(have.accounts) : undefined;
    const plan = creation({ ...want, ...known }, want, have.dialect);
    const password_changed = have.check ? null : known === undefined;
    return {
      ...ended([plan]),
      values: {
        msg: 'User added',
        password_changed,
        attributes: want.attributes ? attributesAfter(want, undefined) : null,
      },
    };
  }
  const plans = accounts.map((account) => modification(want, account, have.dialect, done));
  const said = plans.findLast((plan) => plan.msg !== undefined)?.msg ?? 'User unchanged';
  return {
    ...ended(plans),
    values: {
      msg: have.check ? (ahead[said] ?? said) : said,
      password_changed: plans.some((plan) => plan.password),
      attributes: attributesAfter(want, accounts.at(-1)),
    },
  };
}

/** What Ansible says in check mode. */
const ahead: Readonly<Record<string, string>> = {
  'Password updated (new style)': 'Password updated',
  'User locked': 'User will be locked',
  'User unlocked': 'User will be unlocked',
};

function ended(plans: readonly Plan[]): Pick<Planned, 'changes' | 'statements'> {
  return {
    changes: plans.flatMap((plan) => plan.changes),
    statements: plans.flatMap((plan) => plan.statements),
  };
}

/** How the accounts of a name log in, if all do it the same way. */
function sharedLogin(accounts: readonly Account[]) {
  const [first] = accounts;
  if (!first || accounts.some(({ plugin, stored }) => plugin !== first.plugin || stored !== first.stored))
    return undefined;
  const stored = Buffer.from(first.stored, 'hex').toString('latin1');
  return { password: undefined, plugin: first.plugin, plugin_hash_string: stored };
}

function label({ name, host }: { readonly name: string; readonly host: string }): string {
  return `${name || "''"}@${host}`;
}
