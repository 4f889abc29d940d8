import { isIP } from 'node:net';
import { z } from 'zod';
import { type Problem, ProjectError } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { placeAt } from '../yaml/located.ts';
import { schemaProblems } from '../yaml/schema.ts';
import { isInside, isNetwork, normal } from './addresses.ts';

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
  readonly protocol: 'tcp' | 'udp';
  /** Sorted, without repetition. */
  readonly ports: readonly PortRange[];
  readonly tls: boolean;
  readonly why: string;
}

/** A flow as it was written. */
export interface Flow extends Pick<Passage, 'protocol' | 'tls' | 'why'> {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly (PortRange | 'ssh' | 'exporters')[];
}

const ends = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value) => (typeof value === 'string' ? [value] : value));
const numbers = z
  .union([
    z.number().int(),
    z.string().regex(/^\s*\d+(\s*[-:]\s*\d+)?\s*$/, 'expected a port, or two with a - between them'),
  ])
  .transform((value): PortRange => {
    const [first = 0, last = first] = String(value).split(/[-:]/).map(Number);
    return { first, last };
  })
  .refine(({ first, last }) => first >= 1 && first <= last && last <= 65535, 'ports are between 1 and 65535');
const words = z.enum(['ssh', 'exporters']);
const port = z.union([words, numbers]);

/** A flow as the inventory has it. */
const flow = z.strictObject({
  from: ends.describe('Who may connect: groups, hosts, all, internet (anybody), addresses or networks.'),
  to: ends.describe('Whom they may reach, likewise.'),
  ports: z
    .union([port, z.array(port).min(1)])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .describe(
      "Numbers, ranges (8000-8010), ssh (each target's own) or exporters (those that the target runs).",
    ),
  protocol: z.enum(['tcp', 'udp']).default('tcp').describe('Transport protocol.'),
  tls: z.enum(['required']).optional().describe('Nothing but TLS is accepted.'),
  why: z.string().default('').describe('What it is for; for the reader.'),
});
const schema = z.record(z.string(), flow);

/**
 * The flows as the inventory has them, checked: every mistake at once, with its place.
 * @throws ProjectError
 */
export function readFlows(value: unknown, site: Pick<FlowSite, 'hosts' | 'groups'>): Flow[] {
  const problems = schemaProblems(schema, value, { what: 'flows' });
  if (problems.length > 0) throw new ProjectError(problems);
  const flows = Object.entries(schema.parse(value)).map(
    ([name, { tls, ...rest }]): Flow => ({ name, tls: tls === 'required', ...rest }),
  );
  const unknown = flows.flatMap((each) =>
    (['from', 'to'] as const).flatMap((end) =>
      each[end].flatMap((word): Problem[] => {
        const wrong = unknownEnd(word, site);
        return wrong === undefined
          ? []
          : [
              {
                message: `flow ${each.name}: ${wrong}`,
                place: placeAt(value, [each.name, end]),
                hint: didYouMean(word, [...site.groups.keys(), ...site.hosts.keys(), 'internet']),
                severity: 'error',
              },
            ];
      }),
    ),
  );
  if (unknown.length > 0) throw new ProjectError(unknown);
  return flows;
}

function unknownEnd(word: string, { groups, hosts }: Pick<FlowSite, 'hosts' | 'groups'>): string | undefined {
  if (word === 'internet' || word === 'all' || groups.has(word) || hosts.has(word) || isNetwork(word))
    return undefined;
  return `${word} is no group, host, address or network, and not internet or all`;
}

/**
 * Who may reach whom: every flow from each of its sources to each of its targets, in the order in which they are
 * written. A host's way to itself is none: that is loopback.
 * @throws ProjectError for mistakes in the flows, and for a host without an address
 */
export function resolveFlows(flows: unknown, site: FlowSite): Passage[] {
  return readFlows(flows, site).flatMap((each) => passagesOf(each, site));
}

/** One flow from each of its sources to each of its targets. */
export function passagesOf(flow: Flow, site: FlowSite): Passage[] {
  const { name, protocol, tls, why } = flow;
  const sources = endpoints(flow.from, site);
  return endpoints(flow.to, site).flatMap((to) => {
    const ports = portsOf(flow, to, site);
    if (ports.length === 0) return [];
    return sources.flatMap((from): Passage[] =>
      isSame(from, to) ? [] : [{ flow: name, from, to, protocol, ports, tls, why }],
    );
  });
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
      if (host) add(member, { kind: 'host', name: member, addresses: addressesOf(host) });
    }
    if (members.length > 0 || groups.has(name)) continue;
    if (name === 'internet') add(name, { kind: 'internet' });
    else {
      // 0.0.0.0/0 is the world of IPv4 only.
      const network = normal(name) === 'any' ? name : normal(name);
      const owner = [...hosts.values()].find((host) => host.addresses.map(normal).includes(network));
      if (owner) add(owner.name, { kind: 'host', name: owner.name, addresses: addressesOf(owner) });
      else add(network, { kind: 'network', network });
    }
  }
  return [...found.values()];
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

/** Whether an address may be meant by an endpoint. */
export function includes(endpoint: Endpoint, address: string): boolean {
  return endpointAddresses(endpoint).some((network) => network === 'any' || isInside(address, network));
}
