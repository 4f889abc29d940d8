import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { TaskFailure } from '../errors.ts';
import { startCache, stopCache } from './cache.ts';
import { alive, boot, cutPower, forgetGroups, foundHosts, leader, powerOff } from './container.ts';
import type { HostStatus, LabHost, LabPlan, Say } from './contract.ts';
import { disk, dropDisk, layersOf, makeDisk } from './disk.ts';
import { exec } from './exec.ts';
import { exists } from './files.ts';
import { buildImages, pruneImages } from './image.ts';
import { clientKey, writeKnownHosts } from './keys.ts';
import { home, hostOf, type Layout, layout } from './layout.ts';
import { locked } from './lock.ts';
import { raiseLimits, requireKernel, requireMachine, requirePackages } from './machine.ts';
import { closeBridge, linkState, openBridge, setLink } from './network.ts';
import { fetchPebbleRoot } from './outside.ts';
import { sshAnswers } from './ready.ts';

export { attach, exec } from './exec.ts';

const patience = { boot: 60, powerOff: 90 } as const;

/** Brings up every host that is not up, and the outside world. Safe to run again and at the same time. */
export async function up(plan: LabPlan, say: Say): Promise<void> {
  const lab = layout(plan);
  await requireMachine();
  await onMachine(say, async () => {
    await requirePackages(say);
    await requireKernel();
    await raiseLimits();
    await startCache();
    await buildImages(
      lab.hosts.some(({ image }) => image === 'twin') ? ['outside', 'twin'] : ['outside'],
      say,
    );
    await mkdir(lab.directory, { recursive: true });
    await writeFile(path.join(lab.directory, 'inventory'), plan.inventory);
    await pruneImages(await layersInUse());
  });
  await onLab(lab, say, async () => {
    await dropStrangers(lab);
    try {
      await openBridge(lab);
    } catch (error) {
      await forgetEmpty(lab);
      throw error;
    }
    const key = await clientKey(plan);
    const fresh = await Promise.all(lab.hosts.map((host) => ensureDisk(plan, lab, host, key)));
    await writeKnownHosts(plan, lab);
    await Promise.all(
      lab.hosts.map((host, index) => ensureRunning(plan, lab, host, key, fresh[index]!, say)),
    );
    await trustPebble(plan, lab);
  });
}

/** A lab that never got a host does not count as one: the package cache would wait for its end. */
async function forgetEmpty(lab: Layout): Promise<void> {
  const left = await readdir(lab.directory).catch(() => []);
  if (left.every((name) => name === 'inventory')) await rm(lab.directory, { recursive: true, force: true });
}

/** Ends every host, loses their disks, and leaves nothing behind but images and the package cache. */
export async function down(plan: LabPlan, say: Say): Promise<void> {
  const lab = layout(plan);
  await requireMachine();
  if (!(await exists(lab.directory)) && (await foundHosts(lab)).length === 0) return say('nothing is up');
  await onLab(lab, say, async () => {
    const names = new Set([...lab.hosts.map(({ name }) => name), ...(await foundHosts(lab))]);
    await Promise.all([...names].map((name) => cutPower(lab, name)));
    await forgetGroups(lab);
    await closeBridge(lab);
    await rm(lab.directory, { recursive: true, force: true });
  });
  await onMachine(say, async () => {
    if ((await readdir(path.join(home, 'labs'))).length === 0) await stopCache();
  });
  say(`${lab.hosts.length} hosts are down`);
}

export async function status(plan: LabPlan): Promise<HostStatus[]> {
  const lab = layout(plan);
  await requireMachine();
  return Promise.all(
    lab.hosts.map(async (host): Promise<HostStatus> => {
      if ((await leader(lab, host.name)) !== undefined)
        return { host, state: (await linkState(lab, host.name)) === 'up' ? 'running' : 'cut' };
      const has = await exists(path.join(disk(lab, host.name).directory, 'label.json'));
      return { host, state: has ? 'stopped' : 'absent' };
    }),
  );
}

/** Loses a server: power and disk at once. */
export async function destroy(plan: LabPlan, name: string, say: Say): Promise<void> {
  await withHost(plan, name, say, async (lab) => {
    await cutPower(lab, name);
    await dropDisk(lab, name);
    say(`${name} is destroyed`);
  });
}

/** Shuts a host down in order; `hard` cuts its power. Its disk stays. */
export async function stop(
  plan: LabPlan,
  name: string,
  say: Say,
  { hard = false }: { readonly hard?: boolean } = {},
): Promise<void> {
  await withHost(plan, name, say, async (lab) => {
    if (hard) await cutPower(lab, name);
    else if (!(await powerOff(lab, name, patience.powerOff)))
      throw new TaskFailure(
        `${name} did not shut down within ${patience.powerOff} s`,
        `foobar lab stop ${name} --hard cuts its power`,
      );
    say(`${name} is stopped`);
  });
}

/**
 * Boots a host again: with its disk, or as a new bare server with a new host key when it was destroyed.
 * `keepKnownHosts` leaves known_hosts as it is: then the new key looks to the controller as a stranger's would.
 */
export async function start(
  plan: LabPlan,
  name: string,
  say: Say,
  { keepKnownHosts = false }: { readonly keepKnownHosts?: boolean } = {},
): Promise<void> {
  await withHost(plan, name, say, async (lab, host) => {
    const key = await clientKey(plan);
    const fresh = await ensureDisk(plan, lab, host, key);
    if (!keepKnownHosts) await writeKnownHosts(plan, lab);
    await ensureRunning(plan, lab, host, key, fresh, say);
    if (name === lab.outside.name) await trustPebble(plan, lab);
  });
}

/** Takes a host's network cable out. */
export async function cut(plan: LabPlan, name: string, say: Say): Promise<void> {
  await cable(plan, name, say, 'down');
}

/** Puts a host's network cable back. */
export async function join(plan: LabPlan, name: string, say: Say): Promise<void> {
  await cable(plan, name, say, 'up');
}

async function cable(plan: LabPlan, name: string, say: Say, state: 'up' | 'down'): Promise<void> {
  await withHost(plan, name, say, async (lab) => {
    if (!(await setLink(lab, name, state)))
      throw new TaskFailure(`${name} does not run`, `foobar lab start ${name}`);
    say(`${name} is ${state === 'up' ? 'joined to' : 'cut from'} the network`);
  });
}

/** True when the disk is new. */
async function ensureDisk(plan: LabPlan, lab: Layout, host: LabHost, key: string): Promise<boolean> {
  if (await layersOf(plan, lab, host, key)) return false;
  await cutPower(lab, host.name);
  await makeDisk(plan, lab, host, key);
  return true;
}

async function ensureRunning(
  plan: LabPlan,
  lab: Layout,
  host: LabHost,
  key: string,
  fresh: boolean,
  say: Say,
): Promise<void> {
  const begun = Date.now();
  if ((await leader(lab, host.name)) !== undefined) {
    if ((await linkState(lab, host.name)) === 'down') return say(`${host.name} runs, cut from the network`);
    if (await sshAnswers(host.address, 5, () => alive(lab, host.name)))
      return say(`${host.name} runs already at ${host.address}`);
  }
  // What is there and does not answer is what a killed run left, or a host that shuts down.
  await cutPower(lab, host.name);
  const layers = await layersOf(plan, lab, host, key);
  if (!layers) throw new Error(`${host.name} has no disk`);
  await boot(lab, host, layers);
  const born = Date.now();
  const lives = async () => Date.now() - born < 2000 || alive(lab, host.name);
  if (!(await sshAnswers(host.address, patience.boot, lives))) {
    const output = await readFile(disk(lab, host.name).console, 'utf8').catch(() => '');
    throw new TaskFailure(
      `${host.name} does not answer at ${host.address}\n${output.trim().split('\n').slice(-8).join('\n')}`,
    );
  }
  await exec(plan, host.name, ['timeout', '30', 'systemctl', 'is-system-running', '--wait']);
  const seconds = ((Date.now() - begun) / 1000).toFixed(1);
  say(`${host.name} is up at ${host.address}${fresh ? '' : ' with its old disk'} (${seconds} s)`);
}

/** The controller and the outside host trust this Pebble's root, and those that the lab had before. */
async function trustPebble(plan: LabPlan, lab: Layout): Promise<void> {
  if ((await linkState(lab, lab.outside.name)) !== 'up') return;
  const roots = await fetchPebbleRoot(plan, lab);
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  await exec(plan, lab.outside.name, ['sh', '-c', `cat > ${bundle}`], `${roots}\n`);
}

/** Ends hosts that the inventory no longer has. */
async function dropStrangers(lab: Layout): Promise<void> {
  const known = new Set(lab.hosts.map(({ name }) => name));
  const disks = await readdir(path.join(lab.directory, 'hosts')).catch(() => []);
  for (const name of new Set([...(await foundHosts(lab)), ...disks])) {
    if (known.has(name)) continue;
    await cutPower(lab, name);
    await dropDisk(lab, name);
  }
}

async function layersInUse(): Promise<string[]> {
  const labs = await readdir(path.join(home, 'labs')).catch(() => []);
  const used: string[] = [];
  for (const id of labs) {
    const hosts = path.join(home, 'labs', id, 'hosts');
    for (const name of await readdir(hosts).catch(() => [])) {
      const text = await readFile(path.join(hosts, name, 'label.json'), 'utf8').catch(() => '');
      if (text) used.push(...(JSON.parse(text) as { layers: string[] }).layers);
    }
  }
  return used;
}

async function withHost(
  plan: LabPlan,
  name: string,
  say: Say,
  work: (lab: Layout, host: LabHost) => Promise<void>,
): Promise<void> {
  const lab = layout(plan);
  await requireMachine();
  const host = hostOf(lab, name);
  if (!(await exists(lab.directory))) throw new TaskFailure('the lab is not up', 'foobar lab up');
  await onLab(lab, say, () => work(lab, host));
}

function onMachine<T>(say: Say, work: () => Promise<T>): Promise<T> {
  return locked(path.join(home, 'locks', 'machine'), () => say('waiting for another lab command'), work);
}

function onLab<T>(lab: Layout, say: Say, work: () => Promise<T>): Promise<T> {
  return locked(path.join(home, 'locks', lab.id), () => say('waiting for another lab command'), work);
}
