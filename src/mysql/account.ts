import type { Account } from './accounts.ts';
import type { Dialect } from './dialect.ts';
import { sqlString } from './literal.ts';
import { hashed } from './password.ts';
import { ofColumn, type Privileges } from './privileges.ts';

/** Ansible's `tls_requires`: SSL or X509 with nothing, or CIPHER, ISSUER, SUBJECT with their text. */
export type TlsRequires = Readonly<Record<string, string | null>>;

/** A requirement as SQL writes it after REQUIRE. */
export function requireClause(requires: TlsRequires): string {
  const entries = Object.entries(requires).map(([name, value]) => [name.toUpperCase(), value] as const);
  const details = entries.filter(([name]) => ['CIPHER', 'ISSUER', 'SUBJECT'].includes(name));
  if (details.length > 0)
    return details
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name} ${sqlString(value ?? '')}`)
      .join(' AND ');
  if (entries.some(([name]) => name === 'X509')) return 'X509';
  return entries.length > 0 ? 'SSL' : 'NONE';
}

/** The requirement that an account has, in the same words. */
export function presentRequirement({ tls, cipher, issuer, subject }: Account): string {
  if (tls === 'ANY') return 'SSL';
  if (tls === 'X509') return 'X509';
  if (tls !== 'SPECIFIED') return 'NONE';
  const details = { CIPHER: cipher, ISSUER: issuer, SUBJECT: subject };
  return requireClause(Object.fromEntries(Object.entries(details).filter(([, value]) => value)));
}

/** The privileges that an account has. */
export function presentPrivileges({ grants, columns, routines }: Account): Privileges {
  const found = new Map<string, Set<string>>();
  const add = (level: string, names: readonly string[]) =>
    found.set(level, new Set([...(found.get(level) ?? []), ...names]));
  for (const [level, privilege, grantable] of grants) {
    // A dynamic privilege has a grant option of its own, which mysql.user does not know.
    const option = grantable === 'YES' && (level !== '*.*' || !privilege.includes('_'));
    const names = privilege === 'USAGE' ? [] : [privilege.toUpperCase()];
    if (names.length > 0 || option) add(level, [...names, ...(option ? ['GRANT OPTION'] : [])]);
  }
  for (const [level, privilege, column] of columns) add(level, [ofColumn(privilege.toUpperCase(), column)]);
  for (const [level, names] of routines)
    add(
      level,
      names.split(',').flatMap((name) => {
        if (name === '') return [];
        return name === 'Grant' ? ['GRANT OPTION'] : [name.toUpperCase()];
      }),
    );
  return found;
}

/** How an account logs in, as mysql_user has it. */
export interface Authentication {
  readonly password?: string | undefined;
  /** The password is its hash already. */
  readonly encrypted?: boolean | undefined;
  readonly plugin?: string | undefined;
  readonly plugin_hash_string?: string | undefined;
  readonly plugin_auth_string?: string | undefined;
  readonly salt?: string | undefined;
}

/** The same as CREATE USER and ALTER USER write it, with a space before; nothing where nothing is said. May hold a password. */
export function identifiedBy(want: Authentication, { mariadb }: Dialect): string {
  const { password, plugin, plugin_hash_string: hash, plugin_auth_string: told } = want;
  if (password && want.encrypted)
    return ` IDENTIFIED WITH ${sqlString('mysql_native_password')} AS ${sqlString(password)}`;
  if (!plugin) return password ? ` IDENTIFIED BY ${sqlString(password)}` : '';
  const using = ` IDENTIFIED WITH ${sqlString(plugin)}`;
  if (hash) return `${using} AS ${sqlString(hash)}`;
  const secret = password || told;
  if (!secret) return using;
  if (plugin === 'pam') return `${using} USING ${sqlString(secret)}`;
  if (plugin === 'ed25519' || (mariadb && password)) return `${using} USING PASSWORD(${sqlString(secret)})`;
  if (want.salt && !password)
    return `${using} AS 0x${hashed(secret, Buffer.from(want.salt)).toString('hex').toUpperCase()}`;
  return `${using} BY ${sqlString(secret)}`;
}
