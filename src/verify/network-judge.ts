import { isIP } from 'node:net';
import { includes, type Passage } from '../firewall/flows.ts';
import { answersAt, type Listener, type State } from './network-probe.ts';

/** This machine, as a source. */
export const outside = 'outside';

/** A way that was tried, or of UDP, read from the rules: a port at an address of a host, from somewhere. */
export interface Way {
  /** A host, or `outside`. */
  readonly from: string;
  /** The addresses that the source may be seen with. */
  readonly sources: readonly string[];
  readonly to: string;
  readonly address: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** What is known of the host that a way leads to. */
export interface Known {
  /** undefined where the host could not be asked. */
  readonly listeners: readonly Listener[] | undefined;
  /** Its firewall answers what it does not let in as if nothing listened. */
  readonly rejects: boolean;
}

/**
 * How what is differs from what is meant. `open`: connected though no flow says so; `let in`: nothing listens now, but
 * the firewall lets it through; `closed`: a flow says so and there is no connection; `idle`: it is let in as a flow
 * says, and nothing listens.
 */
export type Kind = 'open' | 'let in' | 'closed' | 'idle';

export interface Judged extends Way {
  readonly family: 4 | 6;
  readonly state: State;
  /** The flows that lead there. */
  readonly flows: readonly string[];
  readonly kind?: Kind;
  /** What was seen, for what differs. */
  readonly seen: string;
}

/** Flows that lead a way. */
export function flowsOf(way: Way, passages: readonly Passage[]): string[] {
  const found = passages.filter(
    ({ from, to, protocol, ports }) =>
      protocol === way.protocol &&
      to.kind === 'host' &&
      to.name === way.to &&
      to.addresses.includes(way.address) &&
      ports.some(({ first, last }) => first <= way.port && way.port <= last) &&
      (from.kind === 'internet' ||
        (from.kind === 'host' && from.name === way.from) ||
        way.sources.some((source) => includes(from, source))),
  );
  return [...new Set(found.map(({ flow }) => flow))];
}

/** Holds a way against the flows. */
export function judge(way: Way, state: State, passages: readonly Passage[], known: Known): Judged {
  const flows = flowsOf(way, passages);
  const family = isIP(way.address) === 6 ? 6 : 4;
  const judged = { ...way, family, state, flows } as const;
  const listens = known.listeners?.some(
    (listener) =>
      listener.protocol === way.protocol && listener.port === way.port && answersAt(listener, way.address),
  );
  const as = (kind: Kind | undefined, seen = ''): Judged => ({ ...judged, ...(kind && { kind }), seen });
  if (flows.length === 0) {
    if (state === 'open') return as('open');
    const passed = state === 'refused' && !known.rejects;
    return as(passed ? 'let in' : undefined, passed ? 'nothing listens there now' : '');
  }
  if (state === 'open') return as(undefined);
  if (state === 'filtered') return as('closed', 'no answer');
  // Outside may be a machine without IPv6, and a host may have only one family: nothing can be said of the other.
  if (state === 'no way') return as(way.sources.length > 0 ? 'closed' : undefined, 'no route');
  if (listens) return as('closed', 'refused, though something listens');
  return as('idle', 'nothing listens');
}

/** A line for a person on ways that differ in the same manner. */
export interface Difference {
  readonly kind: Kind;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly protocol: 'tcp' | 'udp';
  readonly ports: readonly number[];
  readonly families: readonly (4 | 6)[];
  readonly flows: readonly string[];
  readonly seen: string;
}

/** What differs, in the order of the ways; families, ports, sources and targets that differ alike are one. */
export function differences(ways: readonly Judged[]): Difference[] {
  const single = ways.flatMap(({ kind, from, to, port, family, protocol, flows, seen }): Difference[] =>
    kind ? [{ kind, from: [from], to: [to], protocol, ports: [port], families: [family], flows, seen }] : [],
  );
  return (['families', 'ports', 'from', 'to'] as const).reduce(merged, single);
}

/** Those that are alike but for one list become one with all of it. */
function merged(list: readonly Difference[], key: 'families' | 'ports' | 'from' | 'to'): Difference[] {
  const groups = new Map<string, Difference>();
  for (const each of list) {
    const { kind, from, to, protocol, ports, families, flows, seen } = each;
    const alike = { kind, from, to, protocol, ports, families, flows, seen, [key]: undefined };
    const group = groups.get(JSON.stringify(alike));
    groups.set(JSON.stringify(alike), { ...each, [key]: union(group?.[key] ?? [], each[key]) });
  }
  return [...groups.values()];
}

/** Numbers by their size, names in the order in which they came. */
function union(left: readonly (string | number)[], right: readonly (string | number)[]): (string | number)[] {
  const all = [...new Set([...left, ...right])];
  return all.sort((one, other) => (typeof one === 'number' ? one - Number(other) : 0));
}

/** What differs, in a few words. */
export const differenceWords: Readonly<Record<Kind, string>> = {
  open: 'open though not meant',
  'let in': 'let in though not meant',
  closed: 'closed though meant',
  idle: 'let in as meant, but nothing listens',
};

/** "open though not meant: server2 -> server1 tcp 3307 (IPv6); no flow allows it". */
export function differenceText({
  kind,
  from,
  to,
  protocol,
  ports,
  families,
  flows,
  seen,
}: Difference): string {
  const way = `${from.join(', ')} -> ${to.join(', ')} ${protocol} ${ports.join(', ')}`;
  const family = families.map((each) => `IPv${each}`).join(', ');
  const why = flows.length > 0 ? `by flow ${flows.join(', ')}` : 'no flow allows it';
  const told = kind === 'idle' ? [why] : flows.length > 0 ? [why, seen] : [seen, why];
  return `${differenceWords[kind]}: ${way} (${family}); ${told.filter(Boolean).join('; ')}`;
}
