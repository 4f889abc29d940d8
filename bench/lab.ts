import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dump, load } from 'js-yaml';
import { quote } from '../src/host/sh.ts';
import { ask } from './process.ts';

export const foobar = [process.execPath, resolve('dist/cli.js')];

/** Where tools reach the hosts: directly, or through a relay that delays what it passes on. */
export type Route = 'direct' | 'delayed';

export interface BenchHost {
  readonly name: string;
  readonly address: string;
  /** The relay's port on the bridge's address for this host. */
  readonly relay: number;
}

/** Hosts on a bridge of their own, and one more to run Ansible from. */
export interface Lab {
  readonly directory: string;
  readonly hosts: readonly BenchHost[];
  /** The bridge's own address: the relays listen there. */
  readonly bridge: string;
  down(): Promise<void>;
}

/** Where on the host `ansible` the lab's folder is. */
const remote = '/bench';

/** The text of an inventory of hosts that Ansible's modules can run on, and of the one that Ansible runs on. */
export function twins(network: string, names: readonly string[]): string {
  const machines = Object.fromEntries(
    ['ansible', ...names].map((name, index) => [name, { ansible_host: `${network}.${10 + index}` }]),
  );
  return dump({ all: { vars: { lab_image: 'twin' }, hosts: machines } });
}

/**
 * Starts the hosts of an inventory, in a folder of the given name below .foobar/bench. They stop with this process,
 * however it ends. `fresh` ones start with empty disks.
 */
export async function labUp(
  name: string,
  text: string,
  names: readonly string[],
  { fresh = false }: { fresh?: boolean } = {},
): Promise<Lab> {
  const directory = resolve('.foobar/bench', name);
  const inventory = join(directory, 'lab.yaml');
  const keys = join(directory, '.foobar/lab/lab');
  mkdirSync(directory, { recursive: true });
  writeFileSync(inventory, text);
  const addresses = addressesIn(load(text));
  const hosts = names.map((host, index) => ({
    name: host,
    address: addresses.get(host) ?? '',
    relay: 2201 + index,
  }));
  const down = watchOver(inventory);
  try {
    await ask([...foobar, 'lab', 'up', inventory]);
    if (fresh) {
      for (const host of names) await ask([...foobar, 'lab', 'destroy', '-i', inventory, host]);
      await ask([...foobar, 'lab', 'up', inventory]);
    }
    const lab = { directory, hosts, bridge: hosts[0]!.address.replace(/\d+$/, '1'), down };
    const known = readFileSync(join(keys, 'known_hosts'), 'utf8');
    const relayed = hosts.map(
      ({ address, relay }) => `[${lab.bridge}]:${relay} ${hostKey(known, address)}\n`,
    );
    writeFileSync(join(directory, 'known_hosts'), known + relayed.join(''));
    writeFileSync(join(directory, 'key'), readFileSync(join(keys, 'id_ed25519')), { mode: 0o600 });
    return lab;
  } catch (error) {
    await down();
    throw error;
  }
}

/** Writes direct.yaml, delayed.yaml, and kept.yaml for connections that stay open: nothing but how to log in. */
export function writeInventories(lab: Lab): void {
  const write = (name: string, route: Route, vars: Record<string, string> = {}): void => {
    const hosts = Object.fromEntries(lab.hosts.map((host) => [host.name, login(lab, host, route)]));
    writeFileSync(join(lab.directory, `${name}.yaml`), dump({ all: { vars, hosts } }));
  };
  write('direct', 'direct');
  write('delayed', 'delayed');
  write('kept', 'direct', { ansible_ssh_extra_args: '-o ControlMaster=auto -o ControlPersist=60s' });
}

/** A program that waits for this process to end and then stops the hosts; calling it does so now. */
function watchOver(inventory: string): () => Promise<void> {
  const script = 'cat >/dev/null; exec "$@" >/dev/null';
  const guard = spawn('sh', ['-c', script, 'sh', ...foobar, 'lab', 'down', inventory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(guard, 'exit');
  guard.unref();
  return async () => {
    guard.ref();
    guard.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`foobar lab down ${inventory}: exit code ${code}`);
  };
}

/** ansible_host of every host, wherever in an inventory it stands. */
function addressesIn(value: unknown, found = new Map<string, string>()): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [name, inner] of Object.entries(value)) {
    const address = (inner as { ansible_host?: unknown } | null)?.ansible_host;
    if (typeof address === 'string') found.set(name, address);
    addressesIn(inner, found);
  }
  return found;
}

/** "ssh-ed25519 AAAA..." of a host. */
export function hostKey(known: string, address: string): string {
  const line = known.split('\n').find((one) => one.split(' ')[0]?.split(',').includes(address));
  if (!line) throw new Error(`no host key of ${address} in known_hosts`);
  return line.split(' ').slice(1).join(' ');
}

/** Variables by which foobar and Ansible log in, beside the address. */
export const loginVariables = {
  ansible_user: 'root',
  ansible_ssh_private_key_file: '{{ inventory_dir }}/key',
  ansible_ssh_common_args: '-F none -o UserKnownHostsFile={{ inventory_dir }}/known_hosts',
} as const;

function login(lab: Lab, host: Pick<BenchHost, 'address' | 'relay'>, route: Route): Record<string, unknown> {
  return {
    ...(route === 'direct'
      ? { ansible_host: host.address }
      : { ansible_host: lab.bridge, ansible_port: host.relay }),
    ...loginVariables,
  };
}

/**
 * Installs Ansible's Mitogen on the host that Ansible runs on, and brings files of the lab's folder there.
 * Tells the versions of the peers.
 */
export async function prepareAnsible(lab: Lab, files: readonly string[]): Promise<string> {
  const pack = ['tar', '-cf', '-', '-C', lab.directory, 'key', 'known_hosts', ...files];
  const unpack = onAnsible(lab, `mkdir -p ${remote} && umask 077 && tar -xf - -C ${remote}`);
  await ask(['sh', '-c', [pack, unpack].map((words) => words.map(quote).join(' ')).join(' | ')]);
  await ask(
    onAnsible(
      lab,
      'test -d /usr/lib/python3/dist-packages/ansible_mitogen || { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install ansible-mitogen; } >/dev/null',
    ),
  );
  const packages = await ask(
    onAnsible(lab, "dpkg-query -W -f '${Package} ${Version}, ' ansible-core ansible-mitogen"),
  );
  return packages.replace(/, $/, '');
}

/** Words that run a shell script on the host `ansible`, in the lab's folder there. */
export function onAnsible(lab: Lab, script: string): string[] {
  return inside(lab, 'ansible', `cd ${remote} 2>/dev/null; ${script}`);
}

/** Words that run a shell script on a host as root, past its network. */
export function inside(lab: Lab, host: string, script: string): string[] {
  return [...foobar, 'lab', 'exec', '-i', join(lab.directory, 'lab.yaml'), host, '--', 'sh', '-c', script];
}

/** `ssh` to a host as a person would call it. */
export function ssh(lab: Lab, host: Pick<BenchHost, 'address' | 'relay'>, route: Route): string[] {
  const [address, port] = route === 'direct' ? [host.address, 22] : [lab.bridge, host.relay];
  return [
    'ssh',
    ...['-F', 'none', '-o', `UserKnownHostsFile=${lab.directory}/known_hosts`, '-o', 'BatchMode=yes'],
    ...['-i', `${lab.directory}/key`, '-p', String(port), `root@${address}`],
  ];
}

/** What the hosts have spent since they started, and what tools have left on them. */
export interface Spent {
  /** Seconds of processor time. */
  readonly cpu: number;
  /** Processes begun. */
  readonly processes: number;
  /** Files and folders where tools keep things, and processes of sessions. */
  readonly files: number;
  readonly running: number;
}

const spentScript = [
  'cat /sys/fs/cgroup/cpu.stat',
  'echo "processes $(cut -d" " -f5 /proc/loadavg)"',
  'echo "files $(find /tmp /var/tmp /root/.ansible /var/lib/foobar 2>/dev/null | wc -l)"',
  'echo "running $(cat /sys/fs/cgroup/user.slice/user-*.slice/session-*.scope/cgroup.procs 2>/dev/null | wc -l)"',
].join('; ');

export async function spent(lab: Lab): Promise<Spent> {
  const answers = await Promise.all(lab.hosts.map(({ name }) => ask(inside(lab, name, spentScript))));
  const read = (word: string) =>
    answers.reduce(
      (sum, answer) => sum + Number(new RegExp(`^${word} (\\d+)$`, 'm').exec(answer)?.[1] ?? 0),
      0,
    );
  return {
    cpu: read('usage_usec') / 1e6,
    processes: read('processes'),
    files: read('files'),
    running: read('running'),
  };
}

/** What lies between two looks. */
export function difference(start: Spent, end: Spent): Spent {
  return {
    cpu: end.cpu - start.cpu,
    processes: end.processes - start.processes,
    files: end.files - start.files,
    running: end.running - start.running,
  };
}
