import { containsGtids, type GtidSet, parseGtidSet, uniteGtids } from '../mysql/gtid.ts';
import type { Catalogue, Full, Log } from './catalogue.ts';
import type { Micros } from './time.ts';

/** A whole backup with the logs that follow it without a gap. */
export interface Chain {
  readonly full: Full;
  readonly logs: readonly Log[];
  /** Every transaction until then is in it. */
  readonly until: Micros;
}

/** A stretch of time to any instant of which can be gone back. */
export interface Range {
  readonly from: Micros;
  readonly to: Micros;
}

/** What a restore takes. */
export interface RestorePlan {
  readonly full: Full;
  /** In the order in which they are replayed. Ends in the one in which the instant lies. */
  readonly logs: readonly Log[];
}

/**
 * The logs that follow a whole backup of its timeline, from whichever servers they are: each begins with nothing that is
 * not there yet. A log that begins with more leaves a gap, and is left out with all behind it.
 */
export function chainOf(full: Full, { logs, covered }: Catalogue): Chain {
  let has = parseGtidSet(full.gtid);
  let until = full.at;
  const taken: Log[] = [];
  let left = logs
    .filter(({ timeline }) => timeline === full.timeline)
    .map((log) => ({ log, previous: parseGtidSet(log.previous), after: parseGtidSet(log.after) }));
  for (let before = -1; before !== left.length; ) {
    before = left.length;
    const later: typeof left = [];
    for (const one of left) {
      if (containsGtids(has, one.after)) continue;
      if (!containsGtids(has, one.previous)) {
        later.push(one);
        continue;
      }
      has = uniteGtids(has, one.after);
      taken.push(one.log);
      until = Math.max(until, one.log.last ?? 0);
    }
    left = later;
  }
  for (const known of covered)
    if (known.timeline === full.timeline && known.until > until && isIn(known.gtid, has)) until = known.until;
  return { full, logs: taken, until };
}

function isIn(gtid: string, has: GtidSet): boolean {
  return containsGtids(has, parseGtidSet(gtid));
}

/** All chains, the newest whole backup first. */
export function chains(catalogue: Catalogue): Chain[] {
  return catalogue.fulls.map((full) => chainOf(full, catalogue)).reverse();
}

/** The stretches of time that the chains cover, put together where they touch, oldest first. */
export function ranges(found: readonly Chain[]): Range[] {
  const result: Range[] = [];
  const sorted = found
    .map(({ full, until }) => ({ from: full.at, to: until }))
    .sort((a, b) => a.from - b.from);
  for (const { from, to } of sorted) {
    const last = result.at(-1);
    if (last && from <= last.to) result[result.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else result.push({ from, to });
  }
  return result;
}

/** How to get to an instant: by the newest whole backup before it that leads there; undefined when none does. */
export function planRestore(found: readonly Chain[], at: Micros): RestorePlan | undefined {
  const chain = found.find(({ full, until }) => full.at <= at && until >= at);
  if (!chain) return undefined;
  const needed = chain.logs.filter(({ first }) => first !== null && first <= at);
  return { full: chain.full, logs: needed };
}
