import { describe, expect, it } from 'vitest';
import module from '../../src/modules/mysql_db.ts';
import { dialectOf } from '../../src/mysql/dialect.ts';

const at = (writable = true, check = false) => ({
  writable,
  dialect: dialectOf('9.7.4-2'),
  databases: ['shop'],
  check,
});
const parse = (args: Record<string, unknown>) => module.params.parse(args);
const diff = (args: Record<string, unknown>, writable = true) => module.diff(parse(args), at(writable));

describe('mysql_db', () => {
  it.each([
    [{ name: 'shop' }, []],
    [{ db: 'shop', encoding: 'latin1' }, []],
    [{ name: ['shop', 'log'] }, [{ what: 'database log', from: 'absent', to: 'present' }]],
    [{ name: 'shop,log', state: 'absent' }, [{ what: 'database shop', from: 'present', to: 'absent' }]],
    [{ name: 'shop', state: 'dump', target: '/x' }, [{ what: 'dump', from: 'shop', to: '/x' }]],
    [{ name: 'new', state: 'import', target: '/x' }, [{ what: 'import', from: '/x', to: 'new' }]],
    [{ name: [] }, []],
  ])('%j', (args, expected) => {
    expect(diff(args)).toEqual(expected);
  });

  it('leaves a replica to its primary, but dumps it', () => {
    expect(diff({ name: 'log' }, false)).toEqual([]);
    expect(diff({ name: 'new', state: 'import', target: '/x' }, false)).toEqual([]);
    expect(diff({ name: 'shop', state: 'dump', target: '/x' }, false)).toHaveLength(1);
  });

  it('returns what Ansible returns', () => {
    const want = parse({ name: 'shop,log', encoding: 'utf8mb4', collation: 'utf8mb4_bin' });
    const result = () => module.result!(want, at());
    const names = { db: 'shop log', db_list: ['shop', 'log'] };
    module.diff(want, at(true, true));
    expect(result()).toEqual(names);
    module.diff(want, at());
    const statement = "CREATE DATABASE `log` CHARACTER SET 'utf8mb4' COLLATE 'utf8mb4_bin'";
    expect(result()).toEqual({ ...names, executed_commands: [statement] });
  });

  it.each(['mysql', 'foobar', 'SYS'])('never drops %s', (name) => {
    expect(() => parse({ name, state: 'absent' })).toThrow(/never dropped/);
  });

  it.each([
    [{ name: 'a', state: 'dump' }, /with state=dump target is required/],
    [{ name: 'a,b', state: 'import', target: '/x' }, /Multiple databases/],
    [{ name: 'all' }, /not allowed to equal 'all'/],
    [{ name: 'a', state: 'dump', target: '/x', ignore_tables: [''] }, /cannot be empty/],
    [{ name: 'a', state: 'dump', target: '/x', master_data: 3 }, /master_data/],
  ])('refuses %j', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it('names the database that cannot be dumped', () => {
    expect(() => diff({ name: 'shop,log', state: 'dump', target: '/x' })).toThrow(
      "Cannot dump database(s) 'log' - not found",
    );
  });
});
