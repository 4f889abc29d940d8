import { isIP } from 'node:net';
import { hasPort, includes, type Passage } from '../firewall/flows.ts';
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

/** What is known of the hosts of a way. */
export interface Known {
  /** What listens where it leads to; undefined where that host could not be asked. */
  readonly listeners: readonly Listener[] | undefined;
  /** A firewall, of either end, answers what it does not let through as if nothing listened. */
  readonly rejects: boolean;
  /** The source lets nothing out but by its flows (`egress`), and none of them leads there. */
  readonly heldBack?: boolean;
}

/**
 * How what is differs from what is meant. `open`: connected though no flow says so; `let in`: nothing listens now, but
 * the firewall lets it through; `closed`: a flow says so and there is no connection; `idle`: it is let in as a flow
 * says, and nothing listens, nor over the other family where the flow is between hosts.
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
    (passage) =>
      leads(passage, way) &&
      (passage.from.kind === 'internet' ||
        (passage.from.kind === 'host' && passage.from.name === way.from) ||
        way.sources.some((source) => includes(passage.from, source))),
  );
  return [...new Set(found.map(({ flow }) => flow))];
}

function leads(passage: Passage, { protocol, to, address, port }: Way): boolean {
  return (
    passage.protocol === protocol &&
    passage.to.kind === 'host' &&
    passage.to.name === to &&
    passage.to.addresses.includes(address) &&
    hasPort(passage, port)
  );
}

/** Holds a way against the flows. */
export function judge(way: Way, state: State, passages: readonly Passage[], known: Known): Judged {
  const flows = known.heldBack ? [] : flowsOf(way, passages);
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
  return as(isServed(way, passages, known) ? undefined : 'idle', 'nothing listens');
}

/** Hosts reach each other over one family; the internet comes over both. */
function isServed(way: Way, passages: readonly Passage[], { listeners = [] }: Known): boolean {
  const isPublic = passages.some((passage) => passage.from.kind === 'internet' && leads(passage, way));
  return (
    !isPublic &&
    listeners.some(
      ({ protocol, port, address }) => protocol === way.protocol && port === way.port && !isLoopback(address),
    )
  );
}

function isLoopback(address: string): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}

/** A TCP socket that listens beyond loopback on a port to which no flow leads: only the firewall is before it. */
export interface Stray {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** UDP is left out: clients of DHCP and the like listen there. */
export function straysOf(
  host: string,
  listeners: readonly Listener[],
  passages: readonly Passage[],
): Stray[] {
  const meant = passages.filter(
    ({ to, protocol }) => protocol === 'tcp' && to.kind === 'host' && to.name === host,
  );
  return listeners
    .filter(({ protocol, address }) => protocol === 'tcp' && !isLoopback(address))
    .filter(({ port }) => !meant.some((passage) => hasPort(passage, port)))
    .flatMap(({ address, port }) => {
      const families =
        address === '*' ? ([4, 6] as const) : [address.includes(':') ? (6 as const) : (4 as const)];
      return families.map((family) => ({ host, port, family }));
    });
}

/** A line for a person on ways that differ in the same manner, or on strays. */
export interface Difference {
  readonly kind: Kind | 'stray';
  /** None for a stray. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly protocol: 'tcp' | 'udp';
  readonly ports: readonly number[];
  readonly families: readonly (4 | 6)[];
  readonly flows: readonly string[];
  readonly seen: string;
}

/** What differs, in the order of the ways; families, ports, sources and targets that differ alike are one. */
export function differences(ways: readonly Judged[], strays: readonly Stray[] = []): Difference[] {
  const single = ways.flatMap(({ kind, from, to, port, family, protocol, flows, seen }): Difference[] =>
    kind ? [{ kind, from: [from], to: [to], protocol, ports: [port], families: [family], flows, seen }] : [],
  );
  const listening = strays.map(
    ({ host, port, family }): Difference => ({
      kind: 'stray',
      from: [],
      to: [host],
      protocol: 'tcp',
      ports: [port],
      families: [family],
      flows: [],
      seen: '',
    }),
  );
  return (['families', 'ports', 'from', 'to'] as const).reduce(merged, [...single, ...listening]);
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
export const differenceWords: Readonly<Record<Difference['kind'], string>> = {
  open: 'open though not meant',
  'let in': 'let in though not meant',
  closed: 'closed though meant',
  idle: 'let in as meant, but nothing listens',
  stray: 'listens though no flow leads there',
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
  if (kind === 'stray')
    return `${differenceWords[kind]}: ${to.join(', ')} ${protocol} ${ports.join(', ')} (${family})`;
  const told = kind === 'idle' ? [why] : flows.length > 0 ? [why, seen] : [seen, why];
  return `${differenceWords[kind]}: ${way} (${family}); ${told.filter(Boolean).join('; ')}`;
}
