import type { PlayRecord, Recording, TaskRecord } from '../../src/profile/contract.ts';

/** A task record in a line: who, when, and what is special. */
export function record(
  host: string,
  task: string,
  from: number,
  to: number,
  more: Partial<TaskRecord> = {},
): TaskRecord {
  const place = `site.yaml:${task.length}`;
  return { host, task, module: 'copy', place, status: 'ok', stops: false, from, to, ...more };
}

export function recording(ended: number, tasks: TaskRecord[], more: Partial<Recording> = {}): Recording {
  const hosts = [...new Set(tasks.map(({ host }) => host))];
  const plays: PlayRecord[] = [{ name: 'all', at: 0, hosts }];
  return { ended, plays, tasks, openings: [], steps: [], wires: new Map(), ...more };
}
