import { type Endpoint, endpointText, type Passage, portText } from './flows.ts';

/** A host as the picture shows it. */
export interface PicturedHost {
  readonly name: string;
  readonly groups: readonly string[];
}

/** A way that differs from the flows. */
export interface Mark {
  /** Open though not meant, or closed though meant. */
  readonly mark: 'open' | 'closed';
  /** What is wrong, in a few words. */
  readonly name: string;
  readonly why: string;
  /** Hosts' names, or `outside`. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: string;
}

/** Hosts, or addresses, that are alike in the picture: of the same groups, at the same ends of the same flows. */
export interface Box {
  readonly kind: 'hosts' | 'internet' | 'network';
  readonly title: readonly string[];
  readonly lines: readonly string[];
  /** Names of what is inside. */
  readonly members: readonly string[];
}

/** What arrives at a box. */
export interface Arrival {
  readonly label: string;
  /** Where the label stands. */
  readonly side: 'left' | 'right';
  readonly arrows: readonly ('left' | 'right')[];
  /** From hosts of the same box. */
  readonly among: boolean;
}

/** One line of the picture, by the numbers of the boxes. */
export interface Row {
  readonly name: string;
  readonly why: string;
  readonly mark?: 'open' | 'closed';
  readonly sources: ReadonlySet<number>;
  readonly targets: ReadonlyMap<number, Arrival>;
  /** The boxes between which a line goes from one to another. */
  readonly across: ReadonlySet<number>;
}

/** Hosts that are named in a box. */
const named = 4;

/**
 * The boxes from left to right: the internet, addresses that only ask, the hosts in the inventory's order, addresses
 * that are asked.
 */
export function boxesOf(
  passages: readonly Passage[],
  hosts: readonly PicturedHost[],
  marks: readonly Mark[],
): Box[] {
  const roles = rolesOf(passages);
  const others = [
    ...new Map(passages.flatMap(({ from, to }) => [from, to]).map((end) => [endpointText(end), end])),
  ];
  const networks = others.filter(([, { kind }]) => kind === 'network').map(([name]) => name);
  const asks = (name: string) => roles.get(name)?.includes(' to ') !== true;
  const isInternet =
    others.some(([, { kind }]) => kind === 'internet') || marks.some(({ from }) => from.includes('outside'));
  const internet: Box = {
    kind: 'internet',
    title: ['internet'],
    lines: ['anybody'],
    members: ['internet', 'outside'],
  };
  const alike = (names: readonly string[]) => [...grouped(names, (name) => roles.get(name) ?? '').values()];
  const networkBox = (members: readonly string[]): Box => ({
    kind: 'network',
    title: [members.length === 1 ? 'address' : 'addresses'],
    lines: shortened(members),
    members,
  });
  const groups = new Map(hosts.map((host) => [host.name, [...host.groups].sort().join(', ')]));
  const inside = grouped(
    hosts.map(({ name }) => name),
    (name) => `${groups.get(name)}\n${roles.get(name) ?? ''}`,
  );
  return [
    ...(isInternet ? [internet] : []),
    ...alike(networks.filter(asks)).map(networkBox),
    ...[...inside.values()].map((members): Box => {
      const title = hosts.find(({ name }) => name === members[0])?.groups ?? [];
      return { kind: 'hosts', title: titleLines(title), lines: shortened(members), members };
    }),
    ...alike(networks.filter((name) => !asks(name))).map(networkBox),
  ];
}

/** What each end does in the flows, as one text: "site to 80,443; sql from". */
function rolesOf(passages: readonly Passage[]): Map<string, string> {
  const roles = new Map<string, Set<string>>();
  const add = (end: Endpoint, role: string): void => {
    const name = endpointText(end);
    roles.set(name, (roles.get(name) ?? new Set()).add(role));
  };
  for (const { flow, from, to, ports } of passages) {
    add(from, `${flow} from`);
    add(to, `${flow} to ${ports.map(portText).join(',')}`);
  }
  return new Map([...roles].map(([name, found]) => [name, [...found].sort().join('; ')]));
}

function grouped(names: readonly string[], key: (name: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) groups.set(key(name), [...(groups.get(key(name)) ?? []), name]);
  return groups;
}

function titleLines(groups: readonly string[]): string[] {
  if (groups.length === 0) return ['hosts'];
  return groups.map((group, index) => (index < groups.length - 1 ? `${group},` : group));
}

function shortened(names: readonly string[]): string[] {
  if (names.length <= named) return [...names];
  return [...names.slice(0, named - 2), '…', names.at(-1) ?? '', `(${names.length})`];
}

/** One row for each flow, in the order in which they are written. */
export function rowsOf(passages: readonly Passage[], boxes: readonly Box[]): Row[] {
  const flows = [...new Set(passages.map(({ flow }) => flow))];
  return flows.map((flow) => {
    const mine = passages.filter((passage) => passage.flow === flow);
    const [first] = mine as [Passage];
    const ends = mine.map(({ from, to, ports, tls }) => ({
      from: endpointText(from),
      to: endpointText(to),
      label: `${ports.map(portText).join(', ').replaceAll(':', '–')}${tls ? ' TLS' : ''}`,
    }));
    const name = first.protocol === 'tcp' ? flow : `${flow} (${first.protocol})`;
    return { name, why: first.why, ...drawnWay(ends, boxes) };
  });
}

/** A row for what differs. */
export function lineOf({ mark, name, why, from, to, ports }: Mark, boxes: readonly Box[]): Row {
  const ends = from.flatMap((source) => to.map((target) => ({ from: source, to: target, label: ports })));
  return { name, why, mark, ...drawnWay(ends, boxes) };
}

function drawnWay(
  ends: readonly { readonly from: string; readonly to: string; readonly label: string }[],
  boxes: readonly Box[],
): Pick<Row, 'sources' | 'targets' | 'across'> {
  const numbers = new Map(
    boxes.flatMap(({ members }, index) => members.map((name) => [name, index] as const)),
  );
  const ways = ends.flatMap(({ from, to, label }) => {
    const [source, target] = [numbers.get(from), numbers.get(to)];
    return source === undefined || target === undefined ? [] : [{ source, target, label }];
  });
  const targets = new Map<number, Arrival>();
  for (const { target, label } of ways) {
    const sources = ways.filter((way) => way.target === target).map(({ source }) => source);
    const arrows = [
      ...(sources.some((source) => source < target) ? (['left'] as const) : []),
      ...(sources.some((source) => source > target) ? (['right'] as const) : []),
    ];
    const among = sources.includes(target);
    targets.set(target, { label, arrows, among, side: arrows[0] ?? 'right' });
  }
  const crossing = ways.filter(({ source, target }) => source !== target);
  return {
    sources: new Set(ways.map(({ source }) => source)),
    targets,
    across: new Set(crossing.flatMap(({ source, target }) => [source, target])),
  };
}
