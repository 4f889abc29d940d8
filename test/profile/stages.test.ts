import { describe, expect, it } from 'vitest';
import type { Segment, TaskRecord } from '../../src/profile/contract.ts';
import { stages } from '../../src/profile/stages.ts';
import { record } from './build.ts';

const segment = (from: number, to: number, task?: TaskRecord): Segment => ({
  from,
  to,
  work: task ? 'changes' : 'foobar',
  onHost: task ? (to - from) / 2 : 0,
  ...(task ? { task } : {}),
});
const one = record('a', 'one', 0, 9);
const two = record('b', 'second', 0, 9);

/** "task seconds/on host", or how many were put together. */
const told = (path: Segment[], most: number) =>
  stages(path, most).map(
    ({ task, others, seconds, onHost, from }) =>
      `${from}: ${task ?? (others === undefined ? 'foobar' : `${others} others`)} ${+seconds.toFixed(6)}/${+onHost.toFixed(6)}`,
  );

describe('the stages of the critical path', () => {
  it('join what one task did on one host, round after round', () => {
    const path = [
      segment(0, 2, one),
      segment(2, 2.001),
      segment(2.001, 4.001, one),
      segment(4.001, 5.001, two),
    ];
    expect(told(path, 9)).toEqual(['0: one 4.001/2', '4.001: second 1/0.5']);
  });

  it('tell a longer gap by itself', () => {
    expect(told([segment(0, 2, one), segment(2, 3), segment(3, 4, one)], 9)).toEqual([
      '0: one 2/1',
      '2: foobar 1/0',
      '3: one 1/0.5',
    ]);
  });

  it('put together what is short, where it stands', () => {
    const path = [
      segment(0, 1),
      segment(1, 2, one),
      segment(2, 8, two),
      segment(8, 8.002),
      segment(8.002, 9, one),
    ];
    expect(told(path, 1)).toEqual(['0: 2 others 2/0.5', '2: second 6/3', '8: 2 others 1/0.499']);
  });

  it('lose no second', () => {
    const path = [
      segment(0, 1),
      segment(1, 2, one),
      segment(2, 8, two),
      segment(8, 8.002),
      segment(8.002, 9, one),
    ];
    for (const most of [0, 1, 2, 9])
      expect(stages(path, most).reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(9, 9);
  });
});
