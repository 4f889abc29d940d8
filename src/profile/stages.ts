import type { Segment, TaskRecord, Work } from './contract.ts';
import { length } from './intervals.ts';

/** What followed each other on the critical path on one host for one task, or what is put together for being short. */
export interface Stage {
  readonly from: number;
  readonly seconds: number;
  readonly onHost: number;
  /** Of its first part. */
  readonly work: Work;
  readonly host?: string;
  readonly task?: string;
  readonly place?: string;
  /** How many stages were put together; they have no task then. */
  readonly others?: number;
}

/** Between two rounds of a task; seconds. */
const pause = 0.01;
/** A stage that is shorter is never told by itself; seconds. */
const shortest = 0.005;

/** The critical path as a story: its longest stages in their order, what is between them put together. */
export function stages(path: readonly Segment[], most: number): Stage[] {
  const all = joinedByTask(path);
  const long = new Set(
    all
      .filter((stage) => stage.seconds >= shortest)
      .sort((left, right) => right.seconds - left.seconds)
      .slice(0, most),
  );
  const told: Stage[] = [];
  for (const stage of all) {
    const { from, seconds, onHost, work } = stage;
    const last = told.at(-1);
    if (long.has(stage)) told.push(stage);
    else if (last?.others === undefined) told.push({ from, seconds, onHost, work, others: 1 });
    else told[told.length - 1] = { ...added(last, stage), others: last.others + 1 };
  }
  return told;
}

function joinedByTask(path: readonly Segment[]): Stage[] {
  const all: Stage[] = [];
  for (const [index, segment] of path.entries()) {
    const { from, onHost, work, task } = segment;
    const stage: Stage = { from, seconds: length(segment), onHost, work, ...named(task) };
    const last = all.at(-1);
    // The rounds of a loop with next to nothing between them are one stage.
    const between = task === undefined && stage.seconds < pause && isOf(last, path[index + 1]?.task);
    if (last && (between || (task && isOf(last, task)))) all[all.length - 1] = added(last, stage);
    else all.push(stage);
  }
  return all;
}

function named(task: TaskRecord | undefined): Pick<Stage, 'host' | 'task' | 'place'> {
  return task ? { host: task.host, task: task.task, place: task.place } : {};
}

function isOf(stage: Stage | undefined, task: TaskRecord | undefined): boolean {
  return (
    task !== undefined && stage?.host === task.host && stage.task === task.task && stage.place === task.place
  );
}

function added(stage: Stage, { seconds, onHost }: Stage): Stage {
  return { ...stage, seconds: stage.seconds + seconds, onHost: stage.onHost + onHost };
}
