import { describe, expect, it } from 'vitest';
import { checksumSql, compareTables, parseTable, type Table } from '../../src/mysql/checksum.ts';

const table = (change: Partial<Table> = {}): Table => ({
  schema: 'shop',
  name: 'orders',
  engine: 'InnoDB',
  distinct: true,
  columns: [{ name: 'id', type: 'int', full: 'int unsigned' }],
  ...change,
});
const column = (type: string, name = 'c') => ({ name, type, full: type });

describe('the checksum of a table', () => {
  it('combines the hashes of rows that cannot be the same by XOR', () => {
    expect(checksumSql(table())).toBe(
      "SELECT JSON_OBJECT('rows', COUNT(*), 'hash', LOWER(HEX(BIT_XOR(UNHEX(SHA2(CONCAT_WS(',', COALESCE(`id`, '-')), 256)))))) FROM `shop`.`orders`",
    );
  });

  it('adds those of rows that can, in which XOR would lose pairs', () => {
    const sql = checksumSql(table({ distinct: false }));
    expect(sql).not.toContain('BIT_XOR');
    expect(sql.match(/SUM\(CAST\(CONV\(SUBSTR\(h, \d+, 15\), 16, 10\) AS UNSIGNED\)\)/g)).toHaveLength(4);
  });

  it.each([
    ['varchar', 'HEX(`c`)'],
    ['varbinary', 'HEX(`c`)'],
    ['longtext', 'SHA2(`c`, 256)'],
    ['mediumblob', 'SHA2(`c`, 256)'],
    ['multipolygon', 'SHA2(`c`, 256)'],
    ['json', 'SHA2(CAST(`c` AS CHAR), 256)'],
    ['enum', '`c` + 0'],
    ['bit', '`c` + 0'],
    ['float', 'CAST(`c` AS DOUBLE)'],
    ['decimal', '`c`'],
    ['datetime', '`c`'],
  ])('writes %s as text that tells its values apart', (type, text) => {
    expect(checksumSql(table({ columns: [column(type)] }))).toContain(`COALESCE(${text}, '-')`);
  });

  it('quotes names', () => {
    expect(checksumSql(table({ name: 'a`b' }))).toContain('FROM `shop`.`a``b`');
  });
});

describe('tables of two servers', () => {
  it.each<[string, Table[], Table[], string[]]>([
    ['the same', [table()], [table()], []],
    ['one is missing', [table()], [], ['shop.orders is missing']],
    ['one is more', [], [table()], ['shop.orders is missing']],
    [
      'another column',
      [table()],
      [table({ columns: [column('int', 'id')] })],
      ['shop.orders has other columns'],
    ],
  ])('%s', (_case, left, right, told) => {
    expect(compareTables(left, right).map(({ table, text }) => `${table} ${text}`)).toEqual(told);
  });

  it('are read from rows of JSON', () => {
    expect(parseTable({ ...table(), distinct: 1 })).toEqual(table());
  });
});
