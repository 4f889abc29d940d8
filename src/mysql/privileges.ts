import { sqlName } from './literal.ts';

/** Privileges by level: '*.*', 'db.*' or 'db.table' -> upper-case names; GRANT OPTION and ALL are among them. */
export type Privileges = ReadonlyMap<string, ReadonlySet<string>>;

/** A level of privileges that is to change. */
export interface PrivilegeChange {
  readonly level: string;
  readonly grant: readonly string[];
  readonly revoke: readonly string[];
  readonly from: string;
  readonly to: string;
}

/**
 * Reads Ansible's `priv`: "db.table:SELECT,INSERT/other.*:ALL", a dict of level -> privileges, or a list of the
 * former. Backticks around names are taken off. Throws an Error that says what is wrong.
 */
export function parsePrivileges(
  priv: string | readonly string[] | Readonly<Record<string, string>>,
): Privileges {
  const entries: [string, string][] = [];
  if (typeof priv === 'object' && !Array.isArray(priv))
    entries.push(...Object.entries(priv as Record<string, string>));
  else
    for (const part of [priv as string | readonly string[]].flat().flatMap((text) => text.split('/'))) {
      const colon = part.lastIndexOf(':');
      if (colon < 0) throw new Error(`"${part}" is no privilege: expected db.table:PRIVILEGE,PRIVILEGE`);
      entries.push([part.slice(0, colon), part.slice(colon + 1)]);
    }
  const found = new Map<string, Set<string>>();
  for (const [where, names] of entries) {
    const level = readLevel(where);
    const set = found.get(level) ?? new Set<string>();
    for (const name of names.split(',')) set.add(readPrivilege(name));
    set.delete('USAGE');
    found.set(level, set);
  }
  return found;
}

function readLevel(text: string): string {
  const match = /^(\*|`[^`]+`|[^`.]+)\.(\*|`[^`]+`|[^`.]+)$/.exec(text.trim());
  if (!match) throw new Error(`"${text}" is no level of privileges: expected *.*, db.* or db.table`);
  const [database, table] = [match[1]!, match[2]!].map((name) => name.replaceAll('`', ''));
  if (database === '*' && table !== '*') throw new Error(`"${text}": a table needs its database`);
  return `${database}.${table}`;
}

function readPrivilege(text: string): string {
  const name = text.trim().replaceAll(/\s+/g, ' ').toUpperCase();
  if (!/^[A-Z_ ]+$/.test(name))
    throw new Error(
      `"${text.trim()}" is no privilege that can be managed here (columns and routines cannot)`,
    );
  if (name === 'ALL PRIVILEGES') return 'ALL';
  return name === 'GRANT' ? 'GRANT OPTION' : name;
}

const table = ['ALTER', 'CREATE', 'CREATE VIEW', 'DELETE', 'DROP', 'INDEX', 'INSERT', 'REFERENCES', 'SELECT'];
const tableAll = [...table, 'SHOW VIEW', 'TRIGGER', 'UPDATE'];
const routines = ['ALTER ROUTINE', 'CREATE ROUTINE', 'EXECUTE'];
const databaseAll = [...tableAll, ...routines, 'CREATE TEMPORARY TABLES', 'EVENT', 'LOCK TABLES'];
const administration = [
  'CREATE ROLE',
  'CREATE TABLESPACE',
  'CREATE USER',
  'DROP ROLE',
  'FILE',
  'PROCESS',
  'RELOAD',
];
const replication = ['REPLICATION CLIENT', 'REPLICATION SLAVE', 'SHOW DATABASES', 'SHUTDOWN'];
/** Static ones that every release since 8.0 has; ALL gives the dynamic ones of the release too. */
const globalAll = [...databaseAll, ...administration, ...replication];

function allOf(level: string): readonly string[] {
  return level === '*.*' ? globalAll : level.endsWith('.*') ? databaseAll : tableAll;
}

/**
 * What is to be granted and revoked.
 * @param append privileges that are not wanted are left
 */
export function comparePrivileges(
  wanted: Privileges,
  present: Privileges,
  append: boolean,
): PrivilegeChange[] {
  const levels = new Set([...wanted.keys(), ...(append ? [] : present.keys())]);
  return [...levels].sort().flatMap((level) => {
    const want = wanted.get(level) ?? new Set<string>();
    const have = present.get(level) ?? new Set<string>();
    const everything = want.has('ALL') && allOf(level).every((name) => have.has(name));
    const grant = [...want].filter((name) => !have.has(name) && !(name === 'ALL' && everything));
    const revoke = [...have].filter(
      (name) => !append && !want.has(name) && (!want.has('ALL') || name === 'GRANT OPTION'),
    );
    if (grant.length === 0 && revoke.length === 0) return [];
    return [
      { level, grant, revoke, from: words(have), to: words(append ? new Set([...have, ...want]) : want) },
    ];
  });
}

function words(privileges: ReadonlySet<string>): string {
  return [...privileges].sort().join(', ') || 'none';
}

/** The statements for changes, for an account as SQL writes it. */
export function privilegeStatements(changes: readonly PrivilegeChange[], account: string): string[] {
  return changes.flatMap(({ level, grant, revoke }) => {
    const on = level.split('.', 2).map((name) => (name === '*' ? '*' : sqlName(name)));
    const granted = grant.filter((name) => name !== 'GRANT OPTION');
    const option = grant.includes('GRANT OPTION') ? ' WITH GRANT OPTION' : '';
    return [
      ...(revoke.length > 0 ? [`REVOKE ${revoke.join(', ')} ON ${on.join('.')} FROM ${account}`] : []),
      ...(grant.length > 0
        ? [`GRANT ${granted.join(', ') || 'USAGE'} ON ${on.join('.')} TO ${account}${option}`]
        : []),
    ];
  });
}
