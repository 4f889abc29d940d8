import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import ipaddr from 'ipaddr.js';
import { type Problem, ProjectError, TaskFailure } from '../errors.ts';
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
 * @throws ProjectError with everything that keeps the inventory's hosts from standing on one bridge
 */
export function layout(plan: LabPlan): Layout {
  const problems = mistakes(plan);
  if (problems.length > 0) throw new ProjectError(problems);
  const network = prefix4(plan.hosts[0]!.address);
  const network6 = prefix6(plan.hosts.find((host) => host.address6)?.address6);
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

/** @throws TaskFailure for a name that is neither one of the inventory's hosts nor outside */
export function hostOf(lab: Layout, name: string): LabHost {
  const host = lab.hosts.find((one) => one.name === name);
  if (host) return host;
  throw new TaskFailure(
    `the lab has no host ${name}`,
    `its hosts are ${lab.hosts.map((one) => one.name).join(', ')}`,
  );
}

/** Machine name of a host: with systemd-nspawn's "vb-" before it, a network interface's 15 characters. */
export function machineName(lab: Layout, host: string): string {
  return `${lab.id.slice(-6)}${digest(host).slice(0, 6)}`;
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function mistakes(plan: LabPlan): Problem[] {
  const problems: Problem[] = [];
  const wrong = (host: string, message: string, hint?: string): void => {
    const place = plan.places?.get(host) ?? { file: plan.inventory, line: 1, column: 1 };
    problems.push({ message, place, hint, severity: 'error' });
  };
  const network = prefix4(plan.hosts[0]?.address);
  const network6 = prefix6(plan.hosts.find((host) => host.address6)?.address6);
  const owners = new Map([
    [`${network}.1`, 'the bridge'],
    [`${network}.2`, outsideName],
  ]);
  if (plan.hosts.length === 0) wrong('', 'the inventory has no hosts for the lab');
  for (const { name, address, address6 } of plan.hosts) {
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name)) wrong(name, `${name} cannot be a host name`);
    if (name === outsideName) wrong(name, `the name ${outsideName} is taken by the lab's outside world`);
    const own = prefix4(address);
    const owner = owners.get(address);
    if (!own)
      wrong(name, `${name}: the lab needs an IPv4 address as ansible_host, not ${address || 'nothing'}`);
    // Any other network may be a real one that this machine has to reach.
    else if (!/^198\.1[89]\./.test(own) || own === prefix4(cache.address))
      wrong(
        name,
        `${name}: the lab does not take the address ${address}`,
        `its hosts stand in a /24 of 198.18.0.0/15 (RFC 2544, for tests) other than ${prefix4(cache.address)}.0/24; inventory/lab.yaml is an example`,
      );
    else if (own !== network) wrong(name, `${name}: ${address} is not in the other hosts' ${network}.0/24`);
    else if (owner) wrong(name, `${name}: ${address} is the address of ${owner}`);
    owners.set(address, name);
    if (!address6) continue;
    if (!/^fd/i.test(address6))
      wrong(name, `${name}: the lab takes IPv6 addresses of fd00::/8 only (RFC 4193)`);
    else if (!network6 || prefix6(address6) !== network6)
      wrong(name, `${name}: address6 ${address6} is not in one /64 with the other hosts'`);
  }
  return problems;
}

function prefix4(address = ''): string | undefined {
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
