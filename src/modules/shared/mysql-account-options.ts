import { isDeepStrictEqual } from 'node:util';
import { TaskFailure } from '../../errors.ts';
import type { Authentication, TlsRequires } from '../../mysql/account.ts';
import type { Account } from '../../mysql/accounts.ts';
import type { Dialect } from '../../mysql/dialect.ts';
import { sqlString } from '../../mysql/literal.ts';
import type { Change } from '../contract.ts';

/** What mysql_user wants of the accounts. */
export interface AccountWish extends Authentication {
  readonly name: string;
  readonly update_password: 'always' | 'on_create' | 'on_new_username';
  readonly priv?: string | readonly string[] | Readonly<Record<string, string>> | undefined;
  readonly append_privs: boolean;
  readonly subtract_privs: boolean;
  readonly tls_requires?: TlsRequires | undefined;
  readonly resource_limits?: Readonly<Record<string, unknown>> | undefined;
  readonly password_expire?: 'now' | 'never' | 'default' | 'interval' | undefined;
  readonly password_expire_interval?: number | undefined;
  readonly locked?: boolean | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** What is to be done to an account. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly statements: readonly string[];
  /** What Ansible's module says of it last, if anything. */
  readonly msg?: string | undefined;
  readonly password?: true;
}

export const nothing: Plan = { changes: [], statements: [] };

/** The attributes that an account will have; null where it has none. */
export function attributesAfter(want: AccountWish, present: Account | undefined): unknown {
  const after = Object.entries({ ...present?.attributes, ...want.attributes }).filter(
    ([, value]) => value !== null,
  );
  return after.length > 0 ? Object.fromEntries(after) : null;
}

/** When the password ends. */
export function expiry(want: AccountWish, present: Account | undefined, account: string): Plan {
  const { password_expire: kind, password_expire_interval: days } = want;
  if (kind === undefined) return nothing;
  const [settled, words] = {
    now: [present?.expired === true, ''],
    never: [present?.lifetime === 0, ' NEVER'],
    default: [present !== undefined && (present.lifetime ?? -1) === -1, ' DEFAULT'],
    interval: [present !== undefined && present.lifetime === days, ` INTERVAL ${days} DAY`],
  }[kind] as [boolean, string];
  if (settled) return nothing;
  const from = present?.expired ? 'now' : (present?.lifetime ?? 'default');
  return {
    changes: [{ what: 'password_expire', from, to: kind === 'interval' ? days : kind }],
    statements: [`ALTER USER ${account} PASSWORD EXPIRE${words}`],
    password: true,
  };
}

export function attributes(
  want: AccountWish,
  present: Account | undefined,
  account: string,
  { mariadb, version }: Dialect,
): Plan {
  if (want.attributes === undefined || Object.keys(want.attributes).length === 0) return nothing;
  const [major = 0, minor = 0, release = 0] = version;
  if (mariadb || major * 10_000 + minor * 100 + release < 80_021)
    throw new TaskFailure('user attributes were specified but the server does not support user attributes');
  const differing = Object.entries(want.attributes).filter(
    ([name, value]) => !isDeepStrictEqual(present?.attributes?.[name] ?? null, value),
  );
  if (differing.length === 0) return nothing;
  const list = differing.map(([name, value]) => `${name}: ${value}`).join(', ');
  return {
    changes: [{ what: 'attributes', from: present?.attributes ?? null, to: attributesAfter(want, present) }],
    statements: [
      `ALTER USER ${account} ATTRIBUTE ${sqlString(JSON.stringify(Object.fromEntries(differing)))}`,
    ],
    msg: `Attributes updated: ${list}`,
  };
}

/** Whether anybody can log in with it. */
export function lock(want: AccountWish, present: Account | undefined, account: string): Plan {
  const locked = present?.locked ?? false;
  if (want.locked === undefined || want.locked === locked) return nothing;
  return {
    changes: [{ what: 'locked', from: locked, to: want.locked }],
    statements: [`ALTER USER ${account} ACCOUNT ${want.locked ? 'LOCK' : 'UNLOCK'}`],
    msg: want.locked ? 'User locked' : 'User unlocked',
  };
}

const limitNames = [
  'MAX_QUERIES_PER_HOUR',
  'MAX_UPDATES_PER_HOUR',
  'MAX_CONNECTIONS_PER_HOUR',
  'MAX_USER_CONNECTIONS',
];

export function limits(
  want: AccountWish,
  present: Account | undefined,
  account: string,
  { mariadb }: Dialect,
): Plan {
  const known = mariadb ? [...limitNames, 'MAX_STATEMENT_TIME'] : limitNames;
  const wanted = Object.entries(want.resource_limits ?? {}).map(([name, value]) => {
    if (name === 'MAX_STATEMENT_TIME' && !mariadb)
      throw new TaskFailure('MAX_STATEMENT_TIME resource limit is only supported by MariaDB.');
    if (!known.includes(name)) throw new TaskFailure(`resource_limits: key '${name}' is unsupported.`);
    const number = Number(value);
    if (!Number.isInteger(number)) throw new TaskFailure(`Can't convert value '${value}' to integer.`);
    return [name, number] as const;
  });
  const differing = wanted.filter(([name, number]) => (present?.limits[name] ?? 0) !== number);
  if (differing.length === 0) return nothing;
  return {
    changes: differing.map(([what, to]) => ({ what, from: present?.limits[what] ?? 0, to })),
    statements: [
      `ALTER USER ${account} WITH ${differing.map(([name, number]) => `${name} ${number}`).join(' ')}`,
    ],
  };
}
