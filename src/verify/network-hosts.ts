import { isIP } from 'node:net';
import { TransportError } from '../errors.ts';
import type { FlowSite, Passage } from '../firewall/flows.ts';
import type { UfwState } from '../firewall/ufw.ts';
import { ufw } from '../host/queries/ufw.ts';
import { sh } from '../host/sh.ts';
import type { Site } from './contract.ts';
import { type Listener, readListeners } from './network-probe.ts';

/** What a host says of itself. */
export interface Asked {
  readonly listeners: readonly Listener[];
  readonly firewall: UfwState | undefined;
  /** Addresses that it has besides its own: those that flows name and hosts share. */
  readonly shared: readonly string[];
}

/** Addresses to which flows lead and that no host of the inventory has for its own: virtual ones may be among them. */
export function nobodys(passages: readonly Passage[]): string[] {
  const networks = passages.flatMap(({ to }) => (to.kind === 'network' ? [to.network] : []));
  return [...new Set(networks)].filter((network) => isIP(network) !== 0);
}

/** The site with each virtual address at the host that has it now. */
export function withShared(
  flowSite: FlowSite,
  asked: ReadonlyMap<string, { readonly shared: readonly string[] }>,
): FlowSite {
  const hosts = [...flowSite.hosts].map(([name, host]) => {
    const shared = asked.get(name)?.shared ?? [];
    if (shared.length === 0) return [name, host] as const;
    const { groups, sshPorts, addresses } = host;
    return [name, { name, groups, sshPorts, addresses: [...addresses, ...shared] }] as const;
  });
  return { ...flowSite, hosts: new Map(hosts) };
}

/**
 * What listens on each host, its firewall, and which of the addresses it has; a host that does not answer goes to the
 * lost ones.
 */
export async function askAll(
  site: Site,
  addresses: readonly string[],
  lost: Map<string, string>,
): Promise<Map<string, Asked>> {
  const found = new Map<string, Asked>();
  await Promise.all(
    site.group('all').map((host) =>
      noting(site, host, lost, async () => {
        const reader = site.reader(host);
        const [firewall, listening, ...having] = await Promise.all([
          reader.ask(ufw, undefined),
          reader.look(sh`ss -Hlntu`),
          ...addresses.map((address) => reader.look(sh`ip -o address show to ${address}`)),
        ]);
        const shared = addresses.filter((_address, index) => having[index]?.stdout);
        found.set(host, { firewall, listeners: readListeners(listening.stdout), shared });
      }),
    ),
  );
  return found;
}

/** Does something with a host; one that cannot be asked goes to the lost ones, with the reason. */
export async function noting<T>(
  site: Site,
  host: string,
  lost: Map<string, string>,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TransportError) site.unreachable(error.host);
    lost.set(host, (error as Error).message.split('\n', 1)[0] ?? '');
    return undefined;
  }
}
