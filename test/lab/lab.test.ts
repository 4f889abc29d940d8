import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { layout } from '../../src/lab/layout.ts';
import { program } from './program.ts';
import { copyInventory, labOf } from './support.ts';

const inventory = copyInventory('lab', 'own', (text) => text.replace(/^.*server3.*\n/gm, ''));
const lab = labOf(inventory);
const { bridge, id } = layout(lab.plan);

const ssh = (user: string, address: string, script: string) => {
  const key = join(lab.directory, 'id_ed25519');
  const known = `UserKnownHostsFile=${join(lab.directory, 'known_hosts')}`;
  const options = [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectTimeout=3',
    '-o',
    'ServerAliveInterval=2',
    '-o',
    'StrictHostKeyChecking=yes',
  ];
  return $({ quiet: true, nothrow: true })`ssh ${options} -o ${known} -i ${key} ${user}@${address} ${script}`;
};
const bootOf = (host: string) => lab.ask(host, "cut -d' ' -f22 /proc/1/stat; cat /etc/machine-id");
const soon = { timeout: 180_000, interval: 100 };
const keyOf = (host: string) => lab.ask(host, 'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub');
const knownHosts = () => readFileSync(join(lab.directory, 'known_hosts'), 'utf8');

/** What a lab leaves on this machine: links, mounts, control groups, processes. */
async function traces(): Promise<string[]> {
  const links = (await readdir('/sys/class/net')).filter(
    (name) => name === bridge || name.startsWith(`vb-${id.slice(-6)}`),
  );
  const mounts = (await readFile('/proc/mounts', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(`/${id}/`));
  const tops = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];
  const groups = tops.map((top) => join(top, 'foobar-lab', id)).filter((group) => existsSync(group));
  const processes: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (words.includes(`/${id}/`)) processes.push(`${pid} ${words.replaceAll('\0', ' ')}`);
  }
  return [...links, ...mounts, ...groups, ...processes];
}

beforeAll(async () => {
  await lab.down();
  await lab.up();
});
afterAll(() => lab.down());

describe('a host', () => {
  test('is a bare server without Python, reached by both users and both protocols', async () => {
    const script = 'systemctl is-system-running --wait; command -v python3; sudo -n id -u';
    for (const user of ['root', 'admin'])
      expect((await ssh(user, lab.address('server1'), script)).stdout).toBe('running\n0\n');
    const { address6 } = lab.plan.hosts[1]!;
    expect((await ssh('root', address6!, 'hostname')).stdout).toBe('server1\n');
  });

  test('has an identity of its own', async () => {
    const ids = await Promise.all(
      ['balancer1', 'server1', 'server2'].map((host) => lab.ask(host, 'cat /etc/machine-id')),
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('installs packages', async () => {
    await lab.ask(
      'server1',
      'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install rsync',
    );
    expect(await lab.ask('server1', 'rsync --version | head -1')).toContain('rsync');
  });

  test('reboots by itself and keeps its disk', async () => {
    const before = await bootOf('server2');
    await lab.ask('server2', 'touch /root/kept; systemctl reboot');
    await expect.poll(() => bootOf('server2').catch(() => before), soon).not.toBe(before);
    expect(await lab.ask('server2', 'ls /root/kept')).toBe('/root/kept');
    await expect
      .poll(async () => (await ssh('root', lab.address('server2'), 'hostname')).stdout, soon)
      .toBe('server2\n');
  });
});

describe('up', () => {
  test('leaves what runs alone, also twice at the same time', async () => {
    const before = await Promise.all(['outside', 'server1'].map(bootOf));
    await Promise.all([lab.up(), lab.up()]);
    expect(await Promise.all(['outside', 'server1'].map(bootOf))).toEqual(before);
  });

  test('refuses the addresses of another lab, and does not count as one then', async () => {
    const rival = labOf(copyInventory('lab', 'rival', () => readFileSync(inventory, 'utf8')));
    await expect(rival.up()).rejects.toThrow(`is taken by ${bridge}`);
    expect(existsSync(layout(rival.plan).directory)).toBe(false);
  });

  test('mends what a killed one left, and down leaves nothing', async () => {
    const contents = "import { labOf } from './support.ts';\nawait labOf(process.argv[2]!).up();";
    const script = await program('up', contents);
    for (const wait of [400, 700, 1000, 1500]) {
      expect(await traces()).not.toEqual([]);
      await lab.down();
      await expect.poll(traces, soon).toEqual([]);
      const child = spawn(process.execPath, [script, inventory], { stdio: 'ignore' });
      const exited = once(child, 'exit');
      await sleep(wait);
      child.kill('SIGKILL');
      await exited;
      await lab.up();
      expect(Object.values(await lab.status())).toEqual(Array(4).fill('running'));
    }
  });
});

describe('losing things', () => {
  test('a cut host is silent until it is joined again', async () => {
    await lab.cut('server1');
    expect(await lab.status()).toMatchObject({ server1: 'cut', server2: 'running' });
    expect((await ssh('root', lab.address('server1'), 'true')).exitCode).toBe(255);
    expect(await lab.ask('server1', 'hostname')).toBe('server1');
    await lab.join('server1');
    await expect.poll(async () => (await ssh('root', lab.address('server1'), 'true')).exitCode, soon).toBe(0);
  });

  test.each([false, true])('a stopped host comes back with its disk (hard: %s)', async (hard) => {
    const key = await keyOf('server1');
    await lab.ask('server1', `echo ${hard} > /root/kept`);
    await lab.stop('server1', { hard });
    expect(await lab.status()).toMatchObject({ server1: 'stopped' });
    await lab.start('server1');
    expect(await lab.ask('server1', 'cat /root/kept')).toBe(String(hard));
    expect(await keyOf('server1')).toBe(key);
  });

  test('a destroyed host comes back bare, as a stranger until it is introduced', async () => {
    const key = await keyOf('server1');
    await lab.ask('server1', 'touch /root/lost');
    await lab.destroy('server1');
    expect(await lab.status()).toMatchObject({ server1: 'absent' });
    await lab.start('server1', { keepKnownHosts: true });
    expect((await lab.exec('server1', 'ls /root/lost')).code).toBe(2);
    expect(await keyOf('server1')).not.toBe(key);
    expect(knownHosts()).toContain(key);
    expect((await ssh('root', lab.address('server1'), 'true')).stderr).toContain(
      'HOST IDENTIFICATION HAS CHANGED',
    );
    await lab.up();
    expect(knownHosts()).not.toContain(key);
    expect((await ssh('root', lab.address('server1'), 'true')).exitCode).toBe(0);
  });
});

describe('the outside world', () => {
  const { address } = layout(lab.plan).outside;
  const fetchDirectory = () =>
    new Promise<unknown>((resolve, reject) => {
      const ca = readFileSync(join(lab.directory, 'pebble-ca.pem'));
      get(`https://${address}:14000/dir`, { ca, agent: false }, (response) => {
        json(response).then(resolve, reject);
      }).once('error', reject);
    });

  test('runs an ACME authority that the controller can verify', async () => {
    expect(await fetchDirectory()).toHaveProperty('newOrder');
  });

  test('introduces a restarted authority, and keeps the roots before', async () => {
    const file = join(lab.directory, 'pebble-root.pem');
    const before = readFileSync(file, 'utf8');
    await lab.stop('outside');
    await lab.start('outside');
    const after = readFileSync(file, 'utf8');
    expect(after.split('\n')[1]).not.toBe(before.split('\n')[1]);
    expect(after.endsWith(before) || before.match(/BEGIN/g)!.length >= 8).toBe(true);
    expect(await fetchDirectory()).toHaveProperty('newOrder');
  });

  test('resolves the site to the balancer and hosts to themselves', async () => {
    const [balancer, server1] = lab.plan.hosts;
    for (const asker of ['outside', 'server2']) {
      const names = () => lab.ask(asker, 'getent ahosts www.foobar.com | cut -d" " -f1 | sort -u');
      await expect
        .poll(async () => (await names()).split('\n').sort(), soon)
        .toEqual([balancer!.address, balancer!.address6].sort());
      expect(await lab.ask(asker, 'getent ahostsv4 server1 | head -1')).toContain(server1!.address);
    }
    expect((await lab.exec('outside', 'getent hosts nobody.example')).code).toBe(2);
  });

  test('keeps the alerts that it gets', async () => {
    const alert = { status: 'firing', alerts: [{ labels: { alertname: 'Trial' } }] };
    const post = () => fetch(`http://${address}:9099/`, { method: 'POST', body: JSON.stringify(alert) });
    await expect.poll(async () => (await post()).status, soon).toBe(200);
    const received = (await lab.ask('outside', 'curl -sS http://localhost:9099')).split('\n');
    expect(received.map((line) => JSON.parse(line))).toContainEqual(alert);
  });

  test('has load generators', async () => {
    expect((await lab.exec('outside', 'wrk -v')).stdout).toContain('wrk');
    expect(await lab.ask('outside', 'h2load --version')).toContain('nghttp2');
  });
});

test('what is private is private', () => {
  for (const name of ['id_ed25519', 'known_hosts', 'pebble-ca.pem', 'pebble-root.pem']) {
    expect(statSync(join(lab.directory, name)).mode & 0o777).toBe(0o600);
  }
});
