import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/backup/catalogue.ts';
import { chains, planRestore, ranges } from '../../src/backup/plan.ts';
import { coverage } from '../../src/commands/backup.ts';

const a = '11111111-1111-1111-1111-111111111111';
const b = '22222222-2222-2222-2222-222222222222';
const file = { size: 1, sha256: '0'.repeat(64), server: a, timeline: 'first' };
const full = (name: string, at: number, gtid: string, more = {}) =>
  JSON.stringify({
    kind: 'full',
    name,
    at,
    gtid,
    ...file,
    version: '9.7.0',
    host: 'db3',
    data: 1,
    seconds: 1,
    ...more,
  });
const log = (
  name: string,
  previous: string,
  after: string,
  first: number | null,
  last: number | null,
  more = {},
) => JSON.stringify({ kind: 'log', name, previous, after, first, last, ...file, ...more });
const covered = (until: number, gtid: string, more = {}) =>
  JSON.stringify({ kind: 'covered', name: `covered-${a}`, until, gtid, ...file, ...more });

const read = (...lines: string[]) => readCatalogue(new Map([['store', lines.join('\n')]]));
const names = (lines: string[], at: number) => {
  const plan = planRestore(chains(read(...lines)), at);
  return plan && [plan.full.name, ...plan.logs.map(({ name }) => name)];
};

const history = [
  full('f1', 100, `${a}:1-10`),
  log('l1', `${a}:1-5`, `${a}:1-12`, 90, 120),
  log('l2', `${a}:1-12`, `${a}:1-20`, 130, 190),
  full('f2', 200, `${a}:1-22`),
  log('l3', `${a}:1-20`, `${a}:1-30`, 195, 290),
  covered(300, `${a}:1-30`),
];

describe('a restore', () => {
  it.each([
    [100, ['f1', 'l1']],
    [125, ['f1', 'l1']],
    [150, ['f1', 'l1', 'l2']],
    [195, ['f1', 'l1', 'l2', 'l3']],
    [200, ['f2', 'l3']],
    [300, ['f2', 'l3']],
  ])('to %i takes %j', (at, wanted) => {
    expect(names(history, at)).toEqual(wanted);
  });

  it.each([99, 301])('to %i is not possible', (at) => {
    expect(names(history, at)).toBeUndefined();
  });

  it('by a whole backup alone, whose logs have gone by their age, is to the second at which it was made', () => {
    const at = 1_763_000_000_000_000;
    const alone = [full('f1', at, `${a}:1-10`)];
    expect(names(alone, at)).toEqual(['f1']);
    expect(names(alone, at + 1)).toBeUndefined();
    expect(coverage(ranges(chains(read(...alone)))).slice(1)).toHaveLength(1);
  });

  it('says what is covered', () => {
    expect(ranges(chains(read(...history)))).toEqual([{ from: 100, to: 300 }]);
  });
});

describe('a gap in the logs', () => {
  const gapped = history.filter((line) => !line.includes('"l2"'));

  it('ends what can be reached from the backup before it', () => {
    expect(ranges(chains(read(...gapped)))).toEqual([
      { from: 100, to: 120 },
      { from: 200, to: 300 },
    ]);
    expect(names(gapped, 150)).toBeUndefined();
    expect(names(gapped, 250)).toEqual(['f2', 'l3']);
  });

  it('is closed by the logs of another server', () => {
    const other = log('m1', `${a}:1-8`, `${a}:1-25`, 110, 250, { server: b });
    expect(names([...gapped, other], 150)).toEqual(['f1', 'l1', 'm1']);
    expect(names([...gapped, other], 300)).toEqual(['f2', 'm1', 'l3']);
  });

  it('is not covered because a server was up to date behind it', () => {
    expect(ranges(chains(read(full('f1', 100, `${a}:1-10`), covered(300, `${a}:1-30`))))).toEqual([
      { from: 100, to: 100 },
    ]);
    expect(ranges(chains(read(full('f1', 100, `${a}:1-10`), covered(300, `${a}:1-10`))))).toEqual([
      { from: 100, to: 300 },
    ]);
  });
});

describe('a restore before', () => {
  // Restored at 400 to 150, when transactions 1-14 were there; the new primary is b.
  const second = { timeline: 'second', server: b };
  const restored = [
    ...history,
    log('n1', `${a}:1-14`, `${a}:1-14,${b}:1-5`, 410, 450, second),
    full('f3', 420, `${a}:1-14,${b}:1-2`, second),
    covered(500, `${a}:1-14,${b}:1-5`, { ...second, name: 'covered-second' }),
  ];

  it('begins a history of its own, which never mixes with the one it left', () => {
    expect(names(restored, 405)).toBeUndefined();
    expect(names(restored, 450)).toEqual(['f3', 'n1']);
    expect(names(restored, 250)).toEqual(['f2', 'l3']);
    expect(ranges(chains(read(...restored)))).toEqual([
      { from: 100, to: 300 },
      { from: 420, to: 500 },
    ]);
  });
});

describe('a catalogue', () => {
  it('knows which place has what, and what it cannot read', () => {
    const both = readCatalogue(
      new Map([
        ['db3', `${history[0]}\n${covered(280, `${a}:1-30`)}`],
        ['store', `${history.join('\n')}\nno JSON\n{"kind":"full"}\n`],
      ]),
    );
    expect(both.places.get('f1')).toEqual(['db3', 'store']);
    expect(both.places.get('l2')).toEqual(['store']);
    expect(both.covered.map(({ until }) => until)).toEqual([300]);
    expect(both.damaged).toEqual(['store: no JSON', 'store: {"kind":"full"}']);
  });

  it('goes on without one that speaks of no transactions', () => {
    const odd = read(
      ...history,
      full('f9', 400, 'NULL'),
      log('l9', '', 'ERROR 2002', 1, 2),
      covered(999, '?'),
    );
    expect(odd.damaged).toHaveLength(3);
    expect(ranges(chains(odd))).toEqual([{ from: 100, to: 300 }]);
  });
});
