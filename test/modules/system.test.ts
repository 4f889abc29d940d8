import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sysctl } from '../../src/host/queries/sysctl.ts';
import { editSetting, kernelPath, readSetting } from '../../src/modules/shared/sysctl-file.ts';
import { zoneOf } from '../../src/modules/timezone.ts';
import { answers } from '../host/queries/local.ts';
import { Bench, shown } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

describe('sysctl', () => {
  const ports = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().replaceAll(/\s+/g, ' ');

  it('writes the file, reads the kernel, and settles', async () => {
    const path = bench.at('99.conf');
    writeFileSync(
      path,
      '# kept\nnet.ipv4.ip_local_port_range = 1 2\nnet/ipv4/ip_local_port_range=3 4\nother=1',
    );
    const args = { name: 'net.ipv4.ip_local_port_range', value: ports.replace(' ', '\t'), sysctl_file: path };
    const { changes, left } = await bench.settle('sysctl', args);
    expect([shown(changes), left]).toEqual([[`${args.name} in ${path} 3 4 -> ${ports}`], []]);
    expect(readFileSync(path, 'utf8')).toBe(`# kept\n${args.name}=${ports}\nother=1\n`);
    expect((await bench.settle('sysctl', args)).changes).toEqual([]);
    expect(shown(await bench.check('sysctl', { ...args, value: '1 2' }))[1]).toBe(
      `${args.name} ${ports} -> 1 2`,
    );
    expect((await bench.settle('sysctl', { ...args, state: 'absent' })).left).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('# kept\nother=1\n');
  });

  it('says NotYet for what the kernel does not have, unless errors are ignored', async () => {
    const args = { name: 'net.no_such.thing', value: 1, sysctl_file: bench.at('x.conf') };
    await expect(bench.check('sysctl', args)).rejects.toThrow(/has no net\.no_such\.thing/);
    expect((await bench.settle('sysctl', { ...args, ignoreerrors: true })).left).toEqual([]);
  });

  it.each([
    ['net.ipv4.ip_forward', '/proc/sys/net/ipv4/ip_forward'],
    ['net.ipv4.conf.eth0/100.rp_filter', '/proc/sys/net/ipv4/conf/eth0.100/rp_filter'],
    ['net/ipv4/conf/eth0.100/rp_filter', '/proc/sys/net/ipv4/conf/eth0.100/rp_filter'],
  ])('%s is %s', (name, path) => {
    expect(kernelPath(name)).toBe(path);
  });

  it('an edited file holds the value once and keeps every other line', () => {
    const lines = fc.array(fc.constantFrom('# a=1', 'a=1', ' -a = 2', 'b=1', '', ';c', 'a.b=1'), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(lines, fc.constantFrom('1', '7 8', undefined), (before, value) => {
        const edited = editSetting(before.join('\n'), 'a', value);
        expect(readSetting(edited, 'a')).toBe(value);
        expect(editSetting(edited, 'a', value)).toBe(edited);
        expect(edited.split('\n').filter((line) => /^ ?-?a ?=/.test(line)).length).toBe(
          value === undefined ? 0 : 1,
        );
      }),
    );
  });

  it('the query answers for several settings', () => {
    const path = '/proc/sys/net/ipv4/ip_local_port_range';
    const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
    expect(answers(sysctl, [path, '/proc/sys/no/such', '/proc/sys/kernel/osrelease'])).toEqual([
      ports,
      undefined,
      release,
    ]);
  });
});

describe('hostname', () => {
  it('sees the name that the kernel and the file have', async () => {
    const permanent = existsSync('/etc/hostname') ? readFileSync('/etc/hostname', 'utf8').split('\n')[0] : '';
    expect(await bench.check('hostname', { name: 'no-such-name' })).toEqual([
      { what: 'permanent', from: permanent, to: 'no-such-name' },
      { what: 'name', from: hostname(), to: 'no-such-name' },
    ]);
    await expect(bench.check('hostname', { name: 'bad name' })).rejects.toThrow(/letters/);
  });
});

describe('timezone', () => {
  it('sees the zone, and refuses one that there is not', async () => {
    const changes = await bench.check('timezone', { name: 'Pacific/Chatham' });
    expect(changes[0]).toMatchObject({ what: 'name', to: 'Pacific/Chatham' });
    if (lstatSync('/etc/localtime', { throwIfNoEntry: false })?.isSymbolicLink()) {
      const zone = changes[0]!.from as string;
      expect(
        (await bench.check('timezone', { name: zone })).filter((change) => change.what === 'name'),
      ).toEqual([]);
    }
    await expect(bench.check('timezone', { name: 'Europe/Nowhere' })).rejects.toThrow(/no time zone/);
    await expect(bench.check('timezone', { name: '../../etc/passwd' })).rejects.toThrow(
      /expected a time zone/,
    );
  });

  it.each([
    ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
    ['../usr/share/zoneinfo/Etc/UTC', 'Etc/UTC'],
    ['/other', undefined],
    [undefined, undefined],
  ])('zoneOf(%s)', (target, zone) => {
    expect(zoneOf(target)).toBe(zone);
  });
});

describe('modprobe', () => {
  it('knows what is loaded, whichever dash is written, and the files for the next boot', async () => {
    const parameters = readdirSync('/sys/module').find((name) => name.includes('_'));
    expect(await bench.check('modprobe', { name: parameters!.replaceAll('_', '-') })).toEqual([]);
    expect(await bench.check('modprobe', { name: 'no-such-module', state: 'absent' })).toEqual([]);
    expect(
      await bench.check('modprobe', { name: 'no-such-module', persistent: 'present', params: 'a=1' }),
    ).toEqual([
      { what: 'state', from: 'absent', to: 'present' },
      {
        what: 'content',
        path: '/etc/modules-load.d/no-such-module.conf',
        from: null,
        to: 'no-such-module\n',
      },
      {
        what: 'content',
        path: '/etc/modprobe.d/no-such-module.conf',
        from: null,
        to: 'options no-such-module a=1\n',
      },
    ]);
  });
});
