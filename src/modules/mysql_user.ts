import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { type Account, readAccounts } from '../host/queries/mysql_accounts.ts';
import { readServer } from '../host/queries/mysql_server.ts';
import { identifiedBy, presentPrivileges, presentRequirement, requireClause } from '../mysql/account.ts';
import { sqlAccount } from '../mysql/literal.ts';
import { isPassword } from '../mysql/password.ts';
import {
  comparePrivileges,
  type PrivilegeChange,
  parsePrivileges,
  privilegeStatements,
} from '../mysql/privileges.ts';
import { masked, rememberSecret } from '../secrets.ts';
import { type Change, state } from './contract.ts';
import { loginSocket, runSql } from './shared/mysql.ts';
import { ansibleBoolean, withAliases } from './shared/params.ts';

const priv = z
  .union([z.string(), z.array(z.string()), z.record(z.string(), z.string())])
  .superRefine((value, context) => {
    try {
      parsePrivileges(value);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });

const params = withAliases(
  z
    .strictObject({
      name: z
        .string()
        .describe('Name of the account; empty for the anonymous one.')
        .meta({ aliases: ['user'] }),
      host: z.string().default('localhost').describe('Where the account may log in from.'),
      host_all: ansibleBoolean.default(false).describe('Mean the accounts of this name of every host.'),
      password: z.string().optional().describe('Password of the account.'),
      update_password: z
        .enum(['always', 'on_create'])
        .default('always')
        .describe('Whether the password of an account that exists is changed when it is another one.'),
      plugin: z
        .string()
        .optional()
        .describe('Authentication plugin, for example caching_sha2_password or auth_socket.'),
      plugin_auth_string: z
        .string()
        .optional()
        .describe(
          'What the plugin is told (AS): for auth_socket the user of the host, when not of the same name.',
        ),
      priv: priv
        .optional()
        .describe(
          'Privileges: "db.table:PRIVILEGE,PRIVILEGE/db.*:ALL", or a dict of db.table to privileges.',
        ),
      append_privs: ansibleBoolean.default(false).describe('Leave privileges that are not named.'),
      tls_requires: z
        .record(z.string(), z.string().nullable())
        .optional()
        .describe(
          'What TLS must bring: SSL or X509 without a value, or CIPHER, ISSUER, SUBJECT with theirs.',
        ),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the account exists.'),
      login_unix_socket: loginSocket,
    })
    .refine((want) => !want.host_all || want.state === 'absent', {
      error: 'host_all goes with state: absent only',
      path: ['host_all'],
    })
    .refine((want) => want.password === undefined || want.plugin_auth_string === undefined, {
      error: 'either password or plugin_auth_string',
      path: ['plugin_auth_string'],
    }),
);

type Params = z.output<typeof params>;

interface Have {
  /** False on a replica and on any read-only server: its accounts are the primary's. */
  readonly writable: boolean;
  readonly accounts: readonly Account[];
}

/**
 * Accounts are made on the primary and reach the replicas through replication: made on a replica they would be
 * errant transactions. On a server that is read-only or has a source there is therefore nothing to do.
 */
export default state<Params, Have>({
  summary: 'Manage the accounts of a MySQL server; on replicas they come from the primary.',
  params: params as unknown as z.ZodType<Params>,

  async have(want, host) {
    if (want.password !== undefined) rememberSecret(want.password);
    const [server, accounts] = await Promise.all([
      readServer(host, want.login_unix_socket),
      readAccounts(host, want.login_unix_socket, want.name, want.host_all ? undefined : want.host),
    ]);
    const writable = !server.readOnly && server.channels.length === 0;
    if (writable && want.state === 'present' && accounts.length === 0 && !want.password && !want.plugin)
      throw new TaskFailure(
        `${label(want)} does not exist, and neither password nor plugin says how it logs in`,
      );
    return { writable, accounts };
  },

  diff(want, have) {
    if (!have.writable) return [];
    if (want.state === 'absent')
      return have.accounts.map((account) => ({ what: 'account', from: label(account), to: 'absent' }));
    const [account] = have.accounts;
    return [
      ...(account ? authentication(want, account) : [{ what: 'account', from: 'absent', to: label(want) }]),
      ...requirement(want, account),
      ...privileges(want, account).map(({ level, from, to }) => ({
        what: `privileges on ${level}`,
        from,
        to,
      })),
    ];
  },

  async fix(_changes, want, have, host) {
    const account = sqlAccount(want);
    const [present] = have.accounts;
    const statements: string[] = [];
    if (want.state === 'absent')
      statements.push(...have.accounts.map((each) => `DROP USER IF EXISTS ${sqlAccount(each)}`));
    else {
      const identified = identifiedBy(want.plugin, want.password, want.plugin_auth_string);
      if (!present) statements.push(`CREATE USER ${account} ${identified}`);
      else if (authentication(want, present).length > 0)
        statements.push(`ALTER USER ${account} ${identified}`);
      if (requirement(want, present).length > 0)
        statements.push(`ALTER USER ${account} REQUIRE ${requireClause(want.tls_requires!)}`);
      statements.push(...privilegeStatements(privileges(want, present), account));
    }
    await runSql(host, want.login_unix_socket, statements);
  },

  result: (want) => ({ user: want.name }),
});

function label({ name, host }: { readonly name: string; readonly host: string }): string {
  return `${name || "''"}@${host}`;
}

function authentication(want: Params, account: Account): Change[] {
  const found: Change[] = [];
  if (want.plugin !== undefined && want.plugin !== account.plugin)
    found.push({ what: 'plugin', from: account.plugin, to: want.plugin });
  const stored = Buffer.from(account.stored, 'hex');
  const told =
    want.plugin_auth_string ?? (want.plugin !== undefined && want.password === undefined ? '' : undefined);
  if (told !== undefined && !stored.equals(Buffer.from(told)))
    found.push({ what: 'plugin_auth_string', from: stored.toString(), to: told });
  if (want.password !== undefined && want.update_password === 'always') {
    if (isPassword(want.password, account.plugin, stored) !== true)
      found.push({ what: 'password', from: 'another one', to: masked });
  }
  return found;
}

function requirement(want: Params, account: Account | undefined): Change[] {
  if (want.tls_requires === undefined) return [];
  const to = requireClause(want.tls_requires);
  const from = account ? presentRequirement(account) : 'NONE';
  return from === to ? [] : [{ what: 'tls_requires', from, to }];
}

function privileges(want: Params, account: Account | undefined): PrivilegeChange[] {
  if (want.priv === undefined) return [];
  return comparePrivileges(
    parsePrivileges(want.priv),
    account ? presentPrivileges(account) : new Map(),
    want.append_privs,
  );
}
