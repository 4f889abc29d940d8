import { randomUUID } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { $ } from 'zx';
import type { LabHost, LabPlan } from './contract.ts';
import { exists } from './files.ts';
import { images } from './image.ts';
import { cache, digest, type Layout } from './layout.ts';
import { outsideFiles } from './outside.ts';

/** What a host's disk was made from; another host or another boot of the machine means another disk. */
interface Label {
  readonly wanted: string;
  readonly layers: readonly string[];
  readonly boot: string;
}

/** A host's disk: its own writable layer over an image. */
export interface Disk {
  readonly directory: string;
  readonly upper: string;
  readonly work: string;
  readonly root: string;
  readonly console: string;
}

const hostKey = 'etc/ssh/ssh_host_ed25519_key';
/** The administrator's ids in the image: the first ordinary user there. */
const admin = 1000;

export function disk(lab: Layout, host: string): Disk {
  const directory = join(lab.directory, 'hosts', host);
  return {
    directory,
    upper: join(directory, 'upper'),
    work: join(directory, 'work'),
    root: join(directory, 'root'),
    console: join(directory, 'console'),
  };
}

/** The layers under a disk, or undefined when there is none that fits the host. */
export async function layersOf(
  plan: LabPlan,
  lab: Layout,
  host: LabHost,
  clientKey: string,
): Promise<readonly string[] | undefined> {
  const text = await readFile(join(disk(lab, host.name).directory, 'label.json'), 'utf8').catch(() => '');
  if (!text) return undefined;
  const label = JSON.parse(text) as Label;
  return label.boot === (await bootId()) && label.wanted === wanted(plan, lab, host, clientKey)
    ? label.layers
    : undefined;
}

/** Makes a new disk: a new machine with a new host key. Its label is written last. */
export async function makeDisk(plan: LabPlan, lab: Layout, host: LabHost, clientKey: string): Promise<void> {
  const made = disk(lab, host.name);
  await dropDisk(lab, host.name);
  for (const folder of [made.upper, made.work, made.root]) await mkdir(folder, { recursive: true });
  const put = async (path: string, text: string, mode = 0o644, owner = 0): Promise<void> => {
    const file = join(made.upper, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    if (owner !== 0) await chown(file, owner, owner);
  };
  const isOutside = host.name === lab.outside.name;
  await put('etc/hostname', `${host.name}\n`);
  await put('etc/hosts', `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${host.name}\n`);
  await put('etc/resolv.conf', `nameserver ${isOutside ? '127.0.0.1' : lab.outside.address}\n`);
  await put('etc/machine-id', `${randomUUID().replaceAll('-', '')}\n`, 0o444);
  await put('etc/systemd/network/10-lab.network', network(lab, host));
  await put('root/.ssh/authorized_keys', clientKey, 0o600);
  await put('home/admin/.ssh/authorized_keys', clientKey, 0o600, admin);
  if (isOutside)
    for (const [path, text] of Object.entries(await outsideFiles(plan, lab))) await put(path, text, 0o644);
  await mkdir(join(made.upper, dirname(hostKey)), { recursive: true });
  const key = join(made.upper, hostKey);
  await $({ quiet: true })`ssh-keygen -q -t ed25519 -N ${''} -C ${`root@${host.name}`} -f ${key}`;
  const layers = images()[isOutside ? 'outside' : (host.image ?? 'host')];
  const label: Label = { wanted: wanted(plan, lab, host, clientKey), layers, boot: await bootId() };
  const file = join(made.directory, 'label.json');
  await writeFile(`${file}.part`, JSON.stringify(label));
  await rename(`${file}.part`, file);
}

/** Throws a disk away. The host must not run. */
export async function dropDisk(lab: Layout, host: string): Promise<void> {
  const { directory } = disk(lab, host);
  await rm(join(directory, 'label.json'), { force: true });
  await rm(directory, { recursive: true, force: true });
}

/** "ssh-ed25519 AAAA..." of a host that has a disk. */
export async function hostPublicKey(lab: Layout, host: string): Promise<string | undefined> {
  const { directory, upper } = disk(lab, host);
  if (!(await exists(join(directory, 'label.json')))) return undefined;
  const line = await readFile(join(upper, `${hostKey}.pub`), 'utf8').catch(() => '');
  return line.split(' ').slice(0, 2).join(' ') || undefined;
}

function wanted(plan: LabPlan, lab: Layout, host: LabHost, clientKey: string): string {
  const world = host.name === lab.outside.name ? [plan.hosts, plan.site, plan.directory] : [];
  return digest(JSON.stringify([host, clientKey, world]));
}

function network(lab: Layout, host: LabHost): string {
  const address = (value: string) => ['[Address]', `Address=${value}`, 'DuplicateAddressDetection=none'];
  return [
    '[Match]',
    'Name=host0',
    '[Network]',
    'LinkLocalAddressing=ipv6',
    'IPv6AcceptRA=no',
    ...address(`${host.address}/24`),
    ...(host.address6 ? address(`${host.address6}/64`) : []),
    '[Route]',
    `Destination=${cache.address}/32`,
    `Gateway=${lab.bridgeAddress}`,
    '',
  ].join('\n');
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
