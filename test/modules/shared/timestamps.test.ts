import { expect, it } from 'vitest';
import { parseTimestamp } from '../../../src/modules/shared/timestamps.ts';

it.each([
  ['202101020304.05', '%Y%m%d%H%M.%S', '2021-01-02 03:04:05'],
  ['2021-05-06', '%Y-%m-%d', '2021-05-06 00:00:00'],
  ['7:08 (2020)', '%H:%M (%Y)', '2020-01-01 07:08:00'],
])('%s in %s is %s', (value, format, wanted) => {
  expect(parseTimestamp(value, format)).toBe(wanted);
});

it('refuses what does not fit, and fields that it does not know', () => {
  expect(() => parseTimestamp('2021', '%Y-%m')).toThrow('does not fit');
  expect(() => parseTimestamp('x', '%B')).toThrow('%B in the format %B is not supported');
});
