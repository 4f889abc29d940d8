import type { Task } from '../playbook/contract.ts';
import type { Scope } from '../template/scope.ts';
import { isSet } from './conditions.ts';
import type { HostRecap, TaskStatus } from './events.ts';
import type { Outcome } from './outcome.ts';

/** How one round of a task ended. */
export interface Round {
  readonly outcome: Outcome;
  /** Variables of the round that its result has too. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly ignored: boolean;
  readonly notify: readonly string[];
  readonly delegate?: string;
}

/** How a task ended on a host, its loop put together. */
export interface TaskEnd {
  readonly status: TaskStatus;
  readonly ignored: boolean;
  readonly result: Record<string, unknown>;
  readonly rounds: readonly Round[];
  /** It counts as failed though a block rescues it: what was to be included could not be read. */
  readonly unrescued?: boolean;
  /** Of an include: what it brought in, each counted by itself as in Ansible. */
  readonly included?: number;
}

/** Whether its host takes no further part after a task that ended so, unless a block around it helps. */
export function isStopped(end: TaskEnd): boolean {
  return (
    (['unreachable', 'unknown', 'failed', 'interrupted'] as const).some((bad) => bad === end.status) &&
    !end.ignored
  );
}

/** Whether the host was out of reach when it ended so. */
export function isLost({ status }: Pick<TaskEnd, 'status'>): boolean {
  return status === 'unreachable' || status === 'unknown';
}

/** Whether ignore_errors or ignore_unreachable lets an outcome pass. */
export function isIgnored(task: Task, { status }: Outcome, scope: Scope): boolean {
  if (status === 'failed') return isSet(task.ignoreErrors, scope, false);
  return isLost({ status }) && isSet(task.ignoreUnreachable, scope, false);
}

/** Worst first. */
const order = ['interrupted', 'unknown', 'unreachable', 'failed', 'unforeseen', 'changed', 'ok'] as const;

/** The end of a task out of those of its rounds; results with Ansible's keys. */
export function endOf(rounds: readonly Round[], looped: boolean): TaskEnd {
  const statuses = rounds.map(({ outcome }) => outcome.status);
  const worst = order.find((status) => statuses.includes(status));
  const status = worst ?? 'skipped';
  const [only] = rounds;
  if (!looped) return { status, ignored: only?.ignored ?? false, result: only?.outcome.result ?? {}, rounds };
  const bad = rounds.filter(({ outcome }) => outcome.status === status);
  const results = rounds.map(({ outcome, values }) => ({ ...outcome.result, ...values }));
  const has = (key: string) => results.some((result) => (result as Record<string, unknown>)[key] === true);
  const skipped = status === 'skipped';
  const result =
    rounds.length === 0
      ? { changed: false, skipped, skipped_reason: 'No items in the list', results }
      : {
          results,
          skipped,
          changed: has('changed'),
          ...(has('failed') ? { failed: true } : {}),
          ...(has('unreachable') ? { unreachable: true } : {}),
          msg: skipped
            ? 'All items skipped'
            : has('failed')
              ? 'One or more items failed'
              : 'All items completed',
        };
  return { status, ignored: bad.length > 0 && bad.every(({ ignored }) => ignored), result, rounds };
}

export function emptyRecap(): HostRecap {
  return { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0, unknown: 0, rescued: 0, ignored: 0 };
}

/** Counts a task's end; of what was interrupted nobody knows it. */
export function count(recap: HostRecap, end: TaskEnd, rescued: boolean): void {
  if (end.status === 'interrupted') return;
  if (rescued) recap.rescued += 1;
  else if (end.ignored) {
    recap.ignored += 1;
    if (end.status !== 'unknown') recap[end.result.changed === true ? 'changed' : 'ok'] += 1;
  } else if (end.included) recap.ok += end.included;
  else recap[end.status === 'unforeseen' ? 'changed' : end.status] += 1;
}
