import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from './contract.ts';
import { disk } from './disk.ts';
import { exists } from './files.ts';
import { type Layout, machineName } from './layout.ts';
import { dropLink } from './network.ts';

/**
 * Mounts the root and starts systemd-nspawn, again each time that the host reboots itself: 133 asks for that
 * (EXIT_FORCE_RESTART of systemd-nspawn --keep-unit). Writing 0 moves the writer (cgroups(7)).
 */
const keeper = `
root=$1 layers=$2 groups=$3
shift 3
for group in $groups; do echo 0 > "$group/keeper/cgroup.procs"; done
mount -t overlay lab -o "$layers" "$root"
code=133
while test $code -eq 133; do
  code=0
  (for group in $groups; do echo 0 > "$group/cgroup.procs"; done; exec "$@") || code=$?
done
exit $code
`;

/**
 * Starts a host and returns at once. It lives in its own control group (by which it is found again),
 * and its root is mounted in its own mount namespace (so that the mount ends with it).
 */
export async function boot(lab: Layout, host: LabHost, layers: readonly string[]): Promise<void> {
  const { directory, upper, work, root, console: output } = disk(lab, host.name);
  // A volatile overlay skips all syncing, and marks itself to be used once. Nothing was lost: the machine
  // has not been booted since (the disk's label says so). Documentation/filesystems/overlayfs.rst
  await rm(join(work, 'work/incompat'), { recursive: true, force: true });
  const groups = (await roots()).map((top) => groupOf(top, lab, host.name));
  for (const group of groups) await mkdir(join(group, 'keeper'), { recursive: true });
  const mount = `volatile,lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work}`;
  const nspawn = [
    'systemd-nspawn',
    '--quiet',
    '--boot',
    '--register=no',
    '--keep-unit',
    '--settings=no',
    `--directory=${root}`,
    `--machine=${machineName(lab, host.name)}`,
    `--hostname=${host.name}`,
    '--network-veth',
    `--network-bridge=${lab.bridge}`,
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=read-only',
  ];
  const log = await open(output, 'w');
  const child: ChildProcess = spawn(
    'unshare',
    ['--mount', 'sh', '-euc', keeper, 'sh', root, mount, groups.join(' '), ...nspawn],
    {
      cwd: directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: process.env.PATH, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    },
  );
  child.unref();
  await log.close();
}

/** The host's own first process, as this machine numbers it; undefined when the host does not run. */
export async function leader(lab: Layout, host: string): Promise<number | undefined> {
  const nspawn = await supervisor(lab, host);
  if (nspawn === undefined) return undefined;
  const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').catch(() => '');
  for (const pid of children.trim().split(' ').filter(Boolean)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (/^NSpid:\t\d+\t1$/m.test(status) && /^Name:\tsystemd$/m.test(status)) return Number(pid);
  }
  return undefined;
}

/** True while any process of the host is there, starting and stopping included. */
export async function alive(lab: Layout, host: string): Promise<boolean> {
  return (await processes(lab, host)).length > 0;
}

/** Shuts a host down as its power button does; false when it took longer than the seconds given. */
export async function powerOff(lab: Layout, host: string, seconds: number): Promise<boolean> {
  const nspawn = await supervisor(lab, host);
  if (nspawn !== undefined) signal(nspawn, 'SIGTERM');
  const deadline = Date.now() + seconds * 1000;
  while (await alive(lab, host)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  await forget(lab, host);
  return true;
}

/** Ends a host as a power cut does. */
export async function cutPower(lab: Layout, host: string): Promise<void> {
  const first = await leader(lab, host);
  if (first !== undefined) signal(first, 'SIGKILL');
  for (;;) {
    const left = await processes(lab, host);
    if (left.length === 0) break;
    for (const pid of left) signal(pid, 'SIGKILL');
    await sleep(20);
  }
  await forget(lab, host);
}

/** Hosts of a lab that have a control group: what a killed `lab up` may have left included. */
export async function foundHosts(lab: Layout): Promise<string[]> {
  const names = new Set<string>();
  for (const top of await roots())
    for (const entry of await readdir(join(top, 'foobar-lab', lab.id), { withFileTypes: true }).catch(
      () => [],
    ))
      if (entry.isDirectory()) names.add(entry.name);
  return [...names];
}

/** Removes a lab's control groups once its hosts are gone. */
export async function forgetGroups(lab: Layout): Promise<void> {
  for (const top of await roots()) {
    await removeTree(join(top, 'foobar-lab', lab.id));
    await rmdir(join(top, 'foobar-lab')).catch(() => undefined);
  }
}

async function supervisor(lab: Layout, host: string): Promise<number | undefined> {
  for (const pid of await processes(lab, host)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() === 'systemd-nspawn' && (await childOfNobody(pid))) return pid;
  }
  return undefined;
}

/** The supervising systemd-nspawn is in this machine's process numbers only; its short-lived helper is not. */
async function childOfNobody(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const parent = /^PPid:\t(\d+)$/m.exec(status)?.[1];
  const name = await readFile(`/proc/${parent}/comm`, 'utf8').catch(() => '');
  return name.trim() !== 'systemd-nspawn';
}

async function processes(lab: Layout, host: string): Promise<number[]> {
  const found = new Set<number>();
  for (const top of await roots()) await collect(groupOf(top, lab, host), found);
  return [...found];
}

async function collect(group: string, found: Set<number>): Promise<void> {
  const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const line of text.split('\n')) if (Number(line) > 0) found.add(Number(line));
  for (const entry of await readdir(group, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await collect(join(group, entry.name), found);
}

async function forget(lab: Layout, host: string): Promise<void> {
  await dropLink(lab, host);
  for (const top of await roots()) await removeTree(groupOf(top, lab, host));
}

async function removeTree(group: string): Promise<void> {
  for (const entry of await readdir(group, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeTree(join(group, entry.name));
  // The kernel lets a group go a moment after its last process.
  for (let tries = 0; tries < 50; tries++) {
    const error = await rmdir(group).then(
      () => undefined,
      (reason: NodeJS.ErrnoException) => reason.code,
    );
    if (error !== 'EBUSY') return;
    await sleep(20);
  }
}

/** The trees that systemd-nspawn sorts processes by: one on today's systems, two where version 1 is mounted. */
async function roots(): Promise<string[]> {
  if (await exists('/sys/fs/cgroup/cgroup.controllers')) return ['/sys/fs/cgroup'];
  const found: string[] = [];
  for (const top of ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'])
    if (await exists(join(top, 'cgroup.procs'))) found.push(top);
  return found;
}

function groupOf(top: string, lab: Layout, host: string): string {
  return join(top, 'foobar-lab', lab.id, host);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
