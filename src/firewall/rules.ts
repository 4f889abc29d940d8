import { isInside, normal } from './addresses.ts';

export type Protocol = 'tcp' | 'udp' | 'vrrp';

/** One way that is open: these ports of one protocol, from or to one address or network. */
export interface Rule {
  readonly direction: 'in' | 'out';
  readonly protocol: Protocol;
  /** Sorted, without repetition, as ufw writes them: 80, 8000:8010. None where the protocol has none. */
  readonly ports: readonly string[];
  /** The other side: `any`, an IPv4 or IPv6 address, or a network in CIDR notation. */
  readonly peer: string;
  readonly family: 4 | 6;
  /** What ufw shows beside it; it says nothing of what is open. */
  readonly comment?: string | undefined;
}

/** A flow as a host sees it: some addresses, both families where an address does not say. */
export interface HostFlow {
  readonly name?: string | undefined;
  readonly direction: 'in' | 'out';
  readonly protocol: Protocol;
  readonly ports: readonly (number | string)[];
  /** Addresses and networks; `any` is everyone, over IPv4 and IPv6. */
  readonly peers: readonly string[];
}

/** Most ports of one rule: xt_multiport takes 15, a range counts as two. */
const most = 15;
/** Whose rules are ours, though no flow may ask for them any more. */
const mark = 'foobar: ';

/** The rules that flows ask for, without repetition, in their order; the comment names the flows. */
export function rulesOf(flows: readonly HostFlow[]): Rule[] {
  const rules = new Map<string, Rule & { names: Set<string> }>();
  for (const { name, direction, protocol, ports, peers } of flows)
    for (const each of groupsOf(ports))
      for (const peer of peers)
        for (const family of familiesOf(peer)) {
          const rule = { direction, protocol, ports: each, peer: normal(peer), family };
          const names = rules.get(ruleText(rule))?.names ?? new Set<string>();
          if (name !== undefined) names.add(name);
          rules.set(ruleText(rule), { ...rule, names });
        }
  return [...rules.values()].map(({ names, ...rule }) =>
    names.size > 0 ? { ...rule, comment: `${mark}${[...names].join(', ')}` } : rule,
  );
}

/** Whether the rule was made for a flow. */
export function isOurs({ comment }: Pick<Rule, 'comment'>): boolean {
  return comment?.startsWith(mark) === true;
}

/** A rule in words, also its identity: "tcp 80,443 from 198.51.100.7", "tcp 22 from any (IPv6)". */
export function ruleText({ direction, protocol, ports, peer, family }: Omit<Rule, 'comment'>): string {
  const what = [protocol, ports.join(',')].filter(Boolean).join(' ');
  return `${what} ${direction === 'in' ? 'from' : 'to'} ${peer}${peer === 'any' && family === 6 ? ' (IPv6)' : ''}`;
}

/** Whether a rule lets a connection with this address at the other end through. */
export function lets(
  rule: Rule,
  direction: 'in' | 'out',
  protocol: Protocol,
  port: number,
  address: string,
): boolean {
  const family = address.includes(':') ? 6 : 4;
  return (
    rule.direction === direction &&
    rule.protocol === protocol &&
    rule.family === family &&
    rule.ports.some((range) => {
      const [first = 0, last = first] = range.split(':').map(Number);
      return first <= port && port <= last;
    }) &&
    (rule.peer === 'any' || isInside(address, rule.peer))
  );
}

/** Ports in the order in which ufw has them. */
export function sortedPorts(ports: readonly (number | string)[]): string[] {
  return [...new Set(ports.map(String))].sort(
    (left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10),
  );
}

function groupsOf(ports: readonly (number | string)[]): string[][] {
  const groups: string[][] = [[]];
  let size = 0;
  for (const port of sortedPorts(ports)) {
    const weight = port.includes(':') ? 2 : 1;
    if (size + weight > most) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(port);
    size += weight;
  }
  return groups;
}

function familiesOf(peer: string): readonly (4 | 6)[] {
  if (peer === 'any') return [4, 6];
  return peer.includes(':') ? [6] : [4];
}
