import { describe, expect, it } from 'vitest';
import { NotYet } from '../../../src/errors.ts';
import { openLocalHost } from '../../../src/host/local.ts';
import { mysqlRows, refusal } from '../../../src/host/queries/mysql.ts';
import { rawShell, sh } from '../../../src/host/sh.ts';

const ask = (sql: string, socket = '/a.sock') => ({ socket, sql });
const parse = (text: string, questions = [ask('1'), ask('2')]) =>
  mysqlRows.parse(Buffer.from(text), questions);
const marker = 'foobar-answer-';

describe('the answers of the mysql client', () => {
  it.each([
    [
      'rows',
      `${marker}socket /a.sock\n${marker}0\n{"a": 1}\n{"a": 2}\n${marker}1\n`,
      [
        { state: 'up', rows: [{ a: 1 }, { a: 2 }] },
        { state: 'up', rows: [] },
      ],
    ],
    [
      'one that fails beside one that does not',
      `${marker}socket /a.sock\n${marker}0\nERROR 1146 (42S02) at line 2: no table\n${marker}1\n[1]\n`,
      [
        { state: 'error', reason: 'ERROR 1146 (42S02) at line 2: no table' },
        { state: 'up', rows: [[1]] },
      ],
    ],
    [
      'a server that does not run',
      `${marker}socket /a.sock\nERROR 2002 (HY000): no socket\n`,
      [
        { state: 'down', reason: 'ERROR 2002 (HY000): no socket' },
        { state: 'down', reason: 'ERROR 2002 (HY000): no socket' },
      ],
    ],
    [
      'a server that dies on the way',
      `${marker}socket /a.sock\n${marker}0\n{}\n${marker}1\nERROR 2013 (HY000) at line 4: lost\n`,
      [
        { state: 'up', rows: [{}] },
        { state: 'down', reason: 'ERROR 2013 (HY000) at line 4: lost' },
      ],
    ],
    [
      'root is not let in',
      `${marker}socket /a.sock\nERROR 1698 (28000): denied\n`,
      [
        { state: 'error', reason: 'ERROR 1698 (28000): denied' },
        { state: 'error', reason: 'ERROR 1698 (28000): denied' },
      ],
    ],
    ['no client', `${marker}absent\n`, [{ state: 'absent' }, { state: 'absent' }]],
    [
      'a client that says nothing',
      `${marker}socket /a.sock\n`,
      [
        { state: 'error', reason: 'no answer' },
        { state: 'error', reason: 'no answer' },
      ],
    ],
  ])('%s', (_case, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('of two sockets are told apart', () => {
    const text = `${marker}socket /a.sock\nERROR 2002 (HY000): a\n${marker}socket /b.sock\n${marker}1\n{}\n`;
    expect(parse(text, [ask('1'), ask('2', '/b.sock')])).toEqual([
      { state: 'down', reason: 'ERROR 2002 (HY000): a' },
      { state: 'up', rows: [{}] },
    ]);
  });

  it('that are no JSON are an error', () => {
    const [answer] = parse(`${marker}socket /a.sock\n${marker}0\nhello\n`);
    expect(answer).toEqual({ state: 'error', reason: 'the client printed what is no JSON: hello' });
  });

  it('are the error alone where the client of MariaDB prints the statement before', () => {
    const reason = "ERROR 1193 (HY000) at line 2: Unknown system variable 'server_uuid'";
    const echo = '--------------\nSELECT JSON_OBJECT(\n--------------\n';
    const [answer] = parse(`${marker}socket /a.sock\n${marker}0\n${echo}\n${reason}\n`);
    expect(answer).toEqual({ state: 'error', reason });
    expect(refusal('db1', { state: 'error', reason }).hint).toContain('MariaDB');
  });
});

describe('the question', () => {
  it('starts one client for each socket', () => {
    const { text } = mysqlRows.script([ask('SELECT 1'), ask('SELECT 2', '/b.sock'), ask('SELECT 3')]);
    expect(text.match(/\| mysql /g)).toHaveLength(2);
  });

  it('finds out that there is no client', async () => {
    const host = await openLocalHost();
    try {
      const script = mysqlRows.script([ask('SELECT 1')]);
      const { stdout } = await host.look(sh`PATH=/nonexistent
${rawShell(script.text)}`);
      expect(mysqlRows.parse(Buffer.from(stdout), [ask('SELECT 1')])).toEqual([{ state: 'absent' }]);
    } finally {
      await host.close();
    }
  });
});

it('a server that is not there is not there yet; one that refuses is a failure with advice', () => {
  expect(refusal('db1', { state: 'absent' })).toBeInstanceOf(NotYet);
  expect(refusal('db1', { state: 'down', reason: 'ERROR 2002' })).toBeInstanceOf(NotYet);
  const denied = refusal('db1', { state: 'error', reason: 'ERROR 1698 (28000): denied' });
  expect(denied).not.toBeInstanceOf(NotYet);
  expect(denied.hint).toContain('auth_socket');
});
