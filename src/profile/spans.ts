import type { Interval, Phase, PlayRecord, Span, TaskRecord } from './contract.ts';
import { outside, total, union, within } from './intervals.ts';

/** A host's tasks as its turns one after the other: where several were under way, the time is that of the first to end. */
export function turns(tasks: readonly TaskRecord[]): TaskRecord[] {
  let end = 0;
  return [...tasks]
    .sort((left, right) => left.to - right.to)
    .map((task) => {
      const from = Math.min(task.to, Math.max(end, task.from));
      end = task.to;
      const fix = task.fix === undefined ? undefined : Math.min(task.to, Math.max(from, task.fix));
      return { ...task, from, ...(fix === undefined ? {} : { fix }) };
    });
}

/** What a host did in its turns. @param openings of its shells, in order and apart from each other */
export function spansOf(tasks: readonly TaskRecord[], openings: readonly Interval[]): Span[] {
  return tasks.flatMap((task) => {
    const { from, to, fix = to } = task;
    const connecting = within(openings, { from, to }).map(
      (part): Span => ({ from: part.from, to: part.to, phase: 'connect', task }),
    );
    const rest = (phase: 'read' | 'fix', part: Interval): Span[] =>
      outside(openings, part).map((each) => ({ ...each, phase, task }));
    return [...connecting, ...rest('read', { from, to: fix }), ...rest('fix', { from: fix, to })].sort(
      (left, right) => left.from - right.from,
    );
  });
}

/** Seconds of each phase of each host, which add up to the wall time; and when it waited for others. */
export function phases(
  ended: number,
  plays: readonly PlayRecord[],
  turnsOf: ReadonlyMap<string, readonly TaskRecord[]>,
  openings: ReadonlyMap<string, readonly Interval[]>,
): Map<string, Record<Phase, number> & { waits: Interval[] }> {
  const working = new Map([...turnsOf].map(([host, tasks]) => [host, union(tasks)]));
  const anyone = union([...working.values()].flat());
  return new Map(
    [...turnsOf].map(([host, tasks]) => {
      const opening = union(openings.get(host) ?? []);
      const spans = spansOf(tasks, opening);
      const sum = (phase: Span['phase']) => total(spans.filter((span) => span.phase === phase));
      const connect = total(opening);
      const busy = union([...(working.get(host) ?? []), ...opening]);
      const stopped = tasks.find((task) => task.stops)?.to ?? ended;
      const waits = playing(plays, host, ended)
        .flatMap(({ from, to }) => outside(busy, { from, to: Math.min(to, stopped) }))
        .flatMap((free) => within(anyone, free));
      const wait = total(waits);
      const known = { connect, read: sum('read'), fix: sum('fix'), wait };
      const used = Object.values(known).reduce((total, each) => total + each, 0);
      return [host, { ...known, idle: Math.max(0, ended - used), waits }];
    }),
  );
}

/** When a host is part of the play under way. */
function playing(plays: readonly PlayRecord[], host: string, ended: number): Interval[] {
  return plays.flatMap(({ at, hosts }, index) =>
    hosts.includes(host) ? [{ from: at, to: plays[index + 1]?.at ?? ended }] : [],
  );
}
