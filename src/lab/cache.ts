import { spawn } from 'node:child_process';
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { TaskFailure } from '../errors.ts';
import { cache, home } from './layout.ts';
import { aptSources } from './machine.ts';
import { findMirror } from './mirror.ts';

const directory = join(home, 'cache');
const configuration = join(directory, 'configuration');
const processFile = join(directory, 'process');

/** Starts the package cache unless it runs: apt-cacher-ng before this machine's own mirror. */
export async function startCache(): Promise<void> {
  const mirror = findMirror(await aptSources());
  if (!mirror)
    throw new TaskFailure(
      'the apt sources of this machine name no Debian archive',
      'the lab fetches its hosts from there: add a source whose address ends in /debian',
    );
  const security = mirror.security ?? mirror.archive.replace(/debian$/, 'debian-security');
  const text = [
    `CacheDir: ${join(directory, 'packages')}`,
    `LogDir: ${join(directory, 'log')}`,
    'SupportDir: /usr/lib/apt-cacher-ng',
    `BindAddress: ${cache.address}`,
    `Port: ${cache.port}`,
    'ForeGround: 1',
    'PassThroughPattern: .*',
    `Remap-debian: /debian ; ${mirror.archive}`,
    `Remap-security: /debian-security ; ${security}`,
    '',
  ].join('\n');
  const file = join(configuration, 'acng.conf');
  const unchanged = (await readFile(file, 'utf8').catch(() => '')) === text;
  // Not the answer alone: on some networks a gateway takes connections to any address.
  if (unchanged && (await runningCache()) !== undefined && (await answers())) return;
  await stopCache();
  for (const folder of ['packages', 'log', 'configuration'])
    await mkdir(join(directory, folder), { recursive: true });
  await chmod(home, 0o755);
  await writeFile(file, text);
  await $({ quiet: true })`chown -R apt-cacher-ng: ${join(directory, 'packages')} ${join(directory, 'log')}`;
  await $({ quiet: true })`ip address replace ${cache.address}/32 dev lo`;
  const as = ['--reuid=apt-cacher-ng', '--regid=apt-cacher-ng', '--init-groups'];
  const log = await open(join(directory, 'output'), 'w');
  const child = spawn('setpriv', [...as, 'apt-cacher-ng', '-c', configuration], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  await log.close();
  await writeFile(processFile, `${child.pid} ${await startTime(child.pid ?? 0)}`);
  for (let tries = 0; !(await answers()); tries++) {
    if (tries > 100)
      throw new TaskFailure(
        `the package cache does not start: ${await readFile(join(directory, 'output'), 'utf8')}`,
      );
    await sleep(100);
  }
}

/** Stops the package cache and takes its address away. What it has fetched is kept. */
export async function stopCache(): Promise<void> {
  const pid = await runningCache();
  if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  for (let tries = 0; pid !== undefined && (await runningCache()) === pid; tries++) {
    if (tries === 50) process.kill(-pid, 'SIGKILL');
    await sleep(50);
  }
  await $({ quiet: true, nothrow: true })`ip address del ${cache.address}/32 dev lo`;
}

/** The process id of the cache that was started here, while it runs. */
async function runningCache(): Promise<number | undefined> {
  const [pid, started] = (await readFile(processFile, 'utf8').catch(() => '')).split(' ');
  return pid && started && (await startTime(Number(pid))) === started ? Number(pid) : undefined;
}

/** Field 22 of /proc/PID/stat: with the pid it names a process for good. proc(5). */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: cache.address, port: cache.port, timeout: 1000 });
    const end = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}
