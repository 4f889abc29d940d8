import { describe, expect, test } from 'vitest';
import { localFacts } from '../../../src/host/facts-local.ts';
import { chooseFacts, globPattern, isSubset } from '../../../src/modules/shared/fact-subsets.ts';

const facts = {
  distribution: 'Debian',
  os_family: 'Debian',
  pkg_mgr: 'apt',
  memtotal_mb: 1,
  interfaces: ['eth0.1'],
  eth0_1: {},
  virtualization_type: 'kvm',
  user_id: 'root',
};

describe('gather_subset', () => {
  const cases: [string[], string[]][] = [
    [['all'], Object.keys(facts)],
    [['min'], ['distribution', 'os_family', 'pkg_mgr', 'user_id']],
    [['!all'], ['distribution', 'os_family', 'pkg_mgr', 'user_id']],
    [
      ['!all', '!min', 'network'],
      ['interfaces', 'eth0_1'],
    ],
    [['network'], ['distribution', 'os_family', 'pkg_mgr', 'interfaces', 'eth0_1', 'user_id']],
    [['!hardware'], Object.keys(facts).filter((name) => name !== 'memtotal_mb')],
    [
      ['!all', '!min', 'distribution_version'],
      ['distribution', 'os_family'],
    ],
    [['!all', '!min'], []],
  ];
  test.each(cases)('%j', (asked, expected) => {
    expect(Object.keys(chooseFacts(facts, asked))).toEqual(expected);
  });

  test('knows its names', () => {
    expect(['all', '!min', 'hardware', '!devices', 'hardwear'].map(isSubset)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test('has globs as fnmatch', () => {
    expect(globPattern('ansible_*_mb').test('ansible_memtotal_mb')).toBe(true);
    expect(globPattern('ansible_eth[0-2]').test('ansible_eth3')).toBe(false);
    expect(globPattern('a.b').test('axb')).toBe(false);
  });
});

test('facts of files are JSON, INI or an error in their place', () => {
  const line = (kind: string, name: string, text: string) =>
    `${kind} ${name} ${Buffer.from(text).toString('base64')}`;
  const stdout = [
    'd',
    line('f', 'j', '{"a": [1]}'),
    line('x', 'two words', '[general]\nX = 1\n# no\ny: 2\n  more\n'),
    line('f', 'b', 'neither'),
    '',
  ].join('\n');
  expect(localFacts.parse(Buffer.from(stdout), ['/facts.d'])[0]).toEqual({
    j: { a: [1] },
    'two words': { general: { x: '1', y: '2\nmore' } },
    b: 'error loading facts as JSON or ini - please check content: /facts.d/b.fact',
  });
});
