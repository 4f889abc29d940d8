import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../src/reporters/unified-diff.ts';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_line, index) => `${from + index}\n`).join('');

describe('unifiedDiff', () => {
  it.each<[string, string, string[]]>([
    ['a\n', 'a\n', []],
    ['', 'a\nb\n', ['@@ -0,0 +1,2 @@', '+a', '+b']],
    ['a\n', '', ['@@ -1 +0,0 @@', '-a']],
    ['a\nb\nc\n', 'a\nX\nc\n', ['@@ -1,3 +1,3 @@', ' a', '-b', '+X', ' c']],
    ['a', 'a\n', ['@@ -1 +1 @@', '-a', '\\ No newline at end of file', '+a']],
    [
      lines(1, 20),
      lines(1, 9) + lines(11, 20),
      ['@@ -7,7 +7,6 @@', ' 7', ' 8', ' 9', '-10', ' 11', ' 12', ' 13'],
    ],
  ])('%j -> %j', (before, after, expected) => {
    expect(unifiedDiff(before, after)).toEqual(expected);
  });

  it('makes one hunk of near changes and two of far ones', () => {
    const heads = (after: string) => unifiedDiff(lines(1, 30), after).filter((line) => line.startsWith('@@'));
    expect(heads(lines(2, 7) + lines(9, 30))).toHaveLength(1);
    expect(heads(lines(2, 19) + lines(21, 30))).toHaveLength(2);
  });

  it('leads from one text to the other', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', 'long line'), { maxLength: 40 })
      .map((each) => each.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => patched(before, unifiedDiff(before, after)) === after),
    );
  });
});

/** Applies a diff as patch(1) does, with no line out of place. */
function patched(before: string, diff: readonly string[]): string {
  const old = before.split('\n').slice(0, -1);
  const result: string[] = [];
  let read = 0;
  for (const line of diff) {
    const head = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (head) {
      const start = head[2] === '0' ? Number(head[1]) : Number(head[1]) - 1;
      result.push(...old.slice(read, start));
      read = start;
    } else {
      if (line[0] !== '+') expect(old[read++]).toBe(line.slice(1));
      if (line[0] !== '-') result.push(line.slice(1));
    }
  }
  return [...result, ...old.slice(read)].map((line) => `${line}\n`).join('');
}
