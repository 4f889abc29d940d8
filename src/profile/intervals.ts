import type { Interval } from './contract.ts';

/** Seconds of an interval. */
export function length({ from, to }: Interval): number {
  return Math.max(0, to - from);
}

/** The same stretches in order, those that touch or overlap put together. */
export function union(intervals: readonly Interval[]): Interval[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((left, right) => left.from - right.from)) {
    if (to <= from) continue;
    const last = result.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** What of an interval is covered, in order. @param covers in order and apart from each other */
export function within<T extends Interval>(covers: readonly T[], { from, to }: Interval): T[] {
  const result: T[] = [];
  if (to <= from) return result;
  for (let index = firstAfter(covers, from); index < covers.length; index++) {
    const cover = covers[index] as T;
    if (cover.from >= to) break;
    result.push({ ...cover, from: Math.max(from, cover.from), to: Math.min(to, cover.to) });
  }
  return result;
}

/** What of an interval is left open. @param covers in order and apart from each other */
export function outside(covers: readonly Interval[], { from, to }: Interval): Interval[] {
  const result: Interval[] = [];
  let at = from;
  for (const cover of within(covers, { from, to })) {
    if (cover.from > at) result.push({ from: at, to: cover.from });
    at = cover.to;
  }
  if (at < to) result.push({ from: at, to });
  return result;
}

export function total(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, each) => sum + length(each), 0);
}

/** Index of the first that ends after a time. */
function firstAfter(intervals: readonly Interval[], time: number): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval).to <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
