import { describe, expect, it } from 'vitest';
import module from '../../src/modules/mysql_db.ts';

const shop = { name: 'shop', encoding: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' };
const diff = (args: Record<string, unknown>, writable = true) =>
  module.diff(module.params.parse(args), { writable, databases: [shop] });

describe('mysql_db', () => {
  it.each([
    [{ name: 'shop' }, []],
    [{ db: 'shop', encoding: 'UTF8MB4' }, []],
    [{ name: 'shop', encoding: 'latin1' }, [{ what: 'encoding of shop', from: 'utf8mb4', to: 'latin1' }]],
    [{ name: ['shop', 'log'] }, [{ what: 'database log', from: 'absent', to: 'present' }]],
    [{ name: 'shop,log', state: 'absent' }, [{ what: 'database shop', from: 'present', to: 'absent' }]],
  ])('%j', (args, expected) => {
    expect(diff(args)).toEqual(expected);
  });

  it('leaves a replica to its primary', () => {
    expect(diff({ name: 'log' }, false)).toEqual([]);
  });

  it.each(['mysql', 'foobar', 'SYS'])('never drops %s', (name) => {
    expect(() => module.params.parse({ name, state: 'absent' })).toThrow(/never dropped/);
  });
});
