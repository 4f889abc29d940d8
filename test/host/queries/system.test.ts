import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../../src/host/contract.ts';
import { openLocalHost } from '../../../src/host/local.ts';
import { candidates, packageLists } from '../../../src/host/queries/apt.ts';
import { authorizedKeys } from '../../../src/host/queries/authorized_keys.ts';
import { packages, providers } from '../../../src/host/queries/packages.ts';
import { unitName, units } from '../../../src/host/queries/units.ts';
import { groups, shadowEntry, users } from '../../../src/host/queries/users.ts';

describe('dpkg-query', () => {
  test('tells about what was ever installed', () => {
    const text = [
      'bash\tamd64\tinstalled\t5.2.37-2+b10',
      'python3\t\tnot-installed\t',
      'nginx\tamd64\tconfig-files\t1.26.3-3',
      'tree\tamd64\tunpacked\t2.2.1-1',
      'libc6\ti386\tconfig-files\t2.41-11',
      'libc6\tamd64\tinstalled\t2.41-12',
      '',
    ].join('\n');
    const names = ['bash', 'python3', 'nginx', 'tree', 'libc6', 'libc6:i386', 'nosuch'];
    expect(
      packages.parse(Buffer.from(text), names).map((item) => item && `${item.version} ${item.status}`),
    ).toEqual([
      '5.2.37-2+b10 installed',
      undefined,
      '1.26.3-3 config-files',
      '2.2.1-1 unpacked',
      '2.41-12 installed',
      '2.41-11 config-files',
      undefined,
    ]);
  });

  test('tells who provides a virtual package, versions and architectures aside', () => {
    const text =
      'installed\tmawk\tawk\ninstalled\tpostfix\tdefault-mta (= 3), mail-transport-agent:any\nconfig-files\texim4\tmail-transport-agent\n';
    expect(providers.parse(Buffer.from(text), ['awk', 'mail-transport-agent', 'mta'])).toEqual([
      ['mawk'],
      ['postfix'],
      [],
    ]);
  });
});

describe('apt', () => {
  test('names the candidate for each release', () => {
    const policy = (candidate: string) =>
      `mysql-server:\n  Installed: (none)\n  Candidate: ${candidate}\n  Version table:\n     9.7.4-1 100\n`;
    const text = `release \n${policy('(none)')}release sid\n${policy('9.7.4-1')}`;
    const ask = [{ name: 'mysql-server' }, { name: 'mysql-server', release: 'sid' }, { name: 'nosuch' }];
    expect(candidates.parse(Buffer.from(text), ask)).toEqual([undefined, '9.7.4-1', undefined]);
  });

  test.each([
    [
      'an update and older sources',
      '500\n400 /var/lib/apt/periodic/update-success-stamp\n100 /var/lib/apt/lists\n300 /etc/apt/sources.list.d\n4',
      400,
      300,
    ],
    ['no stamp', '500\n100 /var/lib/apt/lists\n300 /etc/apt/sources.list\n4', 100, 300],
    ['no lists', '500\n100 /var/lib/apt/lists\n300 /etc/apt/sources.list\n0', 0, 300],
  ])('tells the age of its lists with %s', (_name, text, updated, sourcesChanged) => {
    expect(packageLists.parse(Buffer.from(`${text}\n`), [undefined])).toEqual([
      { now: 500, updated, sourcesChanged },
    ]);
  });
});

describe('systemctl show', () => {
  // captured on Debian 13, systemd 257
  const text = `Type=notify
Result=success
Id=ssh.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
StateChangeTimestampMonotonic=1930224518
CanReload=yes
NeedDaemonReload=no
InvocationID=c2f771b7702d4a06846f4e29f408b2f7

Type=
Result=success
Id=nosuch.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
StateChangeTimestampMonotonic=0
CanReload=no
NeedDaemonReload=no
InvocationID=
`;
  test('answers in the order of the names', () => {
    expect(units.parse(Buffer.from(text), ['sshd', 'nosuch'])).toMatchObject([
      {
        id: 'ssh.service',
        type: 'notify',
        activeState: 'active',
        unitFileState: 'enabled',
        canReload: true,
        needDaemonReload: false,
      },
      { id: 'nosuch.service', loadState: 'not-found', unitFileState: '', invocation: '' },
    ]);
  });

  test('must tell about every unit', () => {
    expect(() => units.parse(Buffer.from(text), ['sshd'])).toThrow('2 of 1');
  });

  test.each([
    ['nginx', 'nginx.service'],
    ['apt-daily.timer', 'apt-daily.timer'],
    ['getty@tty1', 'getty@tty1.service'],
    ['php8.4-fpm', 'php8.4-fpm.service'],
  ])('%s is %s', (name, whole) => {
    expect(unitName(name)).toBe(whole);
  });
});

describe('this machine', () => {
  let host: Host & { close(): Promise<void> };
  beforeAll(async () => {
    host = await openLocalHost({ readOnly: true });
  });
  afterAll(() => host.close());

  test('has a package dpkg and none of another name', async () => {
    const [dpkg, none] = await Promise.all([
      host.ask(packages, 'dpkg'),
      host.ask(packages, 'no-such-package'),
    ]);
    expect(dpkg?.status).toBe('installed');
    expect(none).toBeUndefined();
    expect(await host.ask(providers, 'awk')).not.toEqual([]);
    expect(await host.ask(providers, 'no-such-package')).toEqual([]);
    expect(Math.abs((await host.ask(packageLists, undefined)).now * 1000 - Date.now())).toBeLessThan(120_000);
  });

  test('knows root and nobody of another name', async () => {
    const names = ['root', 'no-such-user', 'daemon'];
    const [root, none, daemon] = await Promise.all(names.map((name) => host.ask(users, name)));
    expect(root).toMatchObject({ uid: 0, gid: 0, home: '/root', homeExists: true });
    expect(none).toBeUndefined();
    expect(daemon?.name).toBe('daemon');
    expect((await host.ask(groups, undefined)).find((group) => group.name === 'root')?.gid).toBe(0);
    expect(await host.ask(shadowEntry, 'no-such-user')).toBeUndefined();
  });

  test('shows authorized keys where they are asked for', async () => {
    const ask = (path: string) => host.ask(authorizedKeys, { user: 'root', path });
    const [file, missing, other, own, nobody] = await Promise.all([
      ask('/etc/passwd'),
      ask('/nowhere/%u/keys'),
      ask('/etc'),
      ask('%h/no-such-file'),
      host.ask(authorizedKeys, { user: 'no-such-user' }),
    ]);
    expect(file).toMatchObject({ kind: 'file', content: expect.stringContaining('root:x:0:0:') });
    expect(missing).toMatchObject({ path: '/nowhere/root/keys', kind: 'absent', directoryExists: false });
    expect(other?.kind).toBe('other');
    expect(own).toMatchObject({ path: '/root/no-such-file', kind: 'absent', directoryExists: true });
    expect(nobody).toBeUndefined();
  });
});
