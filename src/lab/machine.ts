import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { TaskFailure } from '../errors.ts';
import type { Say } from './contract.ts';
import { exists } from './files.ts';
import { home } from './layout.ts';

/** Debian package -> a file of it that shows that it is there. */
const packages: Readonly<Record<string, string>> = {
  'systemd-container': '/usr/bin/systemd-nspawn',
  mmdebstrap: '/usr/bin/mmdebstrap',
  iproute2: '/usr/sbin/ip',
  'apt-cacher-ng': '/usr/sbin/apt-cacher-ng',
  'openssh-client': '/usr/bin/ssh-keygen',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
  'util-linux': '/usr/bin/nsenter',
};

const elsewhere =
  'the Vagrantfile starts the same hosts as virtual machines: vagrant up, then inventory/vagrant.yaml';

/** @throws TaskFailure that says why this machine cannot run a lab and what can be done instead */
export async function requireMachine(): Promise<void> {
  const refuse = (why: string): never => {
    throw new TaskFailure(`the lab cannot run here: ${why}`, elsewhere);
  };
  if (process.platform !== 'linux') refuse('it is made of Linux namespaces, and this is not Linux');
  if (process.getuid?.() !== 0) refuse('network and mount namespaces need root; run it with sudo');
  if (!(await exists('/usr/bin/apt-get'))) refuse('it needs apt-get (Debian or one of its descendants)');
}

/** Tries what the hosts will do: namespaces, overlay mounts, bridges, control groups. */
export async function requireKernel(): Promise<void> {
  const scratch = join(home, 'trial');
  for (const folder of ['lower', 'upper', 'work', 'root'])
    await mkdir(join(scratch, folder), { recursive: true });
  const trials: readonly (readonly [what: string, script: string])[] = [
    ['namespaces', 'unshare --mount --net --pid --uts --ipc --fork true'],
    [
      'overlay mounts',
      `cd ${scratch} && unshare --mount mount -t overlay trial -o lowerdir=lower,upperdir=upper,workdir=work root`,
    ],
    ['bridges', 'unshare --net ip link add trial type bridge'],
    ['control groups', 'test -e /sys/fs/cgroup/cgroup.procs || test -e /sys/fs/cgroup/unified/cgroup.procs'],
  ];
  for (const [what, script] of trials) {
    const tried = await $({ quiet: true, nothrow: true })`sh -c ${script}`;
    if (tried.exitCode !== 0)
      throw new TaskFailure(
        `the lab cannot run here: this kernel or container does not allow ${what} (${tried.stderr.trim()})`,
        elsewhere,
      );
  }
}

/** Each host's systemd takes some ten inotify instances out of the one number that root has. inotify(7) */
const inotifyInstances = 8192;

/** Raises this machine's inotify limit when it is too low for many hosts; until the next boot. */
export async function raiseLimits(): Promise<void> {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  if (Number(await readFile(file, 'utf8')) < inotifyInstances)
    await writeFile(file, String(inotifyInstances));
}

/** Installs the packages that are missing. Debian's own service of the package cache stays off. */
export async function requirePackages(say: Say): Promise<void> {
  const missing: string[] = [];
  for (const [name, file] of Object.entries(packages)) if (!(await exists(file))) missing.push(name);
  if (missing.length === 0) return;
  say(`installing ${missing.join(', ')}`);
  // The lab runs a cache of its own configuration; a masked unit is not started by the package.
  if (missing.includes('apt-cacher-ng') && (await exists('/run/systemd/system')))
    await symlink('/dev/null', '/etc/systemd/system/apt-cacher-ng.service').catch(unlessExists);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const apt = $({ quiet: true, nothrow: true, env });
  const lock = 'DPkg::Lock::Timeout=600';
  const updated = await apt`apt-get -qq -o ${lock} update`;
  const installed = await apt`apt-get -qq -y -o ${lock} install --no-install-recommends ${missing}`;
  if (installed.exitCode !== 0) {
    const said = `${updated.stderr}${installed.stderr}`.trim().split('\n').slice(-6).join('\n');
    throw new TaskFailure(`apt-get cannot install ${missing.join(', ')}:\n${said}`);
  }
}

/** The texts of this machine's apt sources. */
export async function aptSources(): Promise<{ name: string; text: string }[]> {
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  const names = ['sources.list', ...parts.sort().map((part) => `sources.list.d/${part}`)];
  const texts = names
    .filter((name) => /\.(list|sources)$/.test(name))
    .map(async (name) => ({ name, text: await readFile(join('/etc/apt', name), 'utf8').catch(() => '') }));
  return Promise.all(texts);
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
