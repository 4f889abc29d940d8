import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { table } from '../../src/reporters/table.ts';
import { clip, duration, fold, width, wrap } from '../../src/reporters/text.ts';

describe('duration', () => {
  it.each([
    [0, '0.0 s'],
    [1.24, '1.2 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [125, '2 min 5 s'],
    [7260, '2 h 1 min'],
  ])('%d: %s', (seconds, expected) => {
    expect(duration(seconds)).toBe(expected);
  });
});

describe('text in columns', () => {
  it('cuts and wraps', () => {
    expect(clip('hello world', 8)).toBe('hello w…');
    expect(clip('a\n b', 8)).toBe('a b');
    expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox']);
    expect(wrap('abcdefghijkl', 5)).toEqual(['abcde', 'fghij', 'kl']);
    expect(fold('+abcdef', 4)).toEqual(['+abc', '+def']);
    expect(fold('+abc', 4)).toEqual(['+abc']);
  });

  it('never passes the width, and loses no letter', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 40 }), (text, columns) => {
        const solid = (lines: string[]) => lines.join('').replace(/\s/g, '');
        expect(width(clip(text, columns))).toBeLessThanOrEqual(columns);
        for (const line of wrap(text, columns)) expect(width(line)).toBeLessThanOrEqual(columns);
        expect(solid(wrap(text, columns))).toBe(text.replace(/\s/g, ''));
      }),
    );
  });
});

describe('table', () => {
  it('aligns, numbers to the right', () => {
    expect(
      table(
        [
          ['host', 'ok', 'what'],
          ['a', '10', 'x'],
          ['longer', '1', ''],
        ],
        { right: [1] },
      ),
    ).toEqual(['host    ok  what', 'a       10  x', 'longer   1']);
  });

  it('takes the room from the widest columns alike', () => {
    const [line = ''] = table([['ok', 'x'.repeat(60), 'y'.repeat(50), 'z'.repeat(9)]], { columns: 63 });
    expect(line.split('  ').map(width)).toEqual([2, 23, 23, 9]);
  });

  it('sees through colours, and lets the widest column give way', () => {
    const rows = [
      ['name', 'text'],
      ['\x1b[31mab\x1b[39m', 'a long text that has no room'],
    ];
    const lines = table(rows, { columns: 20, indent: 2 });
    expect(lines.map(width).every((each) => each <= 20)).toBe(true);
    expect(lines[1]).toBe('  \x1b[31mab\x1b[39m    a long text…');
  });
});
