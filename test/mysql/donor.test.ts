import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/mysql/cluster.ts';
import { chooseDonor, healthyReplicas } from '../../src/mysql/donor.ts';
import { channelTo, fresh, member, replica, silent, uuid } from './servers.ts';

const clone = { plugins: ['clone'] };
const primary = member(1, clone);
const good = replica(2, 1, clone);
const names = (members: readonly Member[]) => members.map(({ name }) => name);

describe('a replica that a new one can be seeded from', () => {
  it.each<[string, Member, boolean]>([
    ['follows the primary without trouble', good, true],
    ['is a little behind', replica(2, 1, { ...clone, executed: `${uuid(1)}:1-99` }), true],
    ['does not answer', silent(2), false],
    ['has no data', fresh(2), false],
    ['lacks the plugin', replica(2), false],
    ['follows another server', replica(2, 3, clone), false],
    [
      'has a stopped applier',
      replica(2, 1, { ...clone, channels: [channelTo(1, { applier: 'OFF' })] }),
      false,
    ],
    [
      'cannot reach the primary',
      replica(2, 1, { ...clone, channels: [channelTo(1, { receiver: 'CONNECTING' })] }),
      false,
    ],
    ['takes writes', replica(2, 1, { ...clone, superReadOnly: false }), false],
    [
      'has an errant transaction',
      replica(2, 1, { ...clone, executed: `${uuid(1)}:1-100,${uuid(2)}:1` }),
      false,
    ],
    ['is of another series', replica(2, 1, { ...clone, version: '8.4.3' }), false],
    ['is of another patch release', replica(2, 1, { ...clone, version: '9.7.9' }), true],
    ["holds another site's data", replica(2, 1, { ...clone, cluster: 'foobar cluster other' }), false],
  ])('%s: %#', (_case, candidate, isHealthy) => {
    expect(names(healthyReplicas(fresh(3), primary, [primary, candidate, fresh(3)]))).toEqual(
      isHealthy ? ['db2'] : [],
    );
  });

  it("has what the primary's binary logs no longer tell", () => {
    const purged = member(1, { ...clone, purged: `${uuid(1)}:1-50` });
    const behind = replica(2, 1, { ...clone, executed: `${uuid(1)}:1-49` });
    expect(healthyReplicas(fresh(3), purged, [purged, behind])).toEqual([]);
    expect(names(healthyReplicas(fresh(3), purged, [purged, good]))).toEqual(['db2']);
  });

  it('is never the one that is seeded', () => {
    expect(healthyReplicas(good, primary, [primary, good])).toEqual([]);
  });
});

describe('the donor', () => {
  const other = replica(3, 1, clone);

  it.each([
    ['the less loaded one', [9, 4], 'db3'],
    ['the first of equals', [4, 4], 'db2'],
  ])('is %s', (_case, [first = 0, second = 0], expected) => {
    const donors = [
      { member: good, running: first },
      { member: other, running: second },
    ];
    expect(chooseDonor(primary, donors).name).toBe(expected);
  });

  it('is the primary when no replica is healthy', () => {
    expect(chooseDonor(primary, [])).toBe(primary);
  });
});
