import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { profileOf } from '../../src/profile/profile.ts';
import { record, recording } from './build.ts';

const idle = { cpu: 0, memory: 0 };

describe('the phases of a host', () => {
  it('are waiting while others work, and idle where it is no part of the play or nobody works', () => {
    const tasks = [
      record('a', 'one', 1, 2, { fix: 1.5 }),
      record('b', 'one', 1, 4),
      record('b', 'two', 6, 8),
    ];
    const plays = [
      { name: 'all', at: 1, hosts: ['a', 'b'] },
      { name: 'b', at: 5, hosts: ['b'] },
    ];
    const [a, b] = profileOf(recording(9, tasks, { plays }), idle).hosts;
    expect(a).toMatchObject({
      connect: 0,
      read: 0.5,
      fix: 0.5,
      wait: 2,
      idle: 6,
      waits: [{ from: 2, to: 4 }],
    });
    expect(b).toMatchObject({ read: 5, fix: 0, wait: 0, idle: 4 });
  });

  it('end in idleness for a host that failed', () => {
    const tasks = [record('a', 'one', 0, 1, { status: 'failed', stops: true }), record('b', 'one', 0, 5)];
    expect(profileOf(recording(5, tasks), idle).hosts[0]).toMatchObject({ read: 1, wait: 0, idle: 4 });
  });

  it('are there for a host that was only delegated to', () => {
    const wires = new Map([['c', { frames: 1, trips: 1, sent: 10, received: 20 }]]);
    const openings = [{ host: 'c', from: 0.5, to: 1 }];
    const { hosts } = profileOf(recording(2, [record('a', 'one', 0, 2)], { wires, openings }), idle);
    expect(hosts[1]).toMatchObject({ host: 'c', connect: 0.5, idle: 1.5, trips: 1, received: 20 });
  });

  const time = fc.double({ min: 0, max: 100, noNaN: true });
  const interval = fc
    .tuple(time, time)
    .map(([one, two]) => ({ from: Math.min(one, two), to: Math.max(one, two) }));
  const host = fc.constantFrom('a', 'b', 'c');
  const task = fc
    .tuple(host, interval, fc.option(time, { nil: undefined }), fc.boolean())
    .map(([name, { from, to }, fix, stops]) =>
      record(name, 'task', from, to, { stops, ...(fix === undefined ? {} : { fix }) }),
    );
  const opening = fc.tuple(host, interval).map(([name, each]) => ({ host: name, ...each }));

  it('add up to the wall time whatever overlaps, and so does the critical path', () => {
    fc.assert(
      fc.property(fc.array(task), fc.array(opening), fc.array(time), (tasks, openings, starts) => {
        const plays = [...starts]
          .sort((left, right) => left - right)
          .map((at) => ({ name: '', at, hosts: ['a', 'b', 'c'] }));
        const { hosts, path, work } = profileOf(recording(100, tasks, { openings, plays }), idle);
        for (const { connect, read, fix, wait, idle: rest, spans, waits } of hosts) {
          expect(connect + read + fix + wait + rest).toBeCloseTo(100, 6);
          const all = [...spans, ...waits].sort(
            (left, right) => left.from - right.from || left.to - right.to,
          );
          for (const [index, { from }] of all.entries())
            expect(from).toBeGreaterThanOrEqual(all[index - 1]?.to ?? 0);
        }
        let at = 0;
        for (const { from, to, onHost } of path) {
          expect(from).toBe(at);
          expect(to).toBeGreaterThan(from);
          expect(onHost).toBeLessThanOrEqual(to - from);
          at = to;
        }
        expect(at).toBe(100);
        expect(Object.values(work).reduce((sum, each) => sum + each, 0)).toBeCloseTo(100, 6);
      }),
    );
  });
});

describe('the slowest tasks', () => {
  it('count the rounds of a loop together and name the slowest host', () => {
    const tasks = [
      record('a', 'loop', 0, 1),
      record('a', 'loop', 1, 3),
      record('b', 'loop', 0, 2),
      record('b', 'other', 4, 8),
    ];
    expect(profileOf(recording(8, tasks), idle).slowest).toEqual([
      { task: 'other', module: 'copy', place: 'site.yaml:5', seconds: 4, host: 'b', hosts: 1, rounds: 1 },
      { task: 'loop', module: 'copy', place: 'site.yaml:4', seconds: 3, host: 'a', hosts: 2, rounds: 2 },
    ]);
  });
});

describe('what was read', () => {
  it('is summed up by what was asked, the dearest first', () => {
    const steps = [
      { host: 'a', what: 'read stat', from: 0, to: 1 },
      { host: 'b', what: 'read stat', from: 0, to: 1 },
      { host: 'a', what: 'read packages', from: 1, to: 4 },
      { host: 'a', what: 'write', from: 4, to: 9 },
    ];
    expect(profileOf(recording(9, [], { steps }), idle).reads).toEqual([
      { name: 'packages', times: 1, seconds: 3 },
      { name: 'stat', times: 2, seconds: 2 },
    ]);
  });
});
