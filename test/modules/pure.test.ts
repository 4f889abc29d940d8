import { describe, expect, test } from 'vitest';
import { changesNothing, insertAt, readSettings, ruleWords } from '../../src/firewall/call.ts';
import { readMountInfo } from '../../src/host/queries/mounts.ts';
import { parseAlternatives } from '../../src/modules/shared/alternatives.ts';
import { removeEntry, setEntry } from '../../src/modules/shared/fstab.ts';
import { parseGetent } from '../../src/modules/shared/getent.ts';
import { editLocaleGen, localeName, readSupported } from '../../src/modules/shared/locale-gen.ts';
import { readNpmList } from '../../src/modules/shared/npm-list.ts';
import {
  installedPackages,
  joinSpecifiers,
  parseRequirement,
  satisfies,
} from '../../src/modules/shared/python-packages.ts';
import { pythonRepr } from '../../src/modules/shared/python-text.ts';
import { pythonDelta } from '../../src/modules/shared/python-time.ts';
import { readRsync, rsyncArguments } from '../../src/modules/shared/rsync-arguments.ts';
import { ageArguments, ageChanges } from '../../src/modules/shared/user-age.ts';

describe('fstab', () => {
  const entry = { src: '/dev/b', name: '/mnt', fstype: 'xfs', opts: 'noatime', dump: '0', passno: '2' };
  const cases: [string, string, string][] = [
    ['empty', '', '/dev/b /mnt xfs noatime 0 2\n'],
    [
      'settled, in its own spacing',
      '/dev/b\t/mnt  xfs noatime 0 2 # x\n',
      '/dev/b\t/mnt  xfs noatime 0 2 # x\n',
    ],
    ['other options', '# c\n/dev/b /mnt xfs rw 0 2\nz\n', '# c\n/dev/b /mnt xfs noatime 0 2\nz\n'],
    ['no end of line', '/dev/a / ext4 rw 0 1', '/dev/a / ext4 rw 0 1\n/dev/b /mnt xfs noatime 0 2\n'],
    ['fields left out', '/dev/b /mnt xfs noatime\n', '/dev/b /mnt xfs noatime 0 2\n'],
    [
      'commented out',
      '#/dev/b /mnt xfs noatime 0 2\n',
      '#/dev/b /mnt xfs noatime 0 2\n/dev/b /mnt xfs noatime 0 2\n',
    ],
  ];
  test.each(cases)('%s', (_name, before, after) => {
    expect(setEntry(before, entry)).toBe(after);
    expect(setEntry(after, entry)).toBe(after);
  });
  test('tells swap apart by its source, and removes only what it means', () => {
    const swap = '/s1 none swap sw 0 0\n/s2 none swap sw 0 0\n';
    expect(removeEntry(swap, { name: 'none', src: '/s2' })).toBe('/s1 none swap sw 0 0\n');
    expect(
      removeEntry('/dev/b /a\\040b xfs rw 0 0\n/dev/c /c xfs rw\n', { name: '/a b', src: undefined }),
    ).toBe('/dev/c /c xfs rw\n');
  });
});

test('mounts know what is bound, and names with blanks', () => {
  const text = [
    '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
    '30 1 8:2 / /srv rw - ext4 /dev/sdb1 rw',
    '31 30 8:2 /data /mnt/a\\040b rw - ext4 /dev/sdb1 rw',
  ].join('\n');
  expect(readMountInfo(text).map(({ target, source, device }) => [target, source, device])).toEqual([
    ['/', '/dev/sda1', '/dev/sda1'],
    ['/srv', '/dev/sdb1', '/dev/sdb1'],
    ['/mnt/a b', '/srv/data', '/dev/sdb1'],
  ]);
});

test('alternatives', () => {
  const text = `Name: editor
Link: /usr/bin/editor
Slaves:
 editor.1.gz /usr/share/man/man1/editor.1.gz
Status: manual
Best: /bin/nano
Value: /usr/bin/vim.tiny

Alternative: /bin/nano
Priority: 40
Slaves:
 editor.1.gz /usr/share/man/man1/nano.1.gz

Alternative: /usr/bin/vim.tiny
Priority: 15
`;
  expect(parseAlternatives(text)).toEqual({
    link: '/usr/bin/editor',
    mode: 'manual',
    current: '/usr/bin/vim.tiny',
    all: [
      {
        path: '/bin/nano',
        priority: 40,
        subcommands: [
          {
            name: 'editor.1.gz',
            path: '/usr/share/man/man1/nano.1.gz',
            link: '/usr/share/man/man1/editor.1.gz',
          },
        ],
      },
      { path: '/usr/bin/vim.tiny', priority: 15, subcommands: [] },
    ],
  });
});

test('getent gives a list where a key comes twice', () => {
  expect(parseGetent('passwd', 'root:x:0\n', undefined)).toEqual({ root: ['x', '0'] });
  expect(parseGetent('hosts', '::1  a\n::1 b c\n', undefined)).toEqual({ '::1': [['a'], ['b', 'c']] });
});

test('locale.gen', () => {
  const table = '# comment\n# de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n';
  const charsets = readSupported('de_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\nxx_XX UTF-8\n');
  expect(editLocaleGen(table, ['de_DE.UTF-8'], true, charsets)).toBe(
    '# comment\nde_DE.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n',
  );
  expect(editLocaleGen(table, ['fr_FR.UTF-8'], false, charsets)).toBe(
    '# comment\n# de_DE.UTF-8 UTF-8\n# fr_FR.UTF-8 UTF-8\n',
  );
  expect(editLocaleGen(table, ['xx_XX'], true, charsets)).toBe(`${table}xx_XX UTF-8\n`);
  expect(localeName('de_DE.utf8')).toBe('de_DE.UTF-8');
});

describe('ufw', () => {
  const call = { rule: 'allow', delete: false, route: false, log: false, from_ip: 'any', to_ip: 'any' };
  test('has the words of a rule in the order of its manual', () => {
    expect(
      ruleWords({
        ...call,
        insert: 2,
        direction: 'in',
        interface: 'eth0',
        log: true,
        to_port: '22',
        proto: 'tcp',
      }).join(' '),
    ).toBe('insert 2 allow in on eth0 log from any to any port 22 proto tcp');
    expect(ruleWords({ ...call, insert: 2, delete: true, name: 'Nginx Full' })).toEqual([
      'delete',
      'allow',
      'from',
      'any',
      'to',
      'any',
      'app',
      'Nginx Full',
    ]);
  });

  const numbered =
    '[ 1] 22 ALLOW IN Anywhere\n[ 2] 80 ALLOW IN Anywhere\n[ 3] 22 (v6) ALLOW IN Anywhere (v6)\n';
  test.each([
    [1, 'zero', 1],
    [0, 'first-ipv4', 1],
    [0, 'last-ipv4', 2],
    [0, 'first-ipv6', 3],
    [1, 'last-ipv6', undefined],
  ] as const)('inserts %d after %s', (insert, from, expected) => {
    expect(insertAt(insert, from, numbered)).toBe(expected);
  });

  test('sees in a dry run whether anything changes', () => {
    const rules = { v4: '### tuple ### allow tcp 22 in\n-A x\n', v6: '' };
    expect(changesNothing('Skipping adding existing rule\n', rules)).toBe(true);
    expect(changesNothing('*filter\n:ufw-user-input\n### tuple ### allow tcp 22 in\nCOMMIT\n', rules)).toBe(
      true,
    );
    expect(changesNothing('*filter\n:ufw6-user-input\n### tuple ### allow tcp 22 in\n', rules)).toBe(false);
  });

  test('reads its settings', () => {
    expect(
      readSettings(
        'ENABLED=yes\nLOGLEVEL=low\n',
        'DEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n',
      ),
    ).toEqual({
      enabled: true,
      logging: 'low',
      policies: { incoming: 'deny', outgoing: 'allow', routed: '' },
    });
  });
});

describe('Python packages', () => {
  const versions: [string, string, boolean][] = [
    ['1.2', 'x', true],
    ['1.2', 'x==1.2.0', true],
    ['1.10', 'x>=1.9,<2', true],
    ['2.0', 'x>=1.9,<2', false],
    ['1.4.5', 'x~=1.4.2', true],
    ['1.5.0', 'x~=1.4.2', false],
    ['1.4.5', 'x==1.4.*', true],
    ['1.4.5', 'x!=1.4.*', false],
  ];
  test.each(versions)('%s for %s: %s', (version, requirement, expected) => {
    expect(satisfies(version, parseRequirement(requirement)!)).toBe(expected);
  });
  test('of other kinds are left to pip', () => {
    for (const text of ['git+https://x/y', './dir', 'a; python_version<"3"', 'a==1.0rc1'])
      expect(parseRequirement(text)).toBeUndefined();
    expect(parseRequirement('Foo_Bar[extra]>1')).toEqual({ name: 'foo-bar', specifiers: [['>', '1']] });
    expect(installedPackages('Foo.Bar==1.0\n-e git\n')).toEqual(new Map([['foo-bar', '1.0']]));
    expect(joinSpecifiers(['django>1.11.1', '<1.11.3', 'a[b', 'c]', 'd,e'])).toEqual([
      'django>1.11.1,<1.11.3',
      'a[b,c]',
      'd',
      'e',
    ]);
  });
});

test('npm list', () => {
  const stdout =
    '{"dependencies":{"a":{"version":"1.0"},"b":{"missing":true},"c":{"version":"2","invalid":"x"}}}';
  expect(readNpmList(stdout, 'a@1.1')).toEqual({ installed: ['a', 'a@1.0'], missing: ['b', 'c', 'a'] });
  expect(readNpmList('', '@scope/x@2')).toEqual({ installed: [], missing: ['@scope/x'] });
});

test('rsync', () => {
  const want = {
    src: 'a',
    dest: 'b',
    mode: 'push' as const,
    delete: true,
    archive: true,
    checksum: false,
    compress: false,
    existing_only: false,
    dirs: false,
    partial: false,
    copy_links: false,
    delay_updates: false,
    owner: false,
    times: true,
    rsync_timeout: 0,
    rsync_opts: ['--exclude=.git', "--filter 'P x'"],
    link_dest: [],
  };
  expect(rsyncArguments(want, true)).toEqual([
    '--dry-run',
    '--delete-after',
    '--archive',
    '--no-owner',
    '--exclude=.git',
    '--filter',
    'P x',
    '--out-format=<<CHANGED>>%i %n%L',
  ]);
  expect(readRsync('created x\n<<CHANGED>><f+++ a\n', want)).toEqual({
    changes: ['<f+++ a'],
    text: 'created x\n<f+++ a\n',
  });
});

test('ages of accounts are days in /etc/shadow', () => {
  const changes = ageChanges(
    { expires: 1_900_000_000, password_expire_max: 90, password_expire_min: 0 },
    'u:*:20000:0:99999:7:::',
  );
  expect(changes).toEqual([
    { what: 'password_expire_max', from: 99999, to: 90 },
    { what: 'expires', from: -1, to: 21990 },
  ]);
  expect(ageArguments(changes)).toEqual(['-M', '90', '-E', '21990']);
});

test('texts as Python writes them', () => {
  expect(pythonRepr({ a: [1, null, true, "it's"] })).toBe(`{'a': [1, None, True, "it's"]}`);
  expect([0, 1002, 90_061_000].map(pythonDelta)).toEqual(['0:00:00', '0:00:01.002000', '1 day, 1:01:01']);
});
