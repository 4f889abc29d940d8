import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/contract.ts';
import { facts } from '../../src/host/facts.ts';
import { openLocalHost } from '../../src/host/local.ts';

/** What the host prints: files by their path, what is there in `paths`, and what commands say by their section. */
function read(said: Record<string, string>): Record<string, unknown> {
  const all = { '/proc/sys/kernel/ostype': 'Linux', ...said };
  const files = Object.entries(all).filter(([name]) => name.startsWith('/'));
  const lines = files.flatMap(([path, text]) => text.split('\n').map((line) => `${path}\0${line}`));
  const text = Object.entries({ ...all, files: lines.join('\n') })
    .filter(([name]) => !name.startsWith('/'))
    .map(([name, content]) => `\n\u0001${name}\n${content}`)
    .join('\n');
  return facts.parse(Buffer.from(text), [undefined])[0]!;
}

const trixie = `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION_CODENAME=trixie
ID=debian`;
const noble = `NAME="Ubuntu"
VERSION_ID="24.04"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian`;
const rocky = `NAME="Rocky Linux"
VERSION_ID="9.4"
ID="rocky"
ID_LIKE="rhel centos fedora"`;

const address = `[{"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"operstate":"UNKNOWN","link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"},{"family":"inet6","local":"::1","prefixlen":128,"scope":"host"}]},
{"ifname":"eth0.10","flags":["BROADCAST","UP"],"mtu":1500,"operstate":"UP","link_type":"ether","address":"02:00:00:00:00:0b","addr_info":[{"family":"inet","local":"198.18.0.11","prefixlen":24,"broadcast":"198.18.0.255","scope":"global"},{"family":"inet","local":"198.18.0.99","prefixlen":24,"scope":"global"},{"family":"inet6","local":"fd00:198:18::11","prefixlen":64,"scope":"global"},{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]`;
const two =
  'processor : 0\nvendor_id : AMD\nmodel name : EPYC\nphysical id : 0\nsiblings : 4\ncpu cores : 2\n';

const cases: [string, Record<string, string>, Record<string, unknown>][] = [
  [
    'Debian by its point release',
    { '/etc/os-release': trixie, '/etc/debian_version': '13.1' },
    {
      distribution: 'Debian',
      distribution_version: '13.1',
      distribution_major_version: '13',
      distribution_release: 'trixie',
      os_family: 'Debian',
    },
  ],
  [
    'Debian testing',
    { '/etc/os-release': trixie, '/etc/debian_version': 'forky/sid' },
    { distribution_version: '13' },
  ],
  [
    'Ubuntu',
    { '/etc/os-release': noble, '/etc/debian_version': 'trixie/sid' },
    {
      distribution: 'Ubuntu',
      distribution_version: '24.04',
      distribution_major_version: '24',
      os_family: 'Debian',
    },
  ],
  [
    'a relative of Red Hat',
    { '/etc/os-release': rocky },
    { distribution: 'Rocky', os_family: 'RedHat', distribution_release: 'NA' },
  ],
  [
    'no release at all',
    { '/proc/sys/kernel/osrelease': '6.12.1', machineName: 'x86_64' },
    { distribution: 'Linux', distribution_version: 'NA', architecture: 'x86_64', kernel: '6.12.1' },
  ],
  [
    'a name without domain',
    { '/proc/sys/kernel/hostname': 'web1' },
    { hostname: 'web1', fqdn: 'web1', domain: '' },
  ],
  [
    'a domain from /etc/hosts',
    {
      '/proc/sys/kernel/hostname': 'web1',
      '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 web1.foobar.com web1 # me',
    },
    { fqdn: 'web1.foobar.com', domain: 'foobar.com' },
  ],
  [
    'a whole name as nodename',
    { '/proc/sys/kernel/hostname': 'web1.foobar.com' },
    { hostname: 'web1', fqdn: 'web1.foobar.com' },
  ],
  [
    'memory',
    { '/proc/meminfo': 'MemTotal:        2048000 kB\nMemFree:  1024000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB' },
    { memtotal_mb: 2000, memfree_mb: 1000, swaptotal_mb: 0 },
  ],
  [
    'processors',
    {
      '/proc/cpuinfo': `${two}${two.replace(': 0', ': 1')}`,
      '/proc/self/status': 'Cpus_allowed_list:\t1-2,5',
    },
    {
      processor_vcpus: 4,
      processor: ['0', 'AMD', 'EPYC', '1', 'AMD', 'EPYC'],
      processor_nproc: 3,
      processor_cores: 2,
      processor_threads_per_core: 2,
      processor_count: 1,
    },
  ],
  [
    'the default address',
    {
      addresses: `${address}\n[{},{"dst":"default","gateway":"198.18.0.1","dev":"eth0.10"}]\n[{"type":"local","dst":"198.18.0.11","dev":"eth0.10"}]`,
      addresses6: '[{}]\n[{"type":"local","dst":"::1","dev":"lo"}]',
    },
    {
      all_ipv4_addresses: ['198.18.0.11', '198.18.0.99'],
      all_ipv6_addresses: ['fd00:198:18::11', 'fe80::1'],
      interfaces: ['lo', 'eth0.10'],
      default_ipv4: expect.objectContaining({
        address: '198.18.0.11',
        interface: 'eth0.10',
        gateway: '198.18.0.1',
        netmask: '255.255.255.0',
        network: '198.18.0.0',
      }),
      default_ipv6: {},
      locally_reachable_ips: { ipv4: ['198.18.0.11'], ipv6: ['::1'] },
      eth0_10: expect.objectContaining({ macaddress: '02:00:00:00:00:0b' }),
    },
  ],
  [
    'the source address that the route names, and the lower metric',
    {
      addresses: `${address}\n[{"dst":"default","dev":"lo","metric":600},{"dst":"default","dev":"eth0.10","prefsrc":"198.18.0.99","metric":100}]\n[]`,
    },
    { default_ipv4: expect.objectContaining({ address: '198.18.0.99' }) },
  ],
  ['no iproute2', {}, { interfaces: [], default_ipv4: {} }],
  [
    'apt in one-line format',
    {
      '/etc/apt/sources.list':
        '# deb http://old.example/debian trixie main\ndeb [signed-by=/k arch=amd64] http://mirror.example/debian trixie main',
    },
    { apt_uri: 'http://mirror.example/debian' },
  ],
  [
    'apt in deb822 format',
    {
      '/etc/apt/sources.list.d/debian.sources':
        'Types: deb\nURIs: http://mirror.example/debian/ http://other.example',
    },
    { apt_uri: 'http://mirror.example/debian/' },
  ],
  [
    'systemd',
    { '/proc/1/comm': 'systemd', paths: '/usr/bin/apt-get\n/run/systemd/system' },
    { service_mgr: 'systemd', pkg_mgr: 'apt' },
  ],
  [
    'a container without systemd',
    { '/proc/1/comm': 'tini', paths: '/.dockerenv' },
    { service_mgr: 'tini', virtualization_type: 'docker', virtualization_role: 'guest' },
  ],
  [
    'a virtual machine',
    {
      '/sys/devices/virtual/dmi/id/sys_vendor': 'QEMU',
      '/sys/devices/virtual/dmi/id/product_name': 'Standard PC (i440FX + PIIX, 1996)',
    },
    { virtualization_type: 'kvm', virtualization_role: 'guest', virtualization_tech_guest: ['kvm'] },
  ],
  [
    'one of Red Hat',
    {
      '/sys/devices/virtual/dmi/id/sys_vendor': 'Red Hat',
      '/sys/devices/virtual/dmi/id/product_family': 'Red Hat Enterprise Linux',
      '/sys/devices/virtual/dmi/id/product_name': 'RHEV Hypervisor',
    },
    { virtualization_type: 'RHEV' },
  ],
  [
    'bare metal',
    { '/sys/devices/virtual/dmi/id/sys_vendor': 'Dell Inc.' },
    { virtualization_type: 'NA', virtualization_role: 'NA' },
  ],
  [
    'a host of virtual machines',
    { paths: '/sys/module/kvm/initstate\n/dev/kvm' },
    { virtualization_type: 'kvm', virtualization_role: 'host', virtualization_tech_host: ['kvm'] },
  ],
  [
    'a container of systemd-nspawn',
    {
      '/proc/1/environ': 'LANG=C\0container=systemd-nspawn\0',
      '/run/systemd/container': 'systemd-nspawn',
    },
    { virtualization_type: 'container', virtualization_tech_guest: ['container', 'systemd-nspawn'] },
  ],
  [
    'a mount with a space',
    { '/proc/self/mounts': '/dev/sda1 /srv/my\\040data ext4 rw 0 0' },
    { mounts: [{ device: '/dev/sda1', mount: '/srv/my data', fstype: 'ext4', options: 'rw' }] },
  ],
  [
    'a mount over another',
    { '/proc/self/mounts': '/dev/sda1 /srv ext4 rw 0 0\n/dev/sda2 / ext4 rw 0 0\n/dev/sda3 /srv xfs ro 0 0' },
    {
      mounts: [
        expect.objectContaining({ device: '/dev/sda3', mount: '/srv', fstype: 'xfs' }),
        expect.objectContaining({ device: '/dev/sda2', mount: '/' }),
      ],
    },
  ],
  [
    'a clock west of Greenwich',
    {
      clock:
        '1700000000 123456789 -0330 NST Tuesday 2 46\n1 0 -0330 NST Sunday 0 02\n2 0 -0230 NDT Saturday 6 28',
    },
    {
      date_time: expect.objectContaining({
        iso8601: '2023-11-14T22:13:20Z',
        time: '18:43:20',
        epoch: '1700000000',
        iso8601_micro: '2023-11-14T22:13:20.123456Z',
        iso8601_basic: '20231114T184320123456',
        tz_dst: 'NDT',
        weekday: 'Tuesday',
        weeknumber: '46',
      }),
    },
  ],
];

describe('facts', () => {
  test.each(cases)('of %s', (_name, sections, expected) => {
    expect(read(sections)).toMatchObject(expected);
  });

  test('of programs of 32 bits', () => {
    const words = (numbers: number[]) => Buffer.from(numbers).toString('latin1');
    const bits = (text: string) => read({ '/proc/self/auxv': text, machineName: 'x86_64' }).userspace_bits;
    expect(bits(words([33, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]))).toBe('64');
    expect(bits(words([32, 0, 0, 0, 1, 2, 3, 4, 33, 0, 0, 0]))).toBe('32');
  });

  test('of its environment and devices', () => {
    const found = read({
      '/proc/self/environ': 'A=1\0B=two\nlines\0',
      links:
        '/sys/block/sda ../devices/pci/block/sda\n/sys/block/sda/sda1/holders/dm-0 ../../dm-0\n/dev/disk/by-uuid/1-2 ../../sda1\n/sys/class/net/eth0.10/device/driver/module ../../module/virtio_net',
      '/sys/block/sda/size': '2048',
      '/sys/block/sda/sda1/partition': '1',
      '/sys/block/sda/sda1/size': '1024',
      addresses: address,
    });
    expect(found.env).toEqual({ A: '1', B: 'two\nlines' });
    expect(found).toMatchObject({
      devices: {
        sda: { size: '1.00 MB', partitions: { sda1: { links: { uuids: ['1-2'] }, holders: ['dm-0'] } } },
      },
      device_links: { masters: { sda1: ['dm-0'] } },
      eth0_10: { module: 'virtio_net' },
    });
  });

  test('without an answer of the kernel are refused', () => {
    expect(() => facts.parse(Buffer.from(''), [undefined])).toThrow('kernel');
  });
});

describe('facts of this machine', () => {
  let host: Host & { close(): Promise<void> };
  beforeAll(async () => {
    host = await openLocalHost({ readOnly: true });
  });
  afterAll(() => host.close());

  test('are there', async () => {
    const all = await host.ask(facts, undefined);
    expect(all.user_uid).toBe(process.getuid?.());
    expect(all.memtotal_mb).toBeGreaterThan(100);
    expect(all.processor_vcpus).toBeGreaterThan(0);
    expect(all.kernel).toMatch(/^\d+\./);
    expect(Math.abs(Number((all.date_time as { epoch: string }).epoch) * 1000 - Date.now())).toBeLessThan(
      120_000,
    );
  });
});
