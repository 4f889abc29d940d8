import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/mysql/cluster.ts';
import { type PromotionWish, planPromotion } from '../../src/mysql/promotion.ts';
import { channelTo, fresh, mark, member, replica, silent, site, uuid } from './servers.ts';

const wish: PromotionWish = { to: undefined, force: false, lost: [], cluster: site };
const plan = (members: readonly Member[], change: Partial<PromotionWish> = {}) =>
  planPromotion(members, { ...wish, ...change });
const closed = { readOnly: true, superReadOnly: true };
const more = `${uuid(1)}:1-101`;
const stray = `${uuid(1)}:1-100,${uuid(3)}:1`;
/** A replica of db1 that cannot reach it any more. */
const orphan = (number: number, change = {}) =>
  replica(number, 1, { channels: [channelTo(1, { receiver: 'CONNECTING' })], ...change });
/** A server that an interrupted promotion has told to follow db`source`. */
const voter = (number: number, source: number) => replica(number, source, { cluster: mark(1) });

describe('a planned promotion', () => {
  const settled = [member(1), replica(2), replica(3)];

  it.each<[string, readonly Member[], Partial<PromotionWish>, object]>([
    ['the first replica', settled, {}, { from: 'db1', to: 'db2', followers: ['db1', 'db3'], term: 2 }],
    ['the one that is named', settled, { to: 'db3' }, { to: 'db3', followers: ['db1', 'db2'] }],
    [
      'the most advanced',
      [member(1), replica(2, 1, { executed: `${uuid(1)}:1-90` }), replica(3)],
      {},
      { to: 'db3' },
    ],
    [
      'the next term of the latest',
      [replica(1, 2, { cluster: mark(2, 7) }), member(2, { cluster: mark(2, 7) })],
      {},
      { to: 'db1', term: 8 },
    ],
    [
      'one that is left, the other being lost',
      [member(1), replica(2), silent(3)],
      { lost: ['db3'] },
      { to: 'db2', absent: [] },
    ],
    [
      'the old one closed, killed there',
      [member(1, closed), replica(2), replica(3)],
      {},
      { from: 'db1', to: 'db2' },
    ],
    [
      'killed after the first vote',
      [member(1, closed), replica(2), voter(3, 3)],
      {},
      { from: 'db1', to: 'db3' },
    ],
    [
      'killed after another vote',
      [member(1, closed), voter(2, 3), replica(3)],
      {},
      { from: 'db1', to: 'db3' },
    ],
    ['killed after the votes', [voter(1, 3), voter(2, 3), voter(3, 3)], {}, { from: 'db1', to: 'db3' }],
    [
      'forced once, and the old one is back',
      [member(1, closed), voter(2, 2), voter(3, 2)],
      { force: true },
      { kind: 'switch', from: 'db1', to: 'db2' },
    ],
  ])('goes to %s', (_case, members, change, expected) => {
    expect(plan(members, change)).toMatchObject({ kind: 'switch', ...expected });
  });

  it('is done when the one that is named is the primary', () => {
    const done = { kind: 'settled', to: 'db1', followers: [], opens: false };
    expect(plan(settled, { to: 'db1' })).toEqual(done);
    expect(plan(settled, { force: true })).toEqual(done);
    expect(plan([member(1), replica(2), replica(3, 9)], { to: 'db1' })).toMatchObject({ followers: ['db3'] });
  });

  it.each<[string, readonly Member[], Partial<PromotionWish>, object]>([
    ['of two, the other being lost', [member(1, closed), silent(2)], { lost: ['db2'] }, { to: 'db1' }],
    ['the same with --force', [member(1, closed), silent(2)], { lost: ['db2'], force: true }, { to: 'db1' }],
    [
      'that was promoted by force',
      [silent(1), member(2, { ...closed, cluster: mark(2) })],
      { lost: ['db1'] },
      { to: 'db2' },
    ],
    [
      'of three, the others being lost',
      [member(1, closed), silent(2), silent(3)],
      { lost: ['db2', 'db3'] },
      { to: 'db1' },
    ],
    [
      'that a killed run has closed, when it is named',
      [voter(1, 3), voter(2, 3), replica(3)],
      { to: 'db1' },
      { to: 'db1', followers: ['db2'] },
    ],
  ])('opens a primary again: %s', (_case, members, change, expected) => {
    expect(plan(members, change)).toMatchObject({ kind: 'settled', opens: true, ...expected });
  });

  it.each<[string, readonly Member[], Partial<PromotionWish>, RegExp]>([
    [
      'one of two was restarted and the other may come back',
      [member(1, closed), silent(2)],
      {},
      /needs every server: MySQL does not run on db2/,
    ],
    [
      'the same, whoever is named',
      [member(1, closed), silent(2)],
      { to: 'db1' },
      /needs every server: MySQL does not run on db2/,
    ],
    [
      'the one that is left knows of a later primary',
      [member(1, { ...closed, cluster: mark(2) }), silent(2)],
      { lost: ['db2'] },
      /the primary does not answer: it is none of the group/,
    ],
    [
      'a replica has what the primary lacks',
      [member(1), replica(2), replica(3, 1, { executed: stray })],
      {},
      /db3 has transactions that the primary db1 does not have: .*0003:1$/,
    ],
    [
      'whoever is named',
      [member(1), replica(2), replica(3, 1, { executed: stray })],
      { to: 'db2' },
      /db3 has/,
    ],
    [
      'a server does not answer',
      [member(1), replica(2), silent(3)],
      {},
      /needs every server: MySQL does not run on db3/,
    ],
    [
      'the named one is broken',
      [
        member(1),
        replica(2, 1, { channels: [channelTo(1, { applier: 'OFF', applierError: 'Error 1062' })] }),
        replica(3),
      ],
      { to: 'db2' },
      /db2 does not replicate from db1: Error 1062/,
    ],
    [
      'the named one holds nothing',
      [member(1), fresh(2), replica(3)],
      { to: 'db2' },
      /db2 cannot become the primary: db2 does not hold/,
    ],
    ['the named one is nobody', settled, { to: 'web1' }, /web1 is no database server/],
    [
      'the named one is silent',
      [member(1), replica(2), silent(3)],
      { to: 'db3' },
      /db3 cannot become the primary: MySQL does not run/,
    ],
    ['there is no replica', [member(1)], {}, /no server could take over from db1: it is the only one/],
    ['two take writes', [member(1), member(2)], {}, /two servers take writes: db1, db2/],
    [
      'one takes writes that has been replaced',
      [member(1), replica(2, 3, { cluster: mark(3) })],
      {},
      /db1 takes writes, though another/,
    ],
    [
      'one that is said to be lost answers',
      settled,
      { lost: ['db3'] },
      /db3 is said to be lost, and answers/,
    ],
    [
      'no server holds the data',
      [fresh(1), silent(2)],
      { force: true },
      /no server that answers holds this site's data/,
    ],
  ])('is refused when %s', (_case, members, change, reason) => {
    expect(plan(members, change)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  });
});

describe('a forced promotion', () => {
  const lost = [silent(1), orphan(2), orphan(3)];
  const forced = (members: readonly Member[], change: Partial<PromotionWish> = {}) =>
    plan(members, { force: true, ...change });

  it('is only made on demand', () => {
    expect(plan(lost)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/the primary db1 does not answer/),
    });
  });

  it.each<[string, readonly Member[], Partial<PromotionWish>, object]>([
    [
      'the first of equals',
      lost,
      {},
      { from: 'db1', to: 'db2', followers: ['db3'], absent: ['db1'], term: 2 },
    ],
    ['the most advanced', [silent(1), orphan(2), orphan(3, { executed: more })], {}, { to: 'db3' }],
    [
      'the one that has received more',
      [
        silent(1),
        orphan(2),
        orphan(3, { channels: [channelTo(1, { receiver: 'CONNECTING', received: more })] }),
      ],
      {},
      { to: 'db3' },
    ],
    ['the one that is named', lost, { to: 'db3' }, { to: 'db3' }],
    [
      'the only one, the other being lost',
      [silent(1), orphan(2), silent(3)],
      { lost: ['db3'] },
      { to: 'db2', absent: ['db1'] },
    ],
    [
      "the old one's bare successor does not count",
      [fresh(1), orphan(2), orphan(3)],
      {},
      { from: undefined, to: 'db2', absent: [] },
    ],
    [
      'the one that an interrupted run chose',
      [silent(1), voter(2, 3), voter(3, 3)],
      {},
      { from: undefined, to: 'db3', absent: ['db1'] },
    ],
    [
      'the one that it was about to open',
      [silent(1), voter(2, 3), member(3, { ...closed, cluster: mark(1) })],
      {},
      { to: 'db3' },
    ],
    ['one of two', [silent(1), orphan(2)], {}, { to: 'db2', followers: [] }],
    [
      'one of four, though two are away: the host of one answers, and its MySQL is ended',
      [silent(1), orphan(2), orphan(3), { ...silent(4), stopped: true }],
      {},
      { to: 'db2', absent: ['db1', 'db4'] },
    ],
  ])('goes to %s', (_case, members, change, expected) => {
    expect(forced(members, change)).toMatchObject({ kind: 'force', ...expected });
  });

  it('has nothing to do once the new one takes writes', () => {
    expect(forced([silent(1), voter(2, 3), member(3, { cluster: mark(3) })])).toMatchObject({
      kind: 'settled',
      to: 'db3',
    });
  });

  it.each<[string, readonly Member[], Partial<PromotionWish>, RegExp]>([
    ['too few answer', [silent(1), orphan(2), silent(3)], {}, /1 of 3 servers answer, and 2 are needed/],
    [
      'too few of five',
      [silent(1), orphan(2), orphan(3), silent(4), silent(5)],
      {},
      /2 of 5 servers answer, and 3/,
    ],
    [
      'the old primary may live on through another one that is away',
      [silent(1), orphan(2), orphan(3), silent(4)],
      {},
      /^db1 and db4 cannot be asked: while the old primary reaches one of them it goes on taking writes/,
    ],
    [
      'the named one lacks what another has',
      [silent(1), orphan(2), orphan(3, { executed: more })],
      { to: 'db2' },
      /db2 lacks transactions that db3 has: .*0001:101$/,
    ],
    [
      'a replica was written to',
      [silent(1), orphan(2), orphan(3, { executed: stray })],
      {},
      /db3 has transactions of its own that no other server has: .*0003:1$/,
    ],
    [
      'nobody has all',
      [silent(1), orphan(2, { executed: more }), orphan(3, { executed: `${uuid(1)}:1-100,${uuid(9)}:1` })],
      {},
      /no server has all transactions: db3 lacks .*0001:101, db2 lacks .*0009:1/,
    ],
    [
      'the best one cannot apply what it has',
      [
        silent(1),
        orphan(2, {
          channels: [channelTo(1, { received: more, applier: 'OFF', applierError: 'Error 1062' })],
        }),
        orphan(3),
      ],
      {},
      /db2 cannot apply what it has received: Error 1062/,
    ],
  ])('is refused when %s', (_case, members, change, reason) => {
    expect(forced(members, change)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  });
});
