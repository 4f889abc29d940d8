import { expect, test } from 'vitest';
import { dialectOf, wordOf } from '../../src/mysql/dialect.ts';
import { converted, grantsOf, limitsOf, requirementOf, treeOf, versionOf } from '../../src/mysql/info.ts';
import { sqlValue, withArguments } from '../../src/mysql/placeholders.ts';
import {
  errorOf,
  parseAnswers,
  parseTypes,
  sessionScript,
  typedRows,
  typesScript,
} from '../../src/mysql/session.ts';

const set = (rows: string) =>
  `<?xml version="1.0"?>\n\n<resultset statement="x&gt;" xmlns:xsi="y">\n${rows}</resultset>\n`;
const done = (count: number) =>
  set(
    `<row><field name="foobar-end-of-statement">foobar-end-of-statement</field><field name="c">${count}</field><field name="t">1500</field></row>`,
  );

test('answers keep rows, counts and what XML escapes', () => {
  const rows =
    '<row>\n<field name="a&lt;b">x &amp;\n&quot;</field>\n<field name="n" xsi:nil="true" />\n</row>';
  expect(parseAnswers(set(rows) + done(-1) + done(3))).toEqual([
    { rows: [{ 'a<b': 'x &\n"', n: null }], count: 1, milliseconds: 1.5 },
    { rows: [], count: 3, milliseconds: 1.5 },
  ]);
  expect(sessionScript(['SELECT 1; '])).toContain('\nSELECT 1$foobar$\n');
});

test('types come from a table of nothing, for what selects', () => {
  expect(typesScript(['SELECT 1;', 'DROP TABLE x'])).not.toContain('DROP');
  const stdout =
    'Field   1:  `foobar-end-of-statement0`\nType:       LONG\nField   1:  `id`\nCatalog: `def`\nType:       LONGLONG\nField   2:  `d`\nType:       DATETIME\nField   1:  `foobar-end-of-statement1`\nType:       LONG\n';
  const types = parseTypes(stdout);
  expect(types).toEqual([{ id: 'LONGLONG', d: 'DATETIME' }, {}]);
  expect(typedRows([{ id: '7', d: '2026-01-02 03:04:05', s: '7' }], types[0]!)).toEqual([
    { id: 7, d: '2026-01-02T03:04:05', s: '7' },
  ]);
});

test('errors are in the words of PyMySQL', () => {
  expect(errorOf("ERROR 1146 (42S02) at line 3: Table 't.x' doesn't exist\n")).toEqual({
    code: 1146,
    text: `(1146, "Table 't.x' doesn't exist")`,
  });
  expect(errorOf('ERROR 1200 (HY000): Misconfigured')?.text).toBe("(1200, 'Misconfigured')");
});

test('arguments', () => {
  expect(withArguments('a = %s AND b LIKE %s', [1, "it's\n%"], undefined)).toBe(
    "a = 1 AND b LIKE 'it\\'s\\n%'",
  );
  expect(withArguments('%% %(x)s', undefined, { x: null })).toBe('% NULL');
  expect(withArguments('LIKE "%s"', undefined, undefined)).toBe('LIKE "%s"');
  expect(() => withArguments('%s', [1, 2], undefined)).toThrow('not all arguments');
  expect(() => withArguments('%s %s', [1], undefined)).toThrow('not enough arguments');
  expect([1.5, true, [1, 'a']].map(sqlValue)).toEqual(['1.5e0', 'true', "(1,'a')"]);
});

test('servers differ in their words', () => {
  const words = (version: string) =>
    (['primaryStatus', 'resetPrimary', 'replica', 'sourceOption'] as const).map((name) =>
      wordOf(name, dialectOf(version)),
    );
  expect(words('8.0.21')).toEqual(['SHOW MASTER STATUS', 'RESET MASTER', 'SLAVE', 'MASTER_']);
  expect(words('8.4.5')).toEqual([
    'SHOW BINARY LOG STATUS',
    'RESET BINARY LOGS AND GTIDS',
    'REPLICA',
    'SOURCE_',
  ]);
  expect(words('11.8.6-MariaDB-0+deb13u1')).toEqual([
    'SHOW BINLOG STATUS',
    'RESET MASTER',
    'REPLICA',
    'MASTER_',
  ]);
});

test('information', () => {
  const answer = (...rows: Record<string, unknown>[]) => ({ rows, count: rows.length, milliseconds: 0 });
  expect(versionOf('8.4.5-log')).toEqual({
    major: 8,
    minor: 4,
    release: 5,
    suffix: 'log',
    full: '8.4.5-log',
  });
  expect(treeOf(answer({ Host: 'h', User: 'u', A: '1' }), ['Host', 'User'])).toEqual({ h: { u: { A: 1 } } });
  expect(
    grantsOf(
      answer(
        { g: "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*A'" },
        { g: 'GRANT SELECT (`b`, `a`), INSERT ON `d`.`t` TO `u`@`%` WITH GRANT OPTION' },
        { g: 'GRANT ALL PRIVILEGES ON `e`.* TO `u`@`%`' },
      ),
    ),
  ).toBe('d.t:SELECT (a, b),INSERT,GRANT/e.*:ALL');
  expect(
    requirementOf({ ssl_type: 'SPECIFIED', ssl_cipher: '', x509_issuer: 'CN', x509_subject: '' }),
  ).toEqual({
    tls_requires: { ISSUER: 'CN' },
  });
  expect(limitsOf({ max_questions: '0', max_user_connections: '5' })).toEqual({
    resource_limits: { MAX_USER_CONNECTIONS: '5' },
  });
  expect([converted('12'), converted('1.5'), converted(null)]).toEqual([12, '1.5', null]);
});
