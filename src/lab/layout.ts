import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import ipaddr from 'ipaddr.js';
import { ProjectError } from '../errors.ts';
import type { LabHost, LabPlan } from './contract.ts';

/** Images, package cache and running labs; survives `lab down`. */
export const home = '/var/lib/foobar-lab';

/** The package cache's own address: outside every lab's network, the same for all labs. RFC 2544 space. */
export const cache = { address: '198.18.255.1', port: 3180 } as const;
export const cacheUrl = `http://${cache.address}:${cache.port}`;

/** Name of the host that plays the rest of the world: certificate authority, DNS, clients. */
export const outsideName = 'outside';

export interface Layout {
  /** Readable and unique: inventory stem and a hash of its path. */
  readonly id: string;
  readonly directory: string;
  readonly bridge: string;
  readonly bridgeAddress: string;
  readonly bridgeAddress6: string | undefined;
  readonly outside: LabHost;
  /** The inventory's hosts and outside. */
  readonly hosts: readonly LabHost[];
}

/**
 * Names and addresses of a lab: the bridge takes .1 of the hosts' /24 (and ::1 of their /64), outside .2.
 * @throws ProjectError when hosts have no address, share one, or do not lie in one /24 (IPv6: one /64)
 */
export function layout(plan: LabPlan): Layout {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  const take = (name: string, address: string): void => {
    const other = seen.get(address);
    if (other) problems.push(`hosts ${other} and ${name} have the same address ${address}`);
    seen.set(address, name);
  };
  const first = plan.hosts[0];
  if (!first) problems.push('the inventory has no hosts');
  const network = first && prefix4(first.address);
  const network6 = prefix6(plan.hosts.find((host) => host.address6)?.address6);
  if (network) {
    take('the bridge', `${network}.1`);
    take(outsideName, `${network}.2`);
  }
  for (const host of plan.hosts) {
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(host.name))
      problems.push(`${host.name} cannot be a host name`);
    if (host.name === outsideName)
      problems.push(`the name ${outsideName} is taken by the lab's outside world`);
    const own = prefix4(host.address);
    if (!own) problems.push(`${host.name}: ${host.address || 'no ansible_host'} is not an IPv4 address`);
    else if (own !== network)
      problems.push(`${host.name}: ${host.address} is not in ${network}.0/24 with ${first?.name}`);
    else take(host.name, host.address);
    if (host.address6 && (!network6 || prefix6(host.address6) !== network6))
      problems.push(`${host.name}: address6 ${host.address6} is not in one /64 with the other hosts`);
  }
  if (problems.length > 0)
    throw new ProjectError(
      problems.map((message) => ({
        message: `the lab cannot be laid out: ${message}`,
        place: { file: plan.inventory, line: 1, column: 1 },
        severity: 'error',
      })),
    );
  const stem = basename(plan.inventory)
    .replace(/\.ya?ml$/, '')
    .replace(/[^a-z0-9]/gi, '')
    .toLowerCase();
  const id = `${stem.slice(0, 5)}-${digest(plan.inventory).slice(0, 6)}`;
  const outside: LabHost = {
    name: outsideName,
    address: `${network}.2`,
    ...(network6 ? { address6: `${network6}2` } : {}),
  };
  return {
    id,
    directory: join(home, 'labs', id),
    bridge: `fb-${id}`,
    bridgeAddress: `${network}.1`,
    bridgeAddress6: network6 ? `${network6}1` : undefined,
    outside,
    hosts: [outside, ...plan.hosts],
  };
}

/** Machine name of a host: with systemd-nspawn's "vb-" before it, a network interface's 15 characters. */
export function machineName(lab: Layout, host: string): string {
  return `${lab.id.slice(-6)}${digest(host).slice(0, 6)}`;
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function prefix4(address: string): string | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(address) ? address.split('.').slice(0, 3).join('.') : undefined;
}

/** "fd00:198:18::10" -> "fd00:198:18::": only /64s whose second half starts with zeros, as a lab's do. */
function prefix6(address: string | undefined): string | undefined {
  if (!address || !ipaddr.IPv6.isValid(address)) return undefined;
  const parts = ipaddr.IPv6.parse(address).parts;
  if (parts.slice(4, 7).some((part) => part !== 0)) return undefined;
  const left = parts.slice(0, 4).map((part) => part.toString(16));
  while (left.at(-1) === '0') left.pop();
  return `${left.join(':')}::`;
}
