import { identifiedBy, presentPrivileges, presentRequirement, requireClause } from '../../mysql/account.ts';
import type { Account } from '../../mysql/accounts.ts';
import type { Dialect } from '../../mysql/dialect.ts';
import { sqlAccount } from '../../mysql/literal.ts';
import { hashed, isPassword } from '../../mysql/password.ts';
import {
  comparePrivileges,
  joined,
  type PrivilegeChange,
  parsePrivileges,
  privilegeStatements,
} from '../../mysql/privileges.ts';
import { masked } from '../../secrets.ts';
import type { Change } from '../contract.ts';
import {
  type AccountWish,
  attributes,
  expiry,
  limits,
  lock,
  nothing,
  type Plan,
} from './mysql-account-options.ts';
import { pythonRepr } from './python-text.ts';

/** How a new account is made. */
export function creation(want: AccountWish, where: { name: string; host: string }, dialect: Dialect): Plan {
  const account = sqlAccount(where);
  const require = requireClause(want.tls_requires ?? {});
  const required = require === 'NONE' ? '' : ` REQUIRE ${require}`;
  const label = `${where.name || "''"}@${where.host}`;
  // Nothing can be taken from an account that has nothing.
  const grants = want.subtract_privs ? [] : privileges(want, undefined, dialect);
  const rest = [
    expiry(want, undefined, account),
    attributes(want, undefined, account, dialect),
    lock(want, undefined, account),
    limits(want, undefined, account, dialect),
  ];
  return {
    changes: [
      { what: 'account', from: 'absent', to: label },
      ...(required ? [{ what: 'tls_requires', from: 'NONE', to: require }] : []),
      ...grantChanges(grants),
      ...rest.flatMap((plan) => plan.changes),
    ],
    statements: [
      `CREATE USER ${account}${identifiedBy(want, dialect)}${required}`,
      ...rest[0]!.statements,
      ...privilegeStatements(grants, account),
      ...rest.slice(1).flatMap((plan) => plan.statements),
    ],
  };
}

/**
 * What an account lacks.
 * @param done it was mended a moment ago: where nobody can tell whether a password is stored, it is
 */
export function modification(want: AccountWish, present: Account, dialect: Dialect, done: boolean): Plan {
  const account = sqlAccount(present);
  const parts = [
    ...(want.update_password === 'always' ? [authentication(want, present, account, dialect, done)] : []),
    expiry(want, present, account),
    granting(want, present, account, dialect),
    attributes(want, present, account, dialect),
    lock(want, present, account),
    requirement(want, present, account),
    limits(want, present, account, dialect),
  ];
  return {
    changes: parts.flatMap((part) => part.changes),
    statements: parts.flatMap((part) => part.statements),
    msg: parts.findLast((part) => part.msg !== undefined)?.msg,
    ...(parts.some((part) => part.password) ? { password: true } : {}),
  };
}

function authentication(
  want: AccountWish,
  present: Account,
  account: string,
  dialect: Dialect,
  done: boolean,
): Plan {
  const stored = Buffer.from(present.stored, 'hex');
  const changes: Change[] = [];
  if (want.plugin && want.plugin !== present.plugin)
    changes.push({ what: 'plugin', from: present.plugin, to: want.plugin });
  const differs = (secret: string) => isPassword(secret, present.plugin, stored) ?? (done || undefined);
  const given = want.password
    ? want.encrypted
      ? stored.equals(Buffer.from(want.password))
      : differs(want.password)
    : true;
  if (given !== true) changes.push({ what: 'password', from: 'another one', to: masked });
  if (want.plugin && !want.password && !hasString(want, stored, differs))
    changes.push({ what: 'plugin_auth_string', from: 'another one', to: masked });
  if (changes.length === 0) return nothing;
  return {
    changes,
    statements: [`ALTER USER ${account}${identifiedBy(want, dialect)}`],
    password: true,
    msg: given === true ? undefined : 'Password updated (new style)',
  };
}

function hasString(
  want: AccountWish,
  stored: Buffer,
  holds: (secret: string) => boolean | undefined,
): boolean {
  if (want.plugin_hash_string) return stored.equals(Buffer.from(want.plugin_hash_string));
  const told = want.plugin_auth_string;
  if (!told) return true;
  if (want.salt) return stored.equals(hashed(told, Buffer.from(want.salt)));
  return stored.equals(Buffer.from(told)) || holds(told) === true;
}

function granting(want: AccountWish, present: Account, account: string, dialect: Dialect): Plan {
  const found = privileges(want, present, dialect);
  if (found.length === 0) return nothing;
  const wanted = parsePrivileges(want.priv ?? {});
  const had = presentPrivileges(present);
  const says = found.map(({ level, grant, revoke }) => {
    if (!wanted.has(level)) return 'Privileges updated';
    if (!had.has(level) && level !== '*.*') return 'New privileges granted';
    const [given, taken] = [grant, revoke].map((names) =>
      joined(names).map((name) => (name === 'GRANT OPTION' ? 'GRANT' : name.replaceAll('`', ''))),
    );
    return `Privileges updated: granted ${pythonRepr(given)}, revoked ${pythonRepr(taken)}`;
  });
  // The order in which Ansible's module goes about it: the last thing that it says stays.
  const stage = (said: string) => (said.includes(':') ? 2 : said.startsWith('New') ? 1 : 0);
  return {
    changes: grantChanges(found),
    statements: privilegeStatements(found, account),
    msg: says.sort((left, right) => stage(left) - stage(right)).at(-1),
  };
}

function privileges(want: AccountWish, present: Account | undefined, dialect: Dialect): PrivilegeChange[] {
  if (want.priv === undefined) return [];
  const wanted = parsePrivileges(want.priv);
  const manner = want.append_privs ? 'append' : want.subtract_privs ? 'subtract' : 'replace';
  const had = present ? presentPrivileges(present) : new Map();
  const found = comparePrivileges(wanted, had, manner, dialect);
  // As Ansible: root keeps what nobody spoke of.
  return want.name === 'root' ? found.filter(({ level }) => level === '*.*' || wanted.has(level)) : found;
}

function grantChanges(found: readonly PrivilegeChange[]): Change[] {
  return found.map(({ level, from, to }) => ({ what: `privileges on ${level}`, from, to }));
}

function requirement(want: AccountWish, present: Account, account: string): Plan {
  const [from, to] = [presentRequirement(present), requireClause(want.tls_requires ?? {})];
  if (from === to) return nothing;
  return {
    changes: [{ what: 'tls_requires', from, to }],
    statements: [`ALTER USER ${account} REQUIRE ${to}`],
    msg: 'TLS requires updated',
  };
}
