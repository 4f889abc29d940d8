import type { Profile, ReadProfile, Recording, SlowTask, TaskRecord, Wire, Work } from './contract.ts';
import { length, union } from './intervals.ts';
import { criticalPath } from './path.ts';
import { phases, spansOf, turns } from './spans.ts';

const shownTasks = 50;
const silent: Wire = { frames: 0, trips: 0, sent: 0, received: 0 };

/** What the process used, besides the time. */
export type Usage = Pick<Profile, 'cpu' | 'memory'>;

/** Where the time of a recorded run went. */
export function profileOf(recording: Recording, { cpu, memory }: Usage): Profile {
  const { ended, plays, tasks, wires } = recording;
  const hosts = new Set([
    ...plays.flatMap((play) => play.hosts),
    ...tasks.map(({ host }) => host),
    ...wires.keys(),
  ]);
  const openings = grouped(recording.openings);
  const steps = grouped(recording.steps);
  const own = grouped(tasks);
  const turnsOf = new Map([...hosts].map((host) => [host, turns(own.get(host) ?? [])]));
  const seconds = phases(ended, plays, turnsOf, openings);
  const all = [...hosts].map((host) => ({
    host,
    spans: spansOf(turnsOf.get(host) ?? [], union(openings.get(host) ?? [])),
    ...(wires.get(host) ?? silent),
    ...(seconds.get(host) ?? { connect: 0, read: 0, fix: 0, wait: 0, idle: ended, waits: [] }),
  }));
  const lanes = all.map(({ host, spans }) => ({
    turns: turnsOf.get(host) ?? [],
    spans,
    steps: union(steps.get(host) ?? []),
  }));
  const path = criticalPath(lanes, union(recording.openings), {
    started: plays[0]?.at ?? ended,
    ended,
  });
  const work: Partial<Record<Work, number>> = {};
  for (const segment of path) work[segment.work] = (work[segment.work] ?? 0) + length(segment);
  return {
    wall: ended,
    cpu,
    memory,
    hosts: all,
    path,
    work,
    slowest: slowestTasks([...turnsOf.values()].flat()),
    reads: readsOf(recording),
  };
}

/** The tasks that took longest on one host, all rounds and repetitions of a task together. */
function slowestTasks(tasks: readonly TaskRecord[]): SlowTask[] {
  const byTask = new Map<string, Map<string, TaskRecord[]>>();
  for (const task of tasks) {
    const key = `${task.place}\0${task.task}`;
    const hosts = byTask.get(key) ?? new Map<string, TaskRecord[]>();
    byTask.set(key, hosts);
    const rounds = hosts.get(task.host);
    if (rounds) rounds.push(task);
    else hosts.set(task.host, [task]);
  }
  return [...byTask.values()]
    .map((hosts): SlowTask => {
      const sums = [...hosts.values()].map((rounds) => ({
        rounds,
        seconds: rounds.reduce((sum, each) => sum + length(each), 0),
      }));
      const { rounds, seconds } = sums.reduce((most, each) => (each.seconds > most.seconds ? each : most));
      const { task, module, place, host } = rounds[0] as TaskRecord;
      return { task, module, place, host, seconds, hosts: hosts.size, rounds: rounds.length };
    })
    .sort((left, right) => right.seconds - left.seconds)
    .slice(0, shownTasks);
}

function readsOf({ steps }: Recording): ReadProfile[] {
  const sums = new Map<string, { times: number; seconds: number }>();
  for (const step of steps) {
    if (!step.what.startsWith('read ')) continue;
    const name = step.what.slice('read '.length);
    const sum = sums.get(name) ?? { times: 0, seconds: 0 };
    sums.set(name, { times: sum.times + 1, seconds: sum.seconds + length(step) });
  }
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum }))
    .sort((left, right) => right.seconds - left.seconds);
}

function grouped<T extends { readonly host: string }>(records: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const record of records) {
    const group = groups.get(record.host);
    if (group) group.push(record);
    else groups.set(record.host, [record]);
  }
  return groups;
}
