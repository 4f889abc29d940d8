import type { Answer } from './session.ts';

type Row = Readonly<Record<string, unknown>>;
type Named = Record<string, unknown>;

/** Numbers where the text is a whole one, as Ansible converts settings and status. */
export function converted(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) && Number.isSafeInteger(Number(value))
    ? Number(value)
    : value;
}

/** Rows of Variable_name and Value. */
export function variablesOf({ rows }: Answer): Named {
  return Object.fromEntries(rows.map((row) => [String(row.Variable_name), converted(row.Value)]));
}

/** `11.8.6-MariaDB-log` in its parts. */
export function versionOf(full: string): Named {
  const [, major, minor, release, suffix = ''] = /^(\d+)\.(\d+)\.(\d+)(?:-(.*))?$/.exec(full) ?? [];
  return { major: Number(major), minor: Number(minor), release: Number(release), suffix, full };
}

/** Rows as a tree: the values of `keys` name the branches, the other columns are its leaves. */
export function treeOf({ rows }: Answer, keys: readonly string[]): Named {
  const tree: Named = {};
  for (const row of rows) {
    let branch = tree;
    for (const key of keys) {
      const name = String(row[key]);
      branch[name] ??= {};
      branch = branch[name] as Named;
    }
    for (const [name, value] of Object.entries(row))
      if (!keys.includes(name)) branch[name] = converted(value);
  }
  return tree;
}

/** SHOW GRANTS as the `priv` of mysql_user: `*.*:SELECT,INSERT/db.*:ALL,GRANT`. */
export function grantsOf({ rows }: Answer): string {
  const levels = new Map<string, string[]>();
  for (const row of rows) {
    const grant = String(Object.values(row)[0]);
    const found = /^GRANT (.+) ON (.+) TO (['`"]).*\3@(['`"]).*\4(.*)$/.exec(grant);
    if (found === null) continue;
    const names = found[1]!
      .split(/,(?![^(]*\))/)
      .map((name) => name.trim().replace(/^ALL PRIVILEGES$/, 'ALL'))
      .map(sortedColumns);
    if (found[5]!.includes('WITH GRANT OPTION')) names.push('GRANT');
    if (names.includes('PROXY')) continue;
    const level = found[2]!.replaceAll(/[`']/g, '');
    levels.set(level, [...(levels.get(level) ?? []), ...names]);
  }
  const list = [...levels].map(([level, names]) => `${level}:${names.join(',')}`);
  return (list.length > 1 ? list.filter((each) => each !== '*.*:USAGE') : list).join('/');
}

function sortedColumns(privilege: string): string {
  const [, name, columns] = /^([^(]+)\(([^)]*)\)$/.exec(privilege) ?? [];
  if (columns === undefined) return privilege;
  const sorted = columns.split(',').map((column) => column.trim().replaceAll('`', ''));
  return `${name}(${sorted.sort().join(', ')})`;
}

/** What an account must bring over TLS, as `tls_requires` of mysql_user. */
export function requirementOf(row: Row): Named {
  const kind = String(row.ssl_type ?? '');
  if (kind === 'ANY') return { tls_requires: { SSL: null } };
  if (kind === 'X509') return { tls_requires: { X509: null } };
  if (kind !== 'SPECIFIED') return {};
  const parts = { CIPHER: row.ssl_cipher, ISSUER: row.x509_issuer, SUBJECT: row.x509_subject };
  return { tls_requires: Object.fromEntries(Object.entries(parts).filter(([, value]) => value)) };
}

/** Limits of an account that are not 0, as `resource_limits` of mysql_user. */
export function limitsOf(row: Row): Named {
  const limits = {
    MAX_QUERIES_PER_HOUR: row.max_questions,
    MAX_UPDATES_PER_HOUR: row.max_updates,
    MAX_CONNECTIONS_PER_HOUR: row.max_connections,
    MAX_USER_CONNECTIONS: row.max_user_connections,
  };
  const set = Object.entries(limits).filter(([, value]) => Number(value ?? 0) !== 0);
  return set.length === 0 ? {} : { resource_limits: Object.fromEntries(set) };
}
