import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dump } from 'js-yaml';
import { ask } from './process.ts';
import { hundredTasks, pageTemplate } from './work.ts';

export const foobar = [process.execPath, resolve('dist/cli.js')];
export const folder = resolve('.foobar/bench');
const network = '198.18.251';
const inventory = join(folder, 'bench.yaml');
const keys = join(folder, '.foobar/bench/lab');

/** Where tools reach the hosts: directly, or through a relay that delays what it passes on. */
export type Route = 'direct' | 'delayed';

export interface BenchHost {
  readonly name: string;
  readonly address: string;
  /** The relay's port on the controller for this host. */
  readonly relay: number;
}

export const hosts: readonly BenchHost[] = [1, 2, 3, 4].map((index) => ({
  name: `host${index}`,
  address: `${network}.${10 + index}`,
  relay: 2200 + index,
}));
/** The bridge's own address: the relays listen there. */
export const controllerAddress = `${network}.1`;

/** Starts four hosts that Ansible's modules can run on, and one to run Ansible from; writes everybody's files. */
export async function bringUp(): Promise<void> {
  mkdirSync(join(folder, 'templates'), { recursive: true });
  const lab = Object.fromEntries(
    [...hosts, { name: 'ansible', address: `${network}.10` }].map(({ name, address }) => [
      name,
      { ansible_host: address },
    ]),
  );
  writeFileSync(inventory, dump({ all: { vars: { lab_image: 'twin' }, hosts: lab } }));
  writeFileSync(join(folder, 'hundred.yaml'), hundredTasks());
  writeFileSync(join(folder, 'templates/page.conf.j2'), pageTemplate);
  await ask([...foobar, 'lab', 'up', inventory]);

  const known = readFileSync(join(keys, 'known_hosts'), 'utf8');
  const relayed = hosts.flatMap(({ address, relay }) =>
    known
      .split('\n')
      .filter((line) => line.split(' ')[0]?.split(',').includes(address))
      .map((line) => `[${controllerAddress}]:${relay} ${line.split(' ').slice(1).join(' ')}`),
  );
  writeFileSync(join(folder, 'known_hosts'), `${known}${relayed.join('\n')}\n`);
  writeFileSync(join(folder, 'key'), readFileSync(join(keys, 'id_ed25519')), { mode: 0o600 });
  for (const route of ['direct', 'delayed'] as const)
    writeFileSync(
      inventoryOf(route),
      dump({ all: { hosts: Object.fromEntries(hosts.map((host) => [host.name, login(host, route)])) } }),
    );
  await onController('mkdir -p /bench && umask 077 && tar -xf - -C /bench', await archive());
  await onController(
    'command -v ansible-playbook >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install ansible-mitogen >/dev/null',
  );
}

function login(host: BenchHost, route: Route): Record<string, unknown> {
  return {
    ...(route === 'direct'
      ? { ansible_host: host.address }
      : { ansible_host: controllerAddress, ansible_port: host.relay }),
    ansible_user: 'root',
    ansible_ssh_private_key_file: '{{ inventory_dir }}/key',
    ansible_ssh_common_args: '-o UserKnownHostsFile={{ inventory_dir }}/known_hosts',
  };
}

/** The inventory that reaches the hosts that way. */
export function inventoryOf(route: Route): string {
  return join(folder, `${route}.yaml`);
}

/** Everything that Ansible needs, as a tar archive of text files. */
function archive(): Promise<string> {
  const files = ['key', 'known_hosts', 'direct.yaml', 'delayed.yaml', 'hundred.yaml', 'templates'];
  return ask(['tar', '-cf', '-', '-C', folder, ...files]);
}

/** Runs a shell script on the host that Ansible runs on. */
export function onController(script: string, input = ''): Promise<string> {
  return ask(atController(script), input);
}

export function atController(script: string): string[] {
  return inside('ansible', script);
}

export function inside(host: string, script: string): string[] {
  return [...foobar, 'lab', 'exec', '-i', inventory, host, '--', 'sh', '-c', script];
}

/** `ssh` to a host as a person would call it. */
export function ssh(host: BenchHost, route: Route): string[] {
  const [address, port] = route === 'direct' ? [host.address, 22] : [controllerAddress, host.relay];
  return [
    'ssh',
    ...['-F', '/dev/null', '-o', `UserKnownHostsFile=${folder}/known_hosts`, '-o', 'BatchMode=yes'],
    ...['-i', `${folder}/key`, '-p', String(port), `root@${address}`],
  ];
}

/** What the hosts have spent since they started: seconds of processor time, and processes begun. */
export async function spent(): Promise<{ cpu: number; processes: number }> {
  const answers = await Promise.all(
    hosts.map(({ name }) => ask(inside(name, 'cat /sys/fs/cgroup/cpu.stat; cut -d" " -f5 /proc/loadavg'))),
  );
  const read = (pattern: RegExp) =>
    answers.reduce((sum, answer) => sum + Number(pattern.exec(answer)?.[1] ?? 0), 0);
  return { cpu: read(/usage_usec (\d+)/) / 1e6, processes: read(/(\d+)\s*$/) };
}

export async function takeDown(): Promise<void> {
  await ask([...foobar, 'lab', 'down', inventory]);
}
