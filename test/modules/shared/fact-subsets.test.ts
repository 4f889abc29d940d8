import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { facts } from '../../../src/host/facts.ts';
import { localFacts } from '../../../src/host/facts-local.ts';
import { factSections } from '../../../src/host/facts-script.ts';
import { openLocalHost } from '../../../src/host/local.ts';
import {
  chooseFacts,
  globPattern,
  isSubset,
  sectionsOf,
  wantsLocal,
} from '../../../src/modules/shared/fact-subsets.ts';

const example = {
  distribution: 'Debian',
  os_family: 'Debian',
  pkg_mgr: 'apt',
  memtotal_mb: 1,
  interfaces: ['eth0.1'],
  eth0_1: {},
  virtualization_type: 'kvm',
  user_id: 'root',
};

describe('gather_subset on a host', () => {
  let host: Awaited<ReturnType<typeof openLocalHost>>;
  beforeAll(async () => {
    host = await openLocalHost({ readOnly: true });
  });
  afterAll(() => host.close());

  const fleeting = [
    'date_time',
    'loadavg',
    'memfree_mb',
    'memory_mb',
    'swapfree_mb',
    'uptime_seconds',
    'mounts',
    'env',
  ];
  test.each(
    [
      'apparmor caps chroot cmdline distribution dns fips lsb pkg_mgr platform selinux service_mgr ssh_pub_keys'.split(
        ' ',
      ),
      'systemd user network hardware virtual fibre_channel_wwn iscsi nvme'.split(' '),
    ].flat(),
  )('%s reads all that its facts are made of', async (subset) => {
    const asked = ['!all', '!min', subset];
    const [all, some] = [await host.ask(facts, undefined), await host.ask(facts, sectionsOf(asked))];
    const stable = (of: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(chooseFacts(of, asked)).filter(([name]) => !fleeting.includes(name)));
    expect(stable(some)).toEqual(stable(all));
  });

  test('reads no more', () => {
    expect(sectionsOf(['!all', '!min', 'loadavg'])).toEqual(['load']);
    expect([['!all', '!min'], ['!all'], ['min']].map(wantsLocal)).toEqual([false, true, true]);
    expect(new Set(sectionsOf(['all']))).toEqual(new Set(factSections));
  });
});

describe('gather_subset', () => {
  const cases: [string[], string[]][] = [
    [['all'], Object.keys(example)],
    [['min'], ['distribution', 'os_family', 'pkg_mgr', 'user_id']],
    [['!all'], ['distribution', 'os_family', 'pkg_mgr', 'user_id']],
    [
      ['!all', '!min', 'network'],
      // The collector of the network needs distribution, and so gives it along.
      ['distribution', 'os_family', 'interfaces', 'eth0_1'],
    ],
    [['network'], ['distribution', 'os_family', 'pkg_mgr', 'interfaces', 'eth0_1', 'user_id']],
    [['!hardware'], Object.keys(example).filter((name) => name !== 'memtotal_mb')],
    [
      ['!all', '!min', 'distribution_version'],
      ['distribution', 'os_family'],
    ],
    [['!all', '!min'], []],
  ];
  test.each(cases)('%j', (asked, expected) => {
    expect(Object.keys(chooseFacts(example, asked))).toEqual(expected);
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
