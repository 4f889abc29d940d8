import { $ } from 'zx';
import { TaskFailure } from '../errors.ts';
import { type Layout, machineName } from './layout.ts';

interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly addr_info?: readonly { readonly local?: string }[];
}

/** Makes the lab's bridge, or leaves it as it is. @throws TaskFailure when its address is taken */
export async function openBridge(lab: Layout): Promise<void> {
  const taken = (await links()).find(
    (link) => link.ifname !== lab.bridge && link.addr_info?.some(({ local }) => local === lab.bridgeAddress),
  );
  if (taken)
    throw new TaskFailure(
      `${lab.bridgeAddress} is taken by ${taken.ifname}`,
      taken.ifname.startsWith('fb-')
        ? 'another lab uses the same addresses: take it down, or give this inventory another /24'
        : "give the inventory's hosts another /24",
    );
  if (!(await links()).some(({ ifname }) => ifname === lab.bridge))
    await ip(`link add ${lab.bridge} type bridge mcast_snooping 0`);
  await ip(`address replace ${lab.bridgeAddress}/24 dev ${lab.bridge}`);
  if (lab.bridgeAddress6) await ip(`address replace ${lab.bridgeAddress6}/64 dev ${lab.bridge} nodad`);
  await ip(`link set ${lab.bridge} up`);
}

export async function closeBridge(lab: Layout): Promise<void> {
  if ((await links()).some(({ ifname }) => ifname === lab.bridge)) await ip(`link delete ${lab.bridge}`);
}

/** Takes a running host's cable out or puts it back. False when the host has none: it does not run. */
export async function setLink(lab: Layout, host: string, state: 'up' | 'down'): Promise<boolean> {
  if ((await linkState(lab, host)) === 'absent') return false;
  await ip(`link set ${interfaceName(lab, host)} ${state}`);
  return true;
}

/**
 * Removes the link of a host that has ended. The kernel keeps it for minutes when connections were open: what they
 * had to say is still to be delivered, and holds the network namespace.
 */
export async function dropLink(lab: Layout, host: string): Promise<void> {
  if ((await linkState(lab, host)) === 'absent') return;
  try {
    await ip(`link delete ${interfaceName(lab, host)}`);
  } catch (error) {
    if ((await linkState(lab, host)) !== 'absent') throw error;
  }
}

export async function linkState(lab: Layout, host: string): Promise<'up' | 'down' | 'absent'> {
  const link = (await links()).find(({ ifname }) => ifname === interfaceName(lab, host));
  if (!link) return 'absent';
  return link.flags.includes('UP') ? 'up' : 'down';
}

/** systemd-nspawn(1), --network-bridge: the outer end of a host's link is "vb-" and the machine's name. */
function interfaceName(lab: Layout, host: string): string {
  return `vb-${machineName(lab, host)}`;
}

async function links(): Promise<readonly Link[]> {
  const shown = await $({ quiet: true })`ip -json address show`;
  return JSON.parse(shown.stdout) as Link[];
}

async function ip(words: string): Promise<void> {
  await $({ quiet: true })`ip ${words.split(' ')}`;
}
