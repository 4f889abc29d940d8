import { describe, expect, it } from 'vitest';
import primary from '../../src/modules/mysql_primary.ts';
import replica from '../../src/modules/mysql_replica.ts';
import { Bench } from './harness.ts';

const group = { members: 'db1,db2', addresses: '192.0.2.1,192.0.2.2', hint: 'db1' };
const settings = (readOnly: string) => ({
  super_read_only: readOnly,
  'persisted read_only': 'no',
  'permission to write': readOnly === 'OFF' ? 'yes' : 'no',
  'semi-sync source': 'ON',
  mark: 'ON',
});
const have = (isPrimary: boolean, change = {}) => ({
  primary: 'db1',
  address: '192.0.2.1',
  isPrimary,
  cluster: 'id',
  uuid: 'uuid',
  term: 1,
  semiSyncVariable: 'rpl_semi_sync_source_enabled',
  settings: { ...settings(isPrimary ? 'OFF' : 'ON'), ...change },
});
const diff = (...args: Parameters<typeof have>) => primary.diff(primary.params.parse(group), have(...args));

describe('mysql_primary', () => {
  it('is settled with one writable server', () => {
    expect(diff(true)).toEqual([]);
    expect(diff(false)).toEqual([]);
  });

  it.each([
    [true, { super_read_only: 'ON' }, { what: 'super_read_only', from: 'ON', to: 'OFF' }],
    [false, { super_read_only: 'read_only' }, { what: 'super_read_only', from: 'read_only', to: 'ON' }],
    [false, { super_read_only: 'OFF' }, { what: 'super_read_only', from: 'OFF', to: 'ON' }],
    [true, { 'persisted read_only': 'OFF' }, { what: 'persisted read_only', from: 'OFF', to: 'no' }],
    [
      true,
      { 'permission to write': 'for another server' },
      { what: 'permission to write', from: 'for another server', to: 'yes' },
    ],
    [false, { 'permission to write': 'yes' }, { what: 'permission to write', from: 'yes', to: 'no' }],
    [true, { mark: 'without a term' }, { what: 'mark', from: 'without a term', to: 'ON' }],
    [true, { mark: 'missing' }, { what: 'mark', from: 'missing', to: 'ON' }],
    [true, { 'semi-sync source': 'OFF' }, { what: 'semi-sync source', from: 'OFF', to: 'ON' }],
  ])('on the primary %s: %j', (isPrimary, change, expected) => {
    expect(diff(isPrimary, change)).toEqual([expected]);
  });

  it("does not mark a replica, whose data is the primary's", () => {
    expect(diff(false, { mark: 'missing' })).toEqual([]);
  });

  it('refuses lists that do not belong together', async () => {
    const bench = await Bench.open();
    try {
      const odd = { ...group, members: 'localhost,db2,db3' };
      await expect(bench.check('mysql_primary', odd)).rejects.toThrow('3 members and 2 addresses');
      await expect(bench.check('mysql_primary', group)).rejects.toThrow(
        'localhost is none of the members db1, db2',
      );
    } finally {
      await bench.close();
    }
  });
});

describe('mysql_replica', () => {
  it('has nothing to do on the primary', () => {
    const accounts = { user: 'a', password: 'b', clone_user: 'c', clone_password: 'd', ca: '/ca.pem' };
    const member = { name: 'db1', address: '192.0.2.1' };
    const want = replica.params.parse({ ...group, ...accounts });
    expect(replica.diff(want, { primary: member } as Parameters<typeof replica.diff>[1])).toEqual([]);
  });
});
