import type { Interval, Segment, Span, TaskRecord, Work } from './contract.ts';
import { outside, total, within } from './intervals.ts';

/** Turns that end and begin so near to each other follow one another; seconds. */
const seamless = 0.001;

const works: Readonly<Record<string, Work>> = Object.fromEntries(
  Object.entries({
    packages: 'apt apt_key apt_repository deb822_repository package pip npm',
    services: 'service systemd systemd_service reboot',
    downloads: 'git get_url unarchive fetch synchronize uri',
    commands: 'command shell script raw',
    waiting: 'wait_for wait_for_connection pause async_status acme_certificate',
  } satisfies Partial<Record<Work, string>>).flatMap(([work, modules]) =>
    modules.split(' ').map((module) => [module, work as Work]),
  ),
);

/** What kind of work a task's time goes into in a phase. */
export function workOf(module: string, phase: Span['phase']): Work {
  if (phase === 'connect') return 'connecting';
  const work = works[module];
  if (phase === 'read') return work === 'waiting' ? work : 'reads';
  return work ?? 'changes';
}

/** What the path is made of, on one host. */
export interface Lane {
  readonly turns: readonly TaskRecord[];
  readonly spans: readonly Span[];
  /** When steps ran there. */
  readonly steps: readonly Interval[];
}

/**
 * The chain of turns that the end of the run waited for: from the end backwards, each time the turn that ended last
 * before. What is between two of them is foobar's own.
 * @param openings of shells on any host, in order and apart from each other
 * @param run when the first play began, and the end
 */
export function criticalPath(
  lanes: readonly Lane[],
  openings: readonly Interval[],
  run: { readonly started: number; readonly ended: number },
): Segment[] {
  const { started, ended } = run;
  const path: Segment[] = [];
  const places = lanes.map((lane) => lane.turns.length - 1);
  let at = ended;
  let lane = -1;
  for (;;) {
    lane = before(lanes, places, at, lane);
    const turn = lanes[lane]?.turns[places[lane] ?? -1];
    if (!turn) break;
    path.push(...gap(openings, { from: turn.to, to: at }, started).reverse());
    path.push(...segments(lanes[lane] as Lane, turn).reverse());
    at = turn.from;
  }
  path.push(...gap(openings, { from: 0, to: at }, started).reverse());
  return path.reverse();
}

/** The lane whose turn ended last before a time; the same as before where its own went on without a wait. */
function before(lanes: readonly Lane[], places: number[], at: number, own: number): number {
  let best = -1;
  let latest = Number.NEGATIVE_INFINITY;
  for (const [index, { turns }] of lanes.entries()) {
    let place = places[index] as number;
    while (place >= 0 && !isBefore(turns[place] as TaskRecord, at)) place -= 1;
    places[index] = place;
    const end = turns[place]?.to;
    if (end === undefined) continue;
    if (index === own && at - end < seamless) return own;
    if (end > latest) {
      best = index;
      latest = end;
    }
  }
  return best;
}

/** A turn that took no time is no part of the path. */
function isBefore({ from, to }: TaskRecord, at: number): boolean {
  return to <= at && from < to;
}

function segments({ spans, steps }: Lane, turn: TaskRecord): Segment[] {
  return within(spans, turn).map(({ from, to, phase, task }) => ({
    from,
    to,
    work: workOf(task.module, phase),
    task,
    onHost: total(within(steps, { from, to })),
  }));
}

/** No task was under way; perhaps a connection was opened ahead of the first. */
function gap(openings: readonly Interval[], between: Interval, started: number): Segment[] {
  const part = (work: Work) => (each: Interval) => ({ from: each.from, to: each.to, work, onHost: 0 });
  return [
    ...within(openings, between).map(part('connecting')),
    ...outside(openings, { ...between, to: Math.min(between.to, started) }).map(part('starting')),
    ...outside(openings, { ...between, from: Math.max(between.from, started) }).map(part('foobar')),
  ].sort((left, right) => left.from - right.from);
}
