import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containsGtids,
  countGtids,
  formatGtidSet,
  type GtidSet,
  parseGtidSet,
  subtractGtids,
  withoutSource,
} from '../../src/mysql/gtid.ts';

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const b = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

describe('a GTID set', () => {
  it.each([
    ['', ''],
    [`${a}:1`, `${a}:1`],
    [`${a.toUpperCase()}:1-5`, `${a}:1-5`],
    [`${a}:1-3:4-5`, `${a}:1-5`],
    [`${a}:7-9:1-3:2-4`, `${a}:1-4:7-9`],
    [`${a}:1-3,\n${b}:5`, `${a}:1-3,${b}:5`],
    [`${a}:1-3, ${a}:5`, `${a}:1-3:5`],
    [`${a}:1-2:domain:4-5:x_1:9`, `${a}:1-2,${a}:domain:4-5,${a}:x_1:9`],
    [`${a}:domain:1-3:5`, `${a}:domain:1-3:5`],
    [`${a}:1-9223372036854775806`, `${a}:1-9223372036854775806`],
  ])('reads %j as %j', (text, canonical) => {
    expect(formatGtidSet(parseGtidSet(text))).toBe(canonical);
  });

  it.each(['x', `${a}:0`, `${a}:5-3`, `${a}:1-`, `${a}:1.5`, '3e11fa47:1', `${a}:1-2-3`])(
    'rejects %j',
    (text) => {
      expect(() => parseGtidSet(text)).toThrow(/no GTID/);
    },
  );

  it.each([
    [`${a}:1-10`, `${a}:1-10`, ''],
    [`${a}:1-10`, '', `${a}:1-10`],
    [`${a}:1-10`, `${b}:1-10`, `${a}:1-10`],
    [`${a}:1-10`, `${a}:3-4:8-20`, `${a}:1-2:5-7`],
    [`${a}:5-6`, `${a}:1-3`, `${a}:5-6`],
    [`${a}:t:1-3`, `${a}:1-3`, `${a}:t:1-3`],
  ])('%j without %j leaves %j', (left, right, rest) => {
    expect(formatGtidSet(subtractGtids(parseGtidSet(left), parseGtidSet(right)))).toBe(rest);
  });

  it('takes all that one server began out of a set, tagged or not', () => {
    const set = parseGtidSet(`${a}:1-3:t:1,${b}:4`);
    expect(formatGtidSet(withoutSource(set, a.toUpperCase()))).toBe(`${b}:4`);
  });

  const small = fc.array(fc.tuple(fc.constantFrom(a, b, `${a}:t`), fc.integer({ min: 1, max: 30 })), {
    maxLength: 40,
  });
  const build = (items: readonly (readonly [string, number])[]): GtidSet =>
    parseGtidSet(items.map(([key, number]) => `${key}:${number}`).join(','));
  const names = (items: readonly (readonly [string, number])[]) =>
    new Set(items.map(([key, number]) => `${key}:${number}`));

  it('computes as sets of single transactions do', () => {
    fc.assert(
      fc.property(small, small, (left, right) => {
        const expected = [...names(left)].filter((name) => !names(right).has(name));
        const rest = subtractGtids(build(left), build(right));
        expect(formatGtidSet(rest)).toBe(formatGtidSet(parseGtidSet(expected.join(','))));
        expect(countGtids(rest)).toBe(BigInt(expected.length));
        expect(containsGtids(build(right), build(left))).toBe(expected.length === 0);
      }),
    );
  });

  it('survives being written and read', () => {
    fc.assert(
      fc.property(small, (items) => {
        const text = formatGtidSet(build(items));
        expect(formatGtidSet(parseGtidSet(text))).toBe(text);
      }),
    );
  });
});
