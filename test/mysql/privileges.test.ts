import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePrivileges, parsePrivileges, privilegeStatements } from '../../src/mysql/privileges.ts';

const plain = (privileges: ReturnType<typeof parsePrivileges>) =>
  Object.fromEntries([...privileges].map(([level, names]) => [level, [...names].sort()]));

describe('priv', () => {
  it.each<[Parameters<typeof parsePrivileges>[0], Record<string, string[]>]>([
    ['*.*:ALL', { '*.*': ['ALL'] }],
    ['shop.*:select, insert/*.*:GRANT', { 'shop.*': ['INSERT', 'SELECT'], '*.*': ['GRANT OPTION'] }],
    ['`my-shop`.`orders`:ALL PRIVILEGES', { 'my-shop.orders': ['ALL'] }],
    ['*.*:USAGE', { '*.*': [] }],
    ['*.*:REPLICATION  SLAVE,BACKUP_ADMIN', { '*.*': ['BACKUP_ADMIN', 'REPLICATION SLAVE'] }],
    [
      { 'shop.*': 'SELECT', 'log.*': 'INSERT' },
      { 'shop.*': ['SELECT'], 'log.*': ['INSERT'] },
    ],
    [['shop.*:SELECT', 'log.*:INSERT'], { 'shop.*': ['SELECT'], 'log.*': ['INSERT'] }],
  ])('%j', (priv, expected) => {
    expect(plain(parsePrivileges(priv))).toEqual(expected);
  });

  it.each([
    ['SELECT', /no privilege: expected db.table/],
    ['shop:SELECT', /no level/],
    ['*.t:SELECT', /needs its database/],
    ['shop.t:SELECT(name)', /columns and routines/],
    ['shop.*:', /no privilege that can be managed/],
  ])('%j is refused', (priv, message) => {
    expect(() => parsePrivileges(priv)).toThrow(message);
  });
});

describe('privileges compared', () => {
  const compare = (want: string, have: string, append = false) =>
    privilegeStatements(
      comparePrivileges(parsePrivileges(want), have === '' ? new Map() : parsePrivileges(have), append),
      "'a'@'%'",
    );
  const all =
    'ALTER,ALTER ROUTINE,CREATE,CREATE ROUTINE,CREATE TEMPORARY TABLES,CREATE VIEW,DELETE,DROP,EVENT,EXECUTE,INDEX,INSERT,LOCK TABLES,REFERENCES,SELECT,SHOW VIEW,TRIGGER,UPDATE';

  it.each([
    ['shop.*:SELECT', 'shop.*:SELECT', false, []],
    ['shop.*:SELECT', '', false, ["GRANT SELECT ON `shop`.* TO 'a'@'%'"]],
    ['shop.*:SELECT', 'shop.*:SELECT,INSERT', false, ["REVOKE INSERT ON `shop`.* FROM 'a'@'%'"]],
    ['shop.*:SELECT', 'shop.*:SELECT,INSERT/log.t:DELETE', true, []],
    ['shop.*:SELECT', 'shop.*:SELECT/log.t:DELETE', false, ["REVOKE DELETE ON `log`.`t` FROM 'a'@'%'"]],
    ['shop.*:ALL', `shop.*:${all}`, false, []],
    ['shop.*:ALL', `shop.*:${all},GRANT`, false, ["REVOKE GRANT OPTION ON `shop`.* FROM 'a'@'%'"]],
    ['shop.*:ALL', 'shop.*:SELECT', false, ["GRANT ALL ON `shop`.* TO 'a'@'%'"]],
    ['*.*:PROCESS,GRANT', '*.*:PROCESS', false, ["GRANT USAGE ON *.* TO 'a'@'%' WITH GRANT OPTION"]],
    ['*.*:USAGE', '*.*:SELECT', false, ["REVOKE SELECT ON *.* FROM 'a'@'%'"]],
  ])('%s wanted, %s there, append %s', (want, have, append, expected) => {
    expect(compare(want, have, append)).toEqual(expected);
  });

  const privilege = fc.constantFrom<string>('SELECT', 'INSERT', 'PROCESS', 'GRANT OPTION', 'BACKUP_ADMIN');
  const level = fc.constantFrom<string>('*.*', 'shop.*', 'shop.t');
  const privileges = fc
    .array(fc.tuple(level, fc.uniqueArray(privilege)), { maxLength: 4 })
    .map((entries) => new Map(entries.map(([where, names]) => [where, new Set(names)])));

  it('lead from what is there to what is wanted', () => {
    fc.assert(
      fc.property(privileges, privileges, fc.boolean(), (want, have, append) => {
        const after = new Map([...have].map(([where, names]) => [where, new Set(names)]));
        for (const { level: where, grant, revoke } of comparePrivileges(want, have, append)) {
          const names = after.get(where) ?? new Set();
          for (const name of revoke) expect(names.delete(name)).toBe(true);
          for (const name of grant) names.add(name);
          after.set(where, names);
        }
        expect(comparePrivileges(want, after, append)).toEqual([]);
        for (const [where, names] of want) for (const name of names) expect(after.get(where)).toContain(name);
      }),
    );
  });
});
