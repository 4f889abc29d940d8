import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialectOf } from '../../src/mysql/dialect.ts';
import {
  comparePrivileges,
  type Manner,
  parsePrivileges,
  privilegeStatements,
} from '../../src/mysql/privileges.ts';

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
    ['shop.t:SELECT (ID, `name`),INSERT', { 'shop.t': ['INSERT', 'SELECT(id)', 'SELECT(name)'] }],
    ['FUNCTION shop.f:execute', { 'FUNCTION shop.f': ['EXECUTE'] }],
    ['`shop.old`.*:SELECT', { 'shop.old.*': ['SELECT'] }],
    [['shop.*:SELECT', 'log.*:INSERT'], { 'shop.*': ['SELECT'], 'log.*': ['INSERT'] }],
  ])('%j', (priv, expected) => {
    expect(plain(parsePrivileges(priv))).toEqual(expected);
  });

  it.each([
    ['SELECT', /no privilege: expected db.table/],
    ['shop:SELECT', /no level/],
    ['*.t:SELECT', /needs its database/],
    ['shop.t:SELECT(name', /no privilege/],
    ['shop.*:', /no privilege/],
  ])('%j is refused', (priv, message) => {
    expect(() => parsePrivileges(priv)).toThrow(message);
  });
});

describe('privileges compared', () => {
  const compare = (want: string, have: string, manner: Manner) =>
    privilegeStatements(
      comparePrivileges(
        parsePrivileges(want),
        have === '' ? new Map() : parsePrivileges(have),
        manner,
        dialectOf('9.7.4'),
      ),
      "'a'@'%'",
    );
  const all =
    'ALTER,ALTER ROUTINE,CREATE,CREATE ROUTINE,CREATE TEMPORARY TABLES,CREATE VIEW,DELETE,DROP,EVENT,EXECUTE,INDEX,INSERT,LOCK TABLES,REFERENCES,SELECT,SHOW VIEW,TRIGGER,UPDATE';

  it.each([
    ['shop.*:SELECT', 'shop.*:SELECT', 'replace', []],
    ['shop.*:SELECT', '', 'replace', ["GRANT SELECT ON `shop`.* TO 'a'@'%'"]],
    ['shop.*:SELECT', 'shop.*:SELECT,INSERT', 'replace', ["REVOKE INSERT ON `shop`.* FROM 'a'@'%'"]],
    ['shop.*:SELECT', 'shop.*:SELECT,INSERT/log.t:DELETE', 'append', []],
    ['shop.*:SELECT', 'shop.*:SELECT/log.t:DELETE', 'replace', ["REVOKE DELETE ON `log`.`t` FROM 'a'@'%'"]],
    ['shop.*:ALL', `shop.*:${all}`, 'replace', []],
    ['shop.*:ALL', `shop.*:${all},GRANT`, 'replace', ["REVOKE GRANT OPTION ON `shop`.* FROM 'a'@'%'"]],
    ['shop.*:ALL', 'shop.*:SELECT', 'replace', ["GRANT ALL ON `shop`.* TO 'a'@'%'"]],
    ['*.*:PROCESS,GRANT', '*.*:PROCESS', 'replace', ["GRANT USAGE ON *.* TO 'a'@'%' WITH GRANT OPTION"]],
    ['*.*:USAGE', '*.*:SELECT', 'replace', ["REVOKE SELECT ON *.* FROM 'a'@'%'"]],
    ['shop.t:SELECT(b,a)', 'shop.t:SELECT(A)', 'replace', ["GRANT SELECT (`b`) ON `shop`.`t` TO 'a'@'%'"]],
    [
      'shop.t:SELECT(a)',
      'shop.t:SELECT(c,b,a)',
      'replace',
      ["REVOKE SELECT (`b`, `c`) ON `shop`.`t` FROM 'a'@'%'"],
    ],
    ['shop.*:SELECT,DROP', 'shop.*:SELECT,INSERT', 'subtract', ["REVOKE SELECT ON `shop`.* FROM 'a'@'%'"]],
    ['shop.*:ALL', 'shop.*:SELECT,GRANT', 'subtract', ["REVOKE SELECT ON `shop`.* FROM 'a'@'%'"]],
    ['shop.*:SELECT', 'log.*:SELECT', 'subtract', []],
    ['PROCEDURE x.p:ALL', 'PROCEDURE x.p:EXECUTE,ALTER ROUTINE', 'replace', []],
    ['FUNCTION x.f:EXECUTE', '', 'replace', ["GRANT EXECUTE ON FUNCTION `x`.`f` TO 'a'@'%'"]],
  ] as const)('%s wanted, %s there, %s', (want, have, manner, expected) => {
    expect(compare(want, have, manner)).toEqual(expected);
  });

  const privilege = fc.constantFrom<string>('SELECT', 'INSERT', 'PROCESS', 'GRANT OPTION', 'BACKUP_ADMIN');
  const manners = fc.constantFrom<Manner>('replace', 'append', 'subtract');
  const dialect = dialectOf('9.7.4');
  const level = fc.constantFrom<string>('*.*', 'shop.*', 'shop.t');
  const privileges = fc
    .array(fc.tuple(level, fc.uniqueArray(privilege)), { maxLength: 4 })
    .map((entries) => new Map(entries.map(([where, names]) => [where, new Set(names)])));

  it('lead from what is there to what is wanted', () => {
    fc.assert(
      fc.property(privileges, privileges, manners, (want, have, manner) => {
        const after = new Map([...have].map(([where, names]) => [where, new Set(names)]));
        for (const { level: where, grant, revoke } of comparePrivileges(want, have, manner, dialect)) {
          const names = after.get(where) ?? new Set();
          for (const name of revoke) expect(names.delete(name)).toBe(true);
          for (const name of grant) names.add(name);
          after.set(where, names);
        }
        expect(comparePrivileges(want, after, manner, dialect)).toEqual([]);
        for (const [where, names] of want)
          for (const name of names)
            if (manner === 'subtract') expect(after.get(where) ?? []).not.toContain(name);
            else expect(after.get(where)).toContain(name);
      }),
    );
  });
});
