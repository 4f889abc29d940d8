import { describe, expect, it } from 'vitest';
import { batches, matchesGlob, ordered } from '../../src/engine/batches.ts';

const hosts = ['b', 'd', 'a', 'c', 'e'];

describe('serial', () => {
  it.each<[(number | string)[], string[]]>([
    [[], ['bdace']],
    [[2], ['bd', 'ac', 'e']],
    [
      [1, 3],
      ['b', 'dac', 'e'],
    ],
    [['40%'], ['bd', 'ac', 'e']],
    [['1%'], ['b', 'd', 'a', 'c', 'e']],
    [
      [1, '100%'],
      ['b', 'dace'],
    ],
    [['2'], ['bd', 'ac', 'e']],
    [[0], ['bdace']],
  ])('%j', (serial, expected) => {
    expect(batches(serial, hosts).map((batch) => batch.join(''))).toEqual(expected);
  });
});

describe('order', () => {
  it.each([
    [undefined, 'bdace'],
    ['inventory', 'bdace'],
    ['reverse_inventory', 'ecadb'],
    ['sorted', 'abcde'],
    ['reverse_sorted', 'edcba'],
  ] as const)('%s', (order, expected) => {
    expect(ordered(hosts, order).join('')).toBe(expected);
  });

  it('shuffle loses nobody', () => {
    expect(ordered(hosts, 'shuffle').sort()).toEqual([...hosts].sort());
  });
});

it.each([
  ['Install nginx', 'Install nginx', true],
  ['Install nginx', 'Install*', true],
  ['Install nginx', 'install*', false],
  ['Install nginx', 'Install', false],
  ['a.b', 'a?b', true],
  ['axb', 'a.b', false],
  ['a1', 'a[0-9]', true],
  ['ab', 'a[!0-9]', true],
  ['a[b', 'a[b', true],
])('%s matches %s: %s', (name, glob, expected) => {
  expect(matchesGlob(name, glob)).toBe(expected);
});
