import { describe, expect, it } from 'vitest';
import { describeData, type Member, planReplica, standing } from '../../src/mysql/cluster.ts';
import { type Decision, decidePrimary } from '../../src/mysql/decide.ts';
import { formatMark } from '../../src/mysql/mark.ts';
import { channelTo, fresh, mark, member, replica, silent, site, uuid } from './servers.ts';

const foreign = (number: number): Member => ({
  ...fresh(number),
  contents: { schemas: { shop: 12 }, accounts: ['shop@%'] },
});
const unnumbered = formatMark({ cluster: site, term: 0 });
const other = { cluster: formatMark({ cluster: 'another', term: 0 }) };

describe("a server's standing", () => {
  it.each<[string, Member, string | undefined, string]>([
    ['not asked', silent(1), site, 'unknown'],
    ['our mark', member(1), site, 'ours'],
    ['any mark, when the controller knows none', member(1, other), undefined, 'ours'],
    ["another site's mark", member(1, other), site, 'foreign'],
    ['as installed', fresh(1), site, 'empty'],
    [
      'an empty schema, anonymous and root accounts',
      {
        ...fresh(1),
        contents: { schemas: { test: 0 }, accounts: ['@localhost', 'root@%'] },
      },
      site,
      'empty',
    ],
    ['a table', { ...fresh(1), contents: { schemas: { test: 1 }, accounts: [] } }, site, 'foreign'],
    ['an account', { ...fresh(1), contents: { schemas: {}, accounts: ['shop@%'] } }, site, 'foreign'],
    ['a source', { ...fresh(1), server: { ...fresh(1).server, channels: [channelTo(9)] } }, site, 'foreign'],
    ['contents that could not be read', { ...member(1, { cluster: null }) }, site, 'foreign'],
    [
      "somebody's comment",
      { ...member(1, { cluster: 'mine' }), contents: { schemas: { foobar: 1 }, accounts: [] } },
      site,
      'foreign',
    ],
  ])('%s', (_case, server, cluster, expected) => {
    expect(standing(server, cluster)).toBe(expected);
  });

  it('of a foreign one is told with what was found', () => {
    expect(describeData(foreign(1))).toBe('schema shop (12 tables and routines), account shop@%');
    expect(describeData(member(1, other))).toContain('another foobar site (another)');
    expect(describeData(member(1, { cluster: null, channels: [channelTo(9)] }))).toContain(
      'replication from 192.0.2.9:3306',
    );
  });
});

describe('who is primary', () => {
  const decide = (members: readonly Member[], cluster: string | undefined = site): Decision =>
    decidePrimary(members, { hint: 'db1', cluster });
  const readOnly = { readOnly: true, superReadOnly: true };

  it.each<[string, readonly Member[], Decision]>([
    ['nothing anywhere', [fresh(1), fresh(2), fresh(3)], { kind: 'first', primary: 'db1' }],
    ['settled', [member(1), replica(2), replica(3)], { kind: 'follow', primary: 'db1', cluster: site }],
    [
      'moved by promotion',
      [replica(1, 2), member(2), replica(3, 2)],
      { kind: 'follow', primary: 'db2', cluster: site },
    ],
    ['a new server', [member(1), replica(2), fresh(3)], { kind: 'follow', primary: 'db1', cluster: site }],
    [
      "the inventory's first lost its disk after a promotion",
      [fresh(1), member(2), replica(3, 2)],
      {
        kind: 'follow',
        primary: 'db2',
        cluster: site,
      },
    ],
    [
      'a replica opened by hand',
      [member(1), replica(2, 1, { readOnly: false, superReadOnly: false })],
      {
        kind: 'follow',
        primary: 'db1',
        cluster: site,
      },
    ],
    [
      'the primary closed by hand',
      [member(1, readOnly), replica(2), replica(3)],
      {
        kind: 'follow',
        primary: 'db1',
        cluster: site,
      },
    ],
    [
      'a replica that does not answer',
      [member(1), replica(2), silent(3)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'a replica of a server that has left',
      [member(1), replica(2, 9)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'seeded, killed before it followed',
      [member(1), member(2, readOnly), fresh(3)],
      {
        kind: 'follow',
        primary: 'db1',
        cluster: site,
      },
    ],
    [
      'equal and all closed',
      [member(1, readOnly), member(2, readOnly)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'a foreign one beside a settled pair',
      [member(1), replica(2), foreign(3)],
      {
        kind: 'follow',
        primary: 'db1',
        cluster: site,
      },
    ],
  ])('%s', (_case, members, expected) => {
    expect(decide(members)).toEqual(expected);
  });

  const elsewhere = { channels: [channelTo(2)], cluster: mark(1) };

  it.each<[string, readonly Member[], Decision]>([
    [
      'closed, and a majority follows it',
      [member(1, readOnly), replica(2), silent(3)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'closed by a reboot in the first build',
      [member(1, readOnly), fresh(2), fresh(3)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'closed, and one that was away still follows its predecessor',
      [member(2, { ...readOnly, cluster: mark(2) }), replica(1, 2, { cluster: mark(2) }), replica(3, 1)],
      { kind: 'follow', primary: 'db2', cluster: site },
    ],
    [
      'closed by a reboot, and somebody has written to a replica',
      [member(1, readOnly), replica(2, 1, { executed: `${uuid(1)}:1-100,${uuid(2)}:1` }), replica(3)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'marked after it was read and before its replica was',
      [member(1, { cluster: unnumbered }), replica(2)],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
    [
      'of data that counts no terms',
      [member(1, { ...readOnly, cluster: unnumbered }), replica(2, 1, { cluster: unnumbered })],
      { kind: 'follow', primary: 'db1', cluster: site },
    ],
  ])('the one that was made it last: %s', (_case, members, expected) => {
    expect(decide(members)).toEqual(expected);
  });

  it.each<[string, readonly Member[], RegExp]>([
    [
      'the old primary returned, the new one does not answer',
      [member(1, readOnly), silent(2), replica(3, 2, { cluster: mark(2) })],
      /db3 replicates from db2, which cannot be asked/,
    ],
    [
      'the old primary returned alone',
      [member(1, readOnly), silent(2), silent(3)],
      /db1 may have been replaced: no majority/,
    ],
    [
      'the old primary returned beside empty servers, one unknown',
      [member(1, readOnly), fresh(2), silent(3)],
      /db1 may have been replaced: no majority/,
    ],
    [
      'the old primary returned writable',
      [member(1), replica(2, 2, { channels: [], cluster: mark(2) }), replica(3, 2, { cluster: mark(2) })],
      /db1 takes writes, though by the data of db2 another server has been made/,
    ],
    [
      'a promotion was interrupted after the first vote',
      [member(1, readOnly), replica(2, 1, elsewhere), replica(3)],
      /a promotion has begun and has not ended: db2 no longer replicates from db1/,
    ],
    [
      'a promotion was interrupted before the new one was opened',
      [replica(1, 2), member(2, readOnly), replica(3, 2)],
      /no server is the primary: db1 replicates from 192.0.2.2, db2 is read-only and was not made/,
    ],
    [
      'a replica has received what the primary lacks',
      [
        member(1, readOnly),
        replica(2, 1, { channels: [channelTo(1, { received: `${uuid(1)}:1-101` })] }),
        replica(3),
      ],
      /db1 is read-only and lacks transactions/,
    ],
    [
      'one of the first build does not answer',
      [fresh(1), silent(2)],
      /every server is known to be empty: .*db2/,
    ],
    ['a foreign one at the first build', [fresh(1), foreign(2)], /db2 holds schema shop/],
    ['the first choice is no member', [fresh(2), fresh(3)], /db1 is to be the first primary/],
    [
      'closed, of data that counts no terms, and one has been written to',
      [
        member(1, { ...readOnly, cluster: unnumbered }),
        replica(2, 1, { cluster: unnumbered, executed: `${uuid(1)}:1-100,${uuid(2)}:1` }),
      ],
      /db1 is read-only and lacks transactions/,
    ],
    ['two writable', [member(1), member(2)], /two servers take writes: db1, db2$/],
    [
      'two writable, one alone with writes',
      [member(1), member(2, { executed: `${uuid(1)}:1-100,${uuid(2)}:1-5` })],
      /db2 \(alone with 3e11.*0002:1-5\)/,
    ],
    [
      'the primary does not answer',
      [silent(1), replica(2), replica(3)],
      /db2 and db3 replicate from db1, which cannot be asked/,
    ],
    [
      'the primary does not answer and the fenced one before it is open',
      [member(1), silent(2), replica(3, 2)],
      /db3 replicates from db2, which cannot be asked/,
    ],
    [
      'the primary lost its disk',
      [fresh(1), replica(2), replica(3)],
      /no server is the primary: db2 replicates from 192/,
    ],
    [
      'the only closed one lacks transactions of a replica',
      [member(1, { ...readOnly, executed: `${uuid(1)}:1-90` }), fresh(2), replica(3, 2)],
      /no server is the primary: db1 is read-only and lacks/,
    ],
  ])('nobody: %s', (_case, members, reason) => {
    expect(decide(members)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) });
  });

  it('nobody, when marks differ and the controller knows none', () => {
    const decision = decidePrimary([member(1), member(2, other)], { hint: 'db1', cluster: undefined });
    expect(decision).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/different sites/) });
  });

  it('can be known later only when servers are missing', () => {
    expect(decide([fresh(1), silent(2)])).toMatchObject({ early: true });
    expect(decide([member(1), member(2)])).not.toHaveProperty('early');
  });
});

describe("what becomes of a replica's data", () => {
  const behind = `${uuid(1)}:1-90`;
  const plan = (self: Member, primary = member(1), mayDiscard = false) =>
    planReplica(self, primary, site, mayDiscard);

  it.each<[string, ReturnType<typeof plan>, object]>([
    ['up to date', plan(replica(2)), { kind: 'keep' }],
    ['behind', plan(replica(2, 1, { executed: behind })), { kind: 'keep' }],
    ['empty', plan(fresh(2)), { kind: 'seed', why: 'it holds no data' }],
    [
      'behind the binary logs',
      plan(replica(2, 1, { executed: behind }), member(1, { purged: `${uuid(1)}:1-95` })),
      { kind: 'seed', why: expect.stringMatching(/db1 no longer has/) },
    ],
    [
      'errant',
      plan(replica(2, 1, { executed: `${behind},${uuid(2)}:7` })),
      {
        kind: 'refused',
        reason: expect.stringMatching(/db2 has transactions .*0002:7$/),
        hint: expect.stringMatching(/discard=db2/),
      },
    ],
    [
      'errant and behind the binary logs',
      plan(replica(2, 1, { executed: `${behind},${uuid(2)}:7` }), member(1, { purged: `${uuid(1)}:1-95` })),
      { kind: 'refused' },
    ],
    [
      'errant and given up',
      plan(replica(2, 1, { executed: `${behind},${uuid(2)}:7` }), member(1), true),
      { kind: 'seed', why: expect.stringMatching(/0002:7 may be discarded/) },
    ],
    ['foreign', plan(foreign(2)), { kind: 'refused', reason: expect.stringMatching(/shop/) }],
    ['foreign, given up or not', plan(foreign(2), member(1), true), { kind: 'refused' }],
    [
      'of another series',
      plan(fresh(2), member(1, { version: '8.4.6' })),
      { kind: 'refused', reason: 'db2 runs MySQL 9.7.4-2, the primary db1 8.4.6' },
    ],
    ['of another release of the series', plan(fresh(2), member(1, { version: '9.7.1' })), { kind: 'seed' }],
  ])('%s', (_case, planned, expected) => {
    expect(planned).toMatchObject(expected);
  });
});
