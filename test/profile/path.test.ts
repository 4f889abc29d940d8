import { describe, expect, it } from 'vitest';
import type { Recording } from '../../src/profile/contract.ts';
import { profileOf } from '../../src/profile/profile.ts';
import { record, recording } from './build.ts';

const idle = { cpu: 0, memory: 0 };

/** The critical path as "from-to work host task". */
function told(given: Recording): string[] {
  return profileOf(given, idle).path.map(({ from, to, work, task }) =>
    [`${from}-${to}`, work, ...(task ? [task.host, task.task] : [])].join(' '),
  );
}

describe('the critical path', () => {
  it('takes at each task the host that was last', () => {
    const tasks = [
      record('a', 'one', 0, 2, { fix: 1 }),
      record('b', 'one', 0, 5, { fix: 1, module: 'apt' }),
      record('a', 'two', 5, 9, { fix: 5, module: 'systemd' }),
      record('b', 'two', 5, 6),
    ];
    expect(told(recording(9, tasks))).toEqual([
      '0-1 reads b one',
      '1-5 packages b one',
      '5-9 services a two',
    ]);
  });

  it('gives what lies between tasks to foobar, and what lies before the first play to the start', () => {
    const tasks = [record('a', 'one', 2, 3), record('a', 'two', 4, 5)];
    const plays = [{ name: 'all', at: 1.5, hosts: ['a'] }];
    expect(told(recording(6, tasks, { plays }))).toEqual([
      '0-1.5 starting',
      '1.5-2 foobar',
      '2-3 reads a one',
      '3-4 foobar',
      '4-5 reads a two',
      '5-6 foobar',
    ]);
  });

  it('stays on a host that does not wait for others', () => {
    const tasks = [
      record('a', 'one', 0, 4),
      record('a', 'two', 4.0002, 8),
      record('b', 'one', 0, 4.0001),
      record('b', 'two', 4.0001, 7),
    ];
    expect(told(recording(8, tasks)).map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      'reads a one',
      'foobar',
      'reads a two',
    ]);
  });

  it('divides what several tasks of a host shared at the ends of each', () => {
    const tasks = [
      record('a', 'one', 0, 10, { fix: 1 }),
      record('a', 'two', 0, 11, { fix: 1 }),
      record('a', 'three', 0, 13, { fix: 1 }),
    ];
    expect(told(recording(13, tasks))).toEqual([
      '0-1 reads a one',
      '1-10 changes a one',
      '10-11 changes a two',
      '11-13 changes a three',
    ]);
  });

  it('tells connecting from reading, ahead of the first task too', () => {
    const given = recording(6, [record('a', 'one', 2, 6)], { openings: [{ host: 'a', from: 1, to: 3 }] });
    expect(told(given)).toEqual(['0-1 foobar', '1-2 connecting', '2-3 connecting a one', '3-6 reads a one']);
  });

  it('counts a wait for something as that, though nothing is changed', () => {
    expect(told(recording(2, [record('a', 'one', 0, 2, { module: 'wait_for' })]))).toEqual([
      '0-2 waiting a one',
    ]);
  });

  it('knows how long the host itself was at work', () => {
    const steps = [
      { host: 'a', what: 'write', from: 1.5, to: 3 },
      { host: 'a', what: 'read stat', from: 3.5, to: 9 },
      { host: 'b', what: 'write', from: 0, to: 9 },
    ];
    const { path } = profileOf(recording(4, [record('a', 'one', 0, 4, { fix: 1 })], { steps }), idle);
    expect(path.map(({ work, onHost }) => [work, onHost])).toEqual([
      ['reads', 0],
      ['changes', 2],
    ]);
  });

  it('is all foobar where no task ran', () => {
    expect(told(recording(3, [], { plays: [] }))).toEqual(['0-3 starting']);
  });
});
