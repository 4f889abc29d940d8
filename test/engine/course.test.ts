import { describe, expect, it } from 'vitest';
import { Course } from '../../src/engine/course.ts';
import type { Block, Frame } from '../../src/playbook/contract.ts';

const place = { file: 'x', line: 1, column: 1 };
const block = (rescue: boolean, always: boolean): Block => ({ place, rescue, always });
const both = block(true, true);
const always = block(false, true);
const inner = block(true, false);
const has = (of: Block, part: 'rescue' | 'always') => of[part];
const frame = (of: Block, part: Frame['part']): Frame => ({ block: of, part });
const course = () => new Course(has);

/** The tasks of a list in which a host takes part when those named fail. */
function way(tasks: Record<string, Frame[]>, failing: readonly string[]): { way: string; state: string } {
  const host = course();
  let taken = '';
  for (const [name, frames] of Object.entries(tasks)) {
    if (!host.takes(frames)) continue;
    taken += name;
    if (failing.includes(name)) host.fail(frames);
  }
  host.takes([]);
  return { way: taken, state: host.state };
}

describe('the way through blocks', () => {
  const one = {
    a: [frame(both, 'block')],
    b: [frame(both, 'block')],
    r: [frame(both, 'rescue')],
    s: [frame(both, 'rescue')],
    v: [frame(both, 'always')],
    w: [frame(both, 'always')],
    z: [],
  };
  it.each([
    ['', 'abvwz', 'running'],
    ['a', 'arsvwz', 'running'],
    ['ar', 'arvw', 'failed'],
    ['b', 'abrsvwz', 'running'],
    ['v', 'abv', 'failed'],
    ['arv', 'arv', 'failed'],
    ['z', 'abvwz', 'failed'],
  ])('of one block when %s fail', (failing, expected, state) => {
    expect(way(one, [...failing])).toEqual({ way: expected, state });
  });

  const outer = frame(both, 'block');
  const nested = {
    a: [outer, frame(always, 'block')],
    b: [outer, frame(always, 'block')],
    v: [outer, frame(always, 'always')],
    c: [outer],
    r: [frame(both, 'rescue'), frame(inner, 'block')],
    s: [frame(both, 'rescue'), frame(inner, 'rescue')],
    t: [frame(both, 'rescue')],
    w: [frame(both, 'always')],
    z: [],
  };
  it.each([
    ['', 'abvcwz', 'running'],
    ['a', 'avrtwz', 'running'],
    ['av', 'avrtwz', 'running'],
    ['ar', 'avrstwz', 'running'],
    ['ars', 'avrsw', 'failed'],
    ['c', 'abvcrtwz', 'running'],
    ['w', 'abvcw', 'failed'],
  ])('of nested blocks when %s fail', (failing, expected, state) => {
    expect(way(nested, [...failing])).toEqual({ way: expected, state });
  });

  it('goes from a failure in an always, with a block of its own, on to what waited', () => {
    const tasks = {
      a: [frame(always, 'block')],
      v: [frame(always, 'always'), frame(inner, 'block')],
      s: [frame(always, 'always'), frame(inner, 'rescue')],
      z: [],
    };
    expect(way(tasks, ['a', 'v'])).toEqual({ way: 'avs', state: 'failed' });
    expect(way(tasks, ['v'])).toEqual({ way: 'avsz', state: 'running' });
  });

  it('leaves the rescue when it fails once more, for another host', () => {
    const host = course();
    host.takes([frame(both, 'block')]);
    host.fail([frame(both, 'block')]);
    host.fail([frame(both, 'block')]);
    expect(host.takes([frame(both, 'rescue')])).toBe(false);
    expect(host.takes([frame(both, 'always')])).toBe(true);
    expect(host.takes([])).toBe(false);
    expect(host.state).toBe('failed');
  });

  it('ends by itself as it was', () => {
    const [well, failing, lost] = [course(), course(), course()];
    well.end();
    failing.fail([frame(always, 'block')]);
    failing.end();
    lost.lose();
    expect([well.state, failing.state, lost.state]).toEqual(['ended', 'failed', 'unreachable']);
    for (const host of [well, failing, lost]) host.clear();
    expect([well.state, failing.state, lost.state]).toEqual(['ended', 'ended', 'running']);
  });

  it('knows what is foreseen and changes nothing by it', () => {
    const host = course();
    expect(host.foresees([frame(both, 'rescue')])).toBe(false);
    host.fail([frame(always, 'block')]);
    expect(host.foresees([])).toBe(false);
    expect(host.foresees([frame(always, 'always')])).toBe(true);
    expect(host.isFailing).toBe(true);
    expect(host.isRescued([frame(both, 'block')])).toBe(true);
    expect(host.isRescued([frame(both, 'rescue')])).toBe(false);
    expect(host.isRescued([frame(always, 'block')])).toBe(false);
  });
});
