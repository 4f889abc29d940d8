import { isIP } from 'node:net';
import { ProjectError } from '../errors.ts';
import { isInside, normal } from './addresses.ts';
import { type Flow, readFlows } from './flow-schema.ts';
import type { HostFlow, Protocol } from './rules.ts';

/** A host as flows see it. */
export interface FlowHost {
  readonly name: string;
  /** Its groups without `all`. */
  readonly groups: readonly string[];
  /** IPv4 and IPv6, at which the other hosts see and reach it. */
  readonly addresses: readonly string[];
  /** Where its sshd listens. */
  readonly sshPorts: readonly number[];
}

/** What flows speak of. */
export interface FlowSite {
  readonly hosts: ReadonlyMap<string, FlowHost>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** What `ports: exporters` means: ports by the group whose hosts run them; `all` for every host. */
  readonly exporters: Readonly<Record<string, readonly number[]>>;
}

/** One port, or those between two. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** One end of a passage: a host of the inventory, anybody, or an address or network that is no host of it. */
export type Endpoint =
  | { readonly kind: 'host'; readonly name: string; readonly addresses: readonly string[] }
  | { readonly kind: 'internet' }
  | { readonly kind: 'network'; readonly network: string };

/** A flow from one endpoint to one other. */
export interface Passage {
  /** The flow's name. */
  readonly flow: string;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly protocol: Protocol;
  /** Sorted, without repetition; none where the protocol has none (vrrp). */
  readonly ports: readonly PortRange[];
  readonly tls: boolean;
  readonly why: string;
}

/**
 * Who may reach whom: every flow from each of its sources to each of its targets, in the order in which they are
 * written. A host's way to itself is none: that is loopback.
 * @throws ProjectError for mistakes in the flows, and for a host without an address
 */
export function resolveFlows(flows: unknown, site: FlowSite): Passage[] {
  const passages = readFlows(flows, site).flatMap((each) => passagesOf(each, site));
  // What is wrong with an address shows now.
  for (const { from, to } of passages) [from, to].forEach(endpointAddresses);
  return passages;
}

/** One flow from each of its sources to each of its targets. */
function passagesOf(flow: Flow, site: FlowSite): Passage[] {
  const sources = endpoints(flow.from, site);
  return endpoints(flow.to, site).flatMap((to) =>
    sources.flatMap((from) => (isSame(from, to) ? [] : passage(flow, from, to, site))),
  );
}

function passage(flow: Flow, from: Endpoint, to: Endpoint, site: FlowSite): Passage[] {
  const { name, protocol, tls, why } = flow;
  const ports = portsOf(flow, to, site);
  return ports.length === 0 && protocol !== 'vrrp'
    ? []
    : [{ flow: name, from, to, protocol, ports, tls, why }];
}

/**
 * The passages that end or begin at a host or an address, those from itself to itself among them. It is meant also where
 * a network is named that it stands in; as a source not by `internet`, which says nothing of where it may go.
 */
export function passagesAt(name: string, flows: unknown, site: FlowSite): { in: Passage[]; out: Passage[] } {
  const host = site.hosts.get(name);
  const [own] = host ? [hostEnd(host)] : isIP(name) === 0 ? [] : endpoints([name], site);
  if (!own) throw new ProjectError([{ message: `there is no host ${name}`, severity: 'error' }]);
  const isOwn = (end: Endpoint) =>
    end.kind === 'network' ? endpointAddresses(own).some((each) => includes(end, each)) : isSame(end, own);
  const all = readFlows(flows, site);
  // Who asks for one of the two does not pay for the other.
  return {
    get in() {
      return all.flatMap((flow) =>
        endpoints(flow.to, site).some(isOwn)
          ? endpoints(flow.from, site).flatMap((from) => passage(flow, from, own, site))
          : [],
      );
    },
    get out() {
      return all.flatMap((flow) =>
        endpoints(flow.from, site).some(isOwn)
          ? endpoints(flow.to, site).flatMap((to) => passage(flow, own, to, site))
          : [],
      );
    },
  };
}

/** What a host's own firewall lets in and out: flow by flow, all peers with the same ports together. */
export function hostFlows(name: string, flows: unknown, site: FlowSite): HostFlow[] {
  const passages = passagesAt(name, flows, site);
  const found = new Map<string, HostFlow & { peers: string[] }>();
  for (const direction of ['in', 'out'] as const)
    for (const { flow, protocol, ports, from, to } of passages[direction]) {
      if (isSame(from, to)) continue;
      const texts = ports.map(portText);
      const key = [direction, flow, ...texts].join(' ');
      const known = found.get(key) ?? { name: flow, direction, protocol, ports: texts, peers: [] };
      known.peers.push(...endpointAddresses(direction === 'in' ? from : to));
      found.set(key, known);
    }
  return [...found.values()];
}

/** The endpoints that some words stand for, each once. An address of a host of the inventory is that host. */
export function endpoints(names: readonly string[], { groups, hosts }: FlowSite): Endpoint[] {
  const found = new Map<string, Endpoint>();
  const add = (key: string, endpoint: Endpoint) => found.has(key) || found.set(key, endpoint);
  for (const name of names) {
    const members =
      name === 'all' ? [...hosts.keys()] : (groups.get(name) ?? (hosts.has(name) ? [name] : []));
    for (const member of members) {
      const host = hosts.get(member);
      if (host) add(member, hostEnd(host));
    }
    if (members.length > 0 || groups.has(name)) continue;
    if (name === 'internet') add(name, { kind: 'internet' });
    else {
      // 0.0.0.0/0 is the world of IPv4 only.
      const network = normal(name) === 'any' ? name : normal(name);
      // A network is nobody's: no host needs to be asked.
      const candidates = network.includes('/') ? [] : [...hosts.values()];
      const owner = candidates.find((host) => host.addresses.map(normal).includes(network));
      if (owner) add(owner.name, hostEnd(owner));
      else add(network, { kind: 'network', network });
    }
  }
  return [...found.values()];
}

/** Addresses are asked for only where they are needed: an inventory may have many hosts. */
function hostEnd(host: FlowHost): Endpoint & { readonly kind: 'host' } {
  return {
    kind: 'host',
    name: host.name,
    get addresses() {
      return addressesOf(host);
    },
  };
}

function addressesOf({ name, addresses }: FlowHost): string[] {
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong === undefined && addresses.length > 0) return addresses.map(normal);
  const said = wrong === undefined ? 'no address' : `the address ${wrong}, which is a name or a mistake`;
  const message = `host ${name} has ${said}: flows cannot lead from it or to it`;
  const hint = 'give it in the inventory: address for IPv4, address6 for IPv6';
  throw new ProjectError([{ message, hint, severity: 'error' }]);
}

function portsOf({ ports }: Flow, to: Endpoint, site: FlowSite): PortRange[] {
  const host = to.kind === 'host' ? site.hosts.get(to.name) : undefined;
  const single = (port: number): PortRange => ({ first: Number(port), last: Number(port) });
  const all = ports.flatMap((port): PortRange[] => {
    if (port === 'ssh') return (host?.sshPorts ?? [22]).map(single);
    if (port !== 'exporters') return [port];
    return ['all', ...(host?.groups ?? [])].flatMap((group) => (site.exporters[group] ?? []).map(single));
  });
  const unique = new Map(all.map((range) => [portText(range), range]));
  return [...unique.values()].sort((left, right) => left.first - right.first || left.last - right.last);
}

function isSame(left: Endpoint, right: Endpoint): boolean {
  return left.kind === 'host' && right.kind === 'host' && left.name === right.name;
}

/** A range as ufw writes it: 80, or 8000:8010. */
export function portText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}:${last}`;
}

/** The endpoint in a word: a host's name, a network, `internet`. */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === 'internet') return 'internet';
  return endpoint.kind === 'host' ? endpoint.name : endpoint.network;
}

/** The addresses and networks of an endpoint, as a rule of a firewall has them; `any` for everyone. */
export function endpointAddresses(endpoint: Endpoint): readonly string[] {
  if (endpoint.kind === 'internet') return ['any'];
  return endpoint.kind === 'host' ? endpoint.addresses : [endpoint.network];
}

/** Whether a port is one of them. */
export function hasPort({ ports }: Passage, port: number): boolean {
  return ports.some(({ first, last }) => first <= port && port <= last);
}

/** Whether an address may be meant by an endpoint. */
export function includes(endpoint: Endpoint, address: string): boolean {
  return endpointAddresses(endpoint).some((network) => network === 'any' || isInside(address, network));
}
