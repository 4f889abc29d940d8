import { describe, expect, it } from 'vitest';
import { openLocalHost } from '../../../src/host/local.ts';
import { type LoginFile, mysqlSelects } from '../../../src/host/queries/mysql_session.ts';
import { rawShell, sh } from '../../../src/host/sh.ts';

const login = (settings: string): LoginFile => ({
  settings,
  read: rawShell(`c=$(head -c ${settings.length})`),
});
const root = login('[client]\nuser=root\n');
const app = login('[client]\nuser=app\n');

/** What the client prints with --xml for a statement and our line behind it, as MySQL 9.7 does. */
const rows = (value?: string) => {
  const row = value === undefined ? '' : `<row><field name="v">${value}</field></row>`;
  const result = (inner: string) => `<resultset statement="x" xmlns:xsi="y">${inner}</resultset>\n`;
  const marked =
    '<row><field name="foobar-end-of-statement">foobar-end-of-statement</field><field name="c">-1</field><field name="t">5</field></row>';
  return (value === undefined ? '' : result(row)) + result(marked);
};
const end = (number: number, code = 0, stderr = '') =>
  `\nfoobar-session-${number} error\n${stderr}\nfoobar-session-${number} ${code}\n`;
const parse = (text: string, args: { login: LoginFile; sql: string }[]) =>
  mysqlSelects.parse(Buffer.from(text), args);
const answer = (value: string) => ({ answer: { rows: [{ v: value }], count: 1, milliseconds: 0.005 } });

describe('mysqlSelects', () => {
  it('reads all SQL of a login in one session, in the order of the questions', () => {
    const args = [
      { login: root, sql: 'SELECT 1 v' },
      { login: app, sql: 'SELECT 2 v' },
      { login: root, sql: 'SELECT 3 v' },
    ];
    const text = rows() + rows('1') + rows('3') + end(0) + rows() + rows('2') + end(1);
    expect(parse(text, args)).toEqual([answer('1'), answer('2'), answer('3')]);
    expect(mysqlSelects.script(args).text.match(/--defaults-file/g)).toHaveLength(2);
  });

  it('tells a refusal to all questions of that login', () => {
    const args = [
      { login: root, sql: 'SELECT 1 v' },
      { login: root, sql: 'SELECT 2 v' },
      { login: app, sql: 'SELECT 3 v' },
    ];
    const stderr = "ERROR 1045 (28000): Access denied for user 'root'@'localhost'";
    const refused = { code: 1, stderr, refused: true };
    expect(parse(end(0, 1, stderr) + rows() + rows('3') + end(1), args)).toEqual([
      refused,
      refused,
      answer('3'),
    ]);
  });

  it('has a statement that fails among others asked by itself', () => {
    const stderr = "ERROR 1146 (42S02) at line 5: Table 'x.y' doesn't exist";
    const args = [
      { login: root, sql: 'SELECT 1 v' },
      { login: root, sql: 'SELECT * FROM x.y' },
    ];
    expect(() => parse(rows() + rows('1') + end(0, 1, stderr), args)).toThrow('1146');
    expect(parse(rows() + end(0, 1, stderr), args.slice(1))).toEqual([{ code: 1, stderr, refused: false }]);
  });

  it('keeps the login out of every process', () => {
    const secret = login('[client]\npassword="s3cret"\n');
    const { text } = mysqlSelects.script([{ login: secret, sql: 'SELECT 1' }]);
    expect(text).toMatch(/printf %s '\[client]\npassword="s3cret"/);
    expect(text.replace(/printf %s '[^']*'/, '')).not.toContain('s3cret');
  });
});

it('finds out that there is no client', async () => {
  const host = await openLocalHost();
  try {
    const args = ['SELECT 1', 'SELECT 2'].map((sql) => ({ login: root, sql }));
    const { stdout } = await host.look(sh`PATH=/nonexistent
${mysqlSelects.script(args)}`);
    expect(parse(stdout, args)).toEqual(Array(2).fill({ code: 127, stderr: '', refused: true }));
  } finally {
    await host.close();
  }
});
