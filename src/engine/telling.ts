import { TaskFailure } from '../errors.ts';
import type { Change } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { maskBefore, masked } from '../secrets.ts';
import { isTemplate, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';
import { isSet } from './conditions.ts';
import type { RunEvent } from './events.ts';
import type { Outcome } from './outcome.ts';

/** What is told besides how a task ended. */
export interface Telling {
  readonly host: string;
  readonly title: string;
  readonly handler: boolean;
  readonly item?: string | undefined;
  readonly ignored: boolean;
  readonly rescued: boolean;
  /** `performance.now()` of when it began. */
  readonly began: number;
}

/** The task's name as it is shown: "role : name". */
export function titleOf(task: Task, scope: Scope): string {
  const name = nameOf(task, scope);
  return task.role ? `${task.role.name} : ${name}` : name;
}

/** The task's own name, rendered where that is possible. */
export function nameOf({ name }: Task, scope: Scope): string {
  try {
    return isTemplate(name) ? String(renderValue(name, scope)) : name;
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    return name;
  }
}

/** The event of a task, or of one item, that ended; `no_log` hides what it was about. */
export function taskEvent(task: Task, outcome: Outcome, scope: Scope, telling: Telling): RunEvent {
  const quiet = isSet(task.noLog, scope, true);
  const { host, title, handler, item, ignored, rescued, began } = telling;
  const showsDiff = isSet(task.diff ?? true, scope, true);
  const changes = showsDiff ? outcome.changes : undefined;
  return {
    event: 'task',
    host,
    task: title,
    module: task.module,
    place: task.place,
    status: outcome.status,
    handler,
    ...(ignored ? { ignored } : {}),
    ...(rescued ? { rescued } : {}),
    ...(item === undefined ? {} : { item: quiet ? masked : item }),
    ...(changes ? { changes: quiet ? hidden(changes) : changes.map(shown) } : {}),
    ...(outcome.message === undefined ? {} : { message: quiet ? masked : outcome.message }),
    ...(outcome.hint === undefined || quiet ? {} : { hint: outcome.hint }),
    seconds: (performance.now() - began) / 1000,
  };
}

function shown(change: Change): Change {
  const { from, to } = change;
  if (typeof from !== 'string' || typeof to !== 'string') return change;
  return { ...change, from: maskBefore(from, to) };
}

function hidden(changes: readonly Change[]): Change[] {
  return changes.map((change) => ({ what: change.what, from: masked, to: masked }));
}
