import type { NetworkProof } from './network.ts';
import { type Judged, outside } from './network-judge.ts';

/** What is open, as a table: a row for each source, a column for each host; hosts that are alike share one. */
export interface NetworkTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What is open from everywhere to everywhere, which the cells leave out. */
  readonly everywhere: string;
}

export interface Cell {
  readonly text: string;
  readonly differs: boolean;
}

/**
 * Ports that are open as meant, `+` in front of those that are open though not meant and `-` of those that are closed
 * though meant; with a family where the other one is not so.
 */
export function networkTable({ hosts, ways, lost }: NetworkProof): NetworkTable {
  const sources = [...new Set([outside, ...hosts])].filter(
    (source) => source !== outside || ways.some(({ from }) => from === outside),
  );
  const between = new Map<string, Judged[]>();
  for (const way of ways) {
    const key = `${way.from} ${way.to}`;
    between.set(key, [...(between.get(key) ?? []), way]);
  }
  const tokens = (from: string, to: string): readonly string[] =>
    tokensOf(between.get(`${from} ${to}`) ?? []);
  const pairs = sources.flatMap((from) =>
    hosts.filter((to) => to !== from && !lost.has(from)).map((to) => tokens(from, to)),
  );
  const common = (pairs[0] ?? []).filter(
    (token) => !/^[+-]/.test(token) && pairs.every((pair) => pair.includes(token)),
  );
  const cell = (from: string, to: string): string => {
    if (lost.has(from)) return '?';
    const own = tokens(from, to).filter((token) => !common.includes(token));
    return own.length > 0 ? own.join(' ') : '·';
  };
  const classes = classesOf(hosts, sources, cell);
  const rows = (sources.includes(outside) ? [[outside], ...classes] : classes).map((from) => [
    { text: shortNames(from), differs: false },
    ...classes.map((to): Cell => {
      const source = from[0] ?? '';
      const target = to.find((host) => host !== source);
      const text = target === undefined ? '' : cell(source, target);
      return { text, differs: /(^| )[+-]/.test(text) };
    }),
  ]);
  return { head: ['from \\ to', ...classes.map(shortNames)], rows, everywhere: common.join(' ') };
}

/** The ports of one pair of hosts, in words. */
function tokensOf(ways: readonly Judged[]): string[] {
  const families = new Set(
    ways.filter(({ state, kind }) => state !== 'no way' || kind).map(({ family }) => family),
  );
  const marked = new Map<string, Set<4 | 6>>();
  for (const { kind, state, protocol, port, family } of ways) {
    if (!kind && state !== 'open') continue;
    const sign = kind === undefined ? '' : kind === 'open' || kind === 'let in' ? '+' : '-';
    const token = `${sign}${port}${protocol === 'udp' ? '/udp' : ''}`;
    marked.set(token, (marked.get(token) ?? new Set()).add(family));
  }
  return [...marked].map(([token, seen]) =>
    seen.size < families.size ? `${token}(${[...seen].map((family) => `IPv${family}`).join()})` : token,
  );
}

/** Hosts that nothing in the table tells apart: the same to and from all others, and between each other. */
function classesOf(
  hosts: readonly string[],
  sources: readonly string[],
  cell: (from: string, to: string) => string,
): string[][] {
  const alike = (one: string, other: string): boolean =>
    cell(one, other) === cell(other, one) &&
    sources
      .filter((each) => each !== one && each !== other)
      .every(
        (each) =>
          cell(each, one) === cell(each, other) &&
          (each === outside || cell(one, each) === cell(other, each)),
      );
  const classes: string[][] = [];
  for (const host of hosts) {
    const mine = classes.find((members) => members.every((member) => alike(member, host)));
    if (mine) mine.push(host);
    else classes.push([host]);
  }
  return classes;
}

/** Names that only count on are written as a pattern of the inventory: web[1:3]. */
export function shortNames(names: readonly string[]): string {
  const parts = names.map((name) => /^(.*?)(\d+)$/.exec(name));
  const [stem, first] = [parts[0]?.[1], parts[0]?.[2] ?? ''];
  const isRow =
    names.length > 1 &&
    parts.every(
      (part, index) =>
        part?.[1] === stem && part?.[2] === String(Number(first) + index).padStart(first.length, '0'),
    );
  return isRow ? `${stem}[${first}:${parts.at(-1)?.[2]}]` : names.join(', ');
}
