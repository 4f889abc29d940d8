import type { Dialect } from './dialect.ts';
import { sqlName } from './literal.ts';

/**
 * Privileges by level: '*.*', 'db.*', 'db.table', 'FUNCTION db.name' or 'PROCEDURE db.name' -> upper-case names;
 * GRANT OPTION and ALL are among them. That of a column is 'SELECT(column)', for each column.
 */
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
    for (const name of names.split(/,(?![^(]*\))/)) for (const one of readPrivilege(name)) set.add(one);
    set.delete('USAGE');
    found.set(level, set);
  }
  return found;
}

function readLevel(text: string): string {
  const match = /^(?:(FUNCTION|PROCEDURE) )?(\*|`[^`]+`|[^`]+)\.(\*|`[^`]+`|[^`.]+)$/.exec(text.trim());
  if (!match) throw new Error(`"${text}" is no level of privileges: expected *.*, db.* or db.table`);
  const [database, table] = [match[2]!, match[3]!].map((name) => name.replaceAll('`', ''));
  if (database === '*' && table !== '*') throw new Error(`"${text}": a table needs its database`);
  return `${match[1] ? `${match[1]} ` : ''}${database}.${table}`;
}

/** More than one for a list of columns. MySQL does not tell columns apart by case. */
function readPrivilege(text: string): string[] {
  const [, said = '', columns] = /^([^(]*?)\s*(?:\(([^()]+)\))?$/.exec(text.trim()) ?? [];
  const name = said.replaceAll(/\s+/g, ' ').toUpperCase();
  if (!/^[A-Z_ ]+$/.test(name)) throw new Error(`"${text.trim()}" is no privilege`);
  if (columns !== undefined) return columns.split(',').map((column) => ofColumn(name, column));
  if (name === 'ALL PRIVILEGES') return ['ALL'];
  return [name === 'GRANT' ? 'GRANT OPTION' : name];
}

/** A privilege on one column of its table. */
export function ofColumn(privilege: string, column: string): string {
  return `${privilege}(${column.trim().replaceAll('`', '').toLowerCase()})`;
}

const table = ['ALTER', 'CREATE', 'CREATE VIEW', 'DELETE', 'DROP', 'INDEX', 'INSERT', 'REFERENCES', 'SELECT'];
const tableAll = [...table, 'SHOW VIEW', 'TRIGGER', 'UPDATE'];
const routines = ['ALTER ROUTINE', 'CREATE ROUTINE', 'EXECUTE'];
const databaseAll = [...tableAll, ...routines, 'CREATE TEMPORARY TABLES', 'EVENT', 'LOCK TABLES'];
const administration = ['CREATE TABLESPACE', 'CREATE USER', 'FILE', 'PROCESS', 'RELOAD'];
const roles = ['CREATE ROLE', 'DROP ROLE'];
const replication = ['REPLICATION SLAVE', 'SHOW DATABASES', 'SHUTDOWN'];

/** Static ones that every release has; ALL gives the dynamic ones of the release too. */
function allOf(level: string, { mariadb, version }: Dialect): readonly string[] {
  if (/^(FUNCTION|PROCEDURE) /.test(level)) return ['ALTER ROUTINE', 'EXECUTE'];
  if (level !== '*.*') return level.endsWith('.*') ? databaseAll : tableAll;
  const common = [...databaseAll, ...administration, ...replication];
  return mariadb || (version[0] ?? 0) < 8 ? common : [...common, ...roles, 'REPLICATION CLIENT'];
}

/** append: privileges that are not wanted are left; subtract: those that are named are taken away. */
export type Manner = 'replace' | 'append' | 'subtract';

/** What is to be granted and revoked. */
export function comparePrivileges(
  wanted: Privileges,
  present: Privileges,
  manner: Manner,
  dialect: Dialect,
): PrivilegeChange[] {
  const levels = new Set([...wanted.keys(), ...(manner === 'replace' ? present.keys() : [])]);
  return [...levels].sort().flatMap((level) => {
    const want = wanted.get(level) ?? new Set<string>();
    const have = present.get(level) ?? new Set<string>();
    const everything = want.has('ALL') && allOf(level, dialect).every((name) => have.has(name));
    const named = (name: string) => want.has(name) || (want.has('ALL') && name !== 'GRANT OPTION');
    const grant =
      manner === 'subtract'
        ? []
        : [...want].filter((name) => !have.has(name) && !(name === 'ALL' && everything));
    const revoke = [...have].filter((name) => manner !== 'append' && named(name) === (manner === 'subtract'));
    if (grant.length === 0 && revoke.length === 0) return [];
    const to = {
      replace: want,
      append: new Set([...have, ...want]),
      subtract: new Set([...have].filter((name) => !revoke.includes(name))),
    }[manner];
    return [{ level, grant, revoke, from: words(have), to: words(to) }];
  });
}

function words(privileges: ReadonlySet<string>): string {
  return joined([...privileges]).join(', ') || 'none';
}

/** As SQL writes them: the columns of a privilege together, `SELECT (a, b)`. */
export function joined(privileges: readonly string[]): string[] {
  const columns = new Map<string, string[]>();
  const plain: string[] = [];
  for (const name of [...privileges].sort()) {
    const [, privilege, column] = /^([^(]+)\((.*)\)$/.exec(name) ?? [];
    if (privilege === undefined) plain.push(name);
    else columns.set(privilege, [...(columns.get(privilege) ?? []), sqlName(column!)]);
  }
  return [...plain, ...[...columns].map(([privilege, names]) => `${privilege} (${names.join(', ')})`)];
}

/** The statements for changes, for an account as SQL writes it. */
export function privilegeStatements(changes: readonly PrivilegeChange[], account: string): string[] {
  return changes.flatMap(({ level, grant, revoke }) => {
    const [, kind = '', database, name] = /^((?:FUNCTION|PROCEDURE) )?(.*)\.([^.]*)$/.exec(level) ?? [];
    const on = `${kind}${[database!, name!].map((part) => (part === '*' ? '*' : sqlName(part))).join('.')}`;
    const granted = grant.filter((name) => name !== 'GRANT OPTION');
    const option = grant.includes('GRANT OPTION') ? ' WITH GRANT OPTION' : '';
    return [
      ...(revoke.length > 0 ? [`REVOKE ${joined(revoke).join(', ')} ON ${on} FROM ${account}`] : []),
      ...(grant.length > 0
        ? [`GRANT ${joined(granted).join(', ') || 'USAGE'} ON ${on} TO ${account}${option}`]
        : []),
    ];
  });
}
