import type { Account } from '../host/queries/mysql_accounts.ts';
import { sqlString } from './literal.ts';
import type { Privileges } from './privileges.ts';

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
  return entries.some(([name]) => name === 'SSL') ? 'SSL' : 'NONE';
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
export function presentPrivileges({ grants }: Account): Privileges {
  const found = new Map<string, Set<string>>();
  for (const [level, privilege, grantable] of grants) {
    const set = found.get(level) ?? new Set<string>();
    if (privilege !== 'USAGE') set.add(privilege.toUpperCase());
    // A dynamic privilege has a grant option of its own, which mysql.user does not know.
    if (grantable === 'YES' && (level !== '*.*' || !privilege.includes('_'))) set.add('GRANT OPTION');
    if (set.size > 0) found.set(level, set);
  }
  return found;
}

/** Plugin and password or plugin text as CREATE USER and ALTER USER write them; may hold a password. */
export function identifiedBy(
  plugin: string | undefined,
  password: string | undefined,
  pluginText: string | undefined,
): string {
  const using = plugin === undefined ? '' : ` WITH ${sqlString(plugin)}`;
  if (password !== undefined) return `IDENTIFIED${using} BY ${sqlString(password)}`;
  return `IDENTIFIED${using}${pluginText === undefined ? '' : ` AS ${sqlString(pluginText)}`}`;
}
