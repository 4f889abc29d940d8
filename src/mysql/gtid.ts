/**
 * A set of global transaction identifiers: source (server UUID, since 8.3 with an optional tag: "UUID:tag")
 * -> disjoint ascending closed intervals of transaction numbers.
 */
export type GtidSet = ReadonlyMap<string, readonly Interval[]>;
export type Interval = readonly [first: bigint, last: bigint];

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const tag = /^[a-z_][a-z0-9_]{0,31}$/;

/**
 * Reads what @@gtid_executed and its like print, line breaks included. A tag holds for the intervals that follow it.
 * Throws an Error for anything else. Source: MySQL 9.x manual, "GTID Format and Storage".
 */
export function parseGtidSet(text: string): GtidSet {
  const found = new Map<string, Interval[]>();
  for (const part of text.toLowerCase().split(',')) {
    const [source, ...words] = part.split(':').map((word) => word.trim());
    if (source === '' && words.length === 0) continue;
    if (!uuid.test(source ?? '')) throw new Error(`no GTID set: ${JSON.stringify(text.slice(0, 200))}`);
    let key = source!;
    for (const word of words) {
      if (tag.test(word)) key = `${source}:${word}`;
      else {
        const intervals = found.get(key) ?? [];
        intervals.push(parseInterval(word));
        found.set(key, intervals);
      }
    }
  }
  return new Map([...found].map(([key, intervals]) => [key, normalise(intervals)]));
}

function parseInterval(word: string): Interval {
  const match = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(word);
  if (!match) throw new Error(`no GTID interval: ${JSON.stringify(word)}`);
  const first = BigInt(match[1]!);
  const last = BigInt(match[2] ?? match[1]!);
  if (first < 1n || last < first) throw new Error(`no GTID interval: ${JSON.stringify(word)}`);
  return [first, last];
}

function normalise(intervals: readonly Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const [first, last] of [...intervals].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
    const before = joined.at(-1);
    if (!before || first > before[1] + 1n) joined.push([first, last]);
    else if (last > before[1]) joined[joined.length - 1] = [before[0], last];
  }
  return joined;
}

/** The set as MySQL reads it: sorted, each source and tag written out. Empty set: empty text. */
export function formatGtidSet(set: GtidSet): string {
  return [...set]
    .filter(([, intervals]) => intervals.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, intervals]) => {
      const words = intervals.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
      return [key, ...words].join(':');
    })
    .join(',');
}

/** What is in any of the sets. */
export function uniteGtids(...sets: readonly GtidSet[]): GtidSet {
  const all = new Map<string, Interval[]>();
  for (const set of sets)
    for (const [key, intervals] of set) all.set(key, [...(all.get(key) ?? []), ...intervals]);
  return new Map([...all].map(([key, intervals]) => [key, normalise(intervals)]));
}

/** What is in `left` and not in `right`. */
export function subtractGtids(left: GtidSet, right: GtidSet): GtidSet {
  const rest = new Map<string, Interval[]>();
  for (const [key, intervals] of left) {
    const remaining = without(intervals, right.get(key) ?? []);
    if (remaining.length > 0) rest.set(key, remaining);
  }
  return rest;
}

function without(intervals: readonly Interval[], removed: readonly Interval[]): Interval[] {
  const rest: Interval[] = [];
  for (const [start, last] of intervals) {
    let first = start;
    for (const [from, to] of removed) {
      if (to < first) continue;
      if (from > last) break;
      if (from > first) rest.push([first, from - 1n]);
      first = to + 1n;
    }
    if (first <= last) rest.push([first, last]);
  }
  return rest;
}

/** Whether every transaction of `part` is in `whole`. */
export function containsGtids(whole: GtidSet, part: GtidSet): boolean {
  return subtractGtids(part, whole).size === 0;
}

/** How many transactions the set holds. */
export function countGtids(set: GtidSet): bigint {
  let count = 0n;
  for (const intervals of set.values()) for (const [first, last] of intervals) count += last - first + 1n;
  return count;
}

/** The set without the transactions, tagged or not, that the server of this UUID began. */
export function withoutSource(set: GtidSet, serverUuid: string): GtidSet {
  return new Map([...set].filter(([key]) => key.split(':', 1)[0] !== serverUuid.toLowerCase()));
}
