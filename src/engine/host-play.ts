import { TaskFailure } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Change } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { mask, maskBefore, masked } from '../secrets.ts';
import { isTemplate, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';
import type { Emit, RunEvent, TaskStatus } from './events.ts';
import { type Around, executeItem, failure, type Outcome } from './execute.ts';
import { noteHandlers } from './journal.ts';
import { isFresh, isYes, type Prepared, type PrepareRun, prepareTask } from './prepare.ts';
import type { HostVariables } from './variables.ts';

const firstWindow = 16;
const largestWindow = 512;

/** What a host's way through a play needs from the play. */
export interface PlayAround extends PrepareRun {
  readonly tasks: readonly Task[];
  readonly emit: Emit;
  scope(task: Task, host: string, pending: ReadonlySet<string>): Scope;
  /** Whether the task runs on this host at all (run_once picks one). */
  participates(task: Task, host: string): boolean;
  /** The handlers that a notification means. */
  handlers(notify: string): readonly Task[];
  /** Where the journal of due handlers is kept; undefined when no root shell is in use on the host. */
  journal(host: string): LiveHost | undefined;
}

/** The name under which a handler is journalled and shown. */
export function handlerKey(handler: Task): string {
  return handler.role ? `${handler.role.name} : ${handler.name}` : handler.name;
}

/** How a task ended on a host, its loop put together. */
export interface TaskEnd {
  readonly status: TaskStatus;
  readonly ignored: boolean;
  readonly result: Record<string, unknown>;
  readonly facts: Record<string, unknown>;
}

/**
 * One host's way through a play. Reads run ahead in a window of tasks whose arguments are known already; what is
 * read is used only when nothing was written since, so results are those of one task after the other.
 */
export class HostPlay {
  readonly name: string;
  /** Keys of the handlers that are due. */
  readonly notified = new Set<string>();
  /** Keys of handlers that an earlier run notified and did not get to run. */
  readonly owed = new Set<string>();
  private readonly around: PlayAround;
  private readonly variables: HostVariables;
  private readonly prepared = new Map<number, Prepared>();
  private window = firstWindow;

  constructor(name: string, variables: HostVariables, around: PlayAround) {
    this.name = name;
    this.variables = variables;
    this.around = around;
  }

  /** Runs the task at an index of the play's list. */
  async runAt(index: number): Promise<TaskEnd> {
    const task = this.around.tasks[index];
    if (!task) throw new Error('bug: no such task');
    let ready = this.prepared.get(index);
    const fresh = ready?.items.every((item) => this.isFresh(ready, item)) ?? false;
    if (!fresh) {
      this.prepared.delete(index);
      this.prefetch(index, this.window);
      ready = this.prepared.get(index);
    }
    this.prepared.delete(index);
    const end = await this.run(task, ready, () => this.prefetch(index + 1, this.window));
    this.window =
      end.status === 'changed' ? Math.max(4, this.window >> 2) : Math.min(largestWindow, this.window + 4);
    return end;
  }

  /** Runs a handler, or what is on no list: prepared in its turn, nothing ahead of it. */
  async runAlone(task: Task, kind: 'handler' | 'task'): Promise<TaskEnd> {
    return this.run(task, undefined, () => {}, kind === 'handler');
  }

  /** Takes over the answer of a task that ran once for all hosts. */
  adopt(task: Task, end: TaskEnd): void {
    if (task.register) this.variables.set[task.register] = end.result;
    Object.assign(this.variables.set, end.facts);
    if (end.status === 'changed' || end.status === 'unknown') this.variables.unsure = true;
  }

  private isFresh(ready: Prepared | undefined, item: Prepared['items'][number]): boolean {
    return ready !== undefined && isFresh(this.around.fleet, ready.module, item);
  }

  /** Prepares the tasks of the window, as far as their arguments can be known now. */
  private prefetch(from: number, size: number): void {
    const pending = new Set<string>();
    for (let index = from; index < Math.min(this.around.tasks.length, from + size); index++) {
      const task = this.around.tasks[index];
      if (!task || task.module === 'meta' || !this.around.participates(task, this.name)) continue;
      let ready = this.prepared.get(index);
      if (!ready?.items.every((item) => this.isFresh(ready, item))) {
        this.prepared.delete(index);
        try {
          ready = prepareTask(this.around, task, this.around.scope(task, this.name, pending), this.name);
          this.prepared.set(index, ready);
        } catch {
          // Not known yet, or wrong: its own turn will tell.
          ready = undefined;
        }
      }
      if (task.register) pending.add(task.register);
      if (task.module === 'set_fact') for (const name of Object.keys(task.args)) pending.add(name);
      if (index > from && ready && surelyRuns(ready)) return;
    }
  }

  private async run(
    task: Task,
    ready: Prepared | undefined,
    sent: () => void,
    handler = false,
  ): Promise<TaskEnd> {
    const began = performance.now();
    const outcomes: { outcome: Outcome; item?: unknown; label?: string }[] = [];
    let prepared = ready;
    try {
      prepared ??= prepareTask(this.around, task, this.scope(task), this.name);
    } catch (error) {
      const outcome = failure(error, this.around.check && this.variables.unsure);
      this.tell(task, outcome, began, undefined, handler);
      return this.conclude(task, [{ outcome }], false);
    }
    const title = this.title(task);
    for (const item of prepared.items) {
      const start = outcomes.length === 0 ? began : performance.now();
      const outcome = await executeItem(this.around, task, item, this.aroundItem(task, title, sent));
      if (outcome.status === 'changed' || outcome.status === 'unknown' || outcome.unrun)
        this.variables.unsure = true;
      outcomes.push({ outcome, item: item.item, ...(item.label === undefined ? {} : { label: item.label }) });
      this.tell(task, outcome, start, item.label, handler, title);
      if (outcome.status === 'unreachable') break;
    }
    return this.conclude(task, outcomes, prepared.looped);
  }

  private aroundItem(task: Task, title: string, sent: () => void): Around {
    return {
      unsure: this.variables.unsure,
      sent,
      begin: () => this.around.emit({ event: 'begin', host: this.name, task: title, module: task.module }),
      beforeChange: async () => {
        const due = task.notify.flatMap((name) => this.around.handlers(name)).map(handlerKey);
        const journal = this.around.journal(this.name);
        const fresh = due.filter((key) => !this.notified.has(key));
        if (fresh.length > 0 && journal) await noteHandlers(journal, fresh);
      },
    };
  }

  private conclude(
    task: Task,
    outcomes: readonly { outcome: Outcome; item?: unknown; label?: string }[],
    looped: boolean,
  ): TaskEnd {
    const statuses = outcomes.map((entry) => entry.outcome.status);
    const worst = (['unreachable', 'failed', 'unknown', 'changed', 'ok'] as const).find((status) =>
      statuses.includes(status),
    );
    const status = worst ?? 'skipped';
    const single = outcomes[0]?.outcome.result ?? { changed: false, skipped: true };
    const result = looped
      ? {
          results: outcomes.map(({ outcome, item }) => ({
            ...outcome.result,
            item,
            ansible_loop_var: task.loopControl.loopVar,
          })),
          changed: statuses.includes('changed') || statuses.includes('unknown'),
          failed: status === 'failed',
          skipped: status === 'skipped',
          msg: status === 'failed' ? 'One or more items failed' : 'All items completed',
        }
      : single;
    const facts: Record<string, unknown> = {};
    for (const { outcome } of outcomes) Object.assign(facts, outcome.facts);
    if (task.register) this.variables.set[task.register] = result;
    if (task.module === 'setup')
      this.variables.facts = (facts.ansible_facts ?? facts) as Record<string, unknown>;
    else Object.assign(this.variables.set, facts);
    if (result.changed === true)
      for (const name of task.notify)
        for (const handler of this.around.handlers(name)) this.notified.add(handlerKey(handler));
    return {
      status,
      ignored: status === 'failed' && isYes(renderValue(task.ignoreErrors, this.scope(task))),
      result,
      facts,
    };
  }

  private scope(task: Task): Scope {
    return this.around.scope(task, this.name, new Set());
  }

  private title(task: Task): string {
    let { name } = task;
    try {
      if (isTemplate(name)) name = String(renderValue(name, this.scope(task)));
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
    }
    return task.role ? `${task.role.name} : ${name}` : name;
  }

  private tell(
    task: Task,
    outcome: Outcome,
    began: number,
    item: string | undefined,
    handler: boolean,
    title = task.role ? `${task.role.name} : ${task.name}` : task.name,
  ): void {
    const quiet = task.noLog !== undefined && isYes(renderValue(task.noLog, this.scope(task)));
    const ignored = outcome.status === 'failed' && isYes(renderValue(task.ignoreErrors, this.scope(task)));
    const event: RunEvent = {
      event: 'task',
      host: this.name,
      task: title,
      module: task.module,
      place: task.place,
      status: outcome.status,
      handler,
      ...(ignored ? { ignored } : {}),
      ...(item === undefined ? {} : { item: quiet ? masked : item }),
      ...(outcome.changes ? { changes: quiet ? hidden(outcome.changes) : outcome.changes.map(shown) } : {}),
      ...(outcome.message === undefined ? {} : { message: quiet ? masked : outcome.message }),
      ...(outcome.hint === undefined ? {} : { hint: outcome.hint }),
      seconds: (performance.now() - began) / 1000,
    };
    this.around.emit(mask(event));
  }
}

/** An action that will run and change the host makes everything read ahead of it stale. */
function surelyRuns(ready: Prepared): boolean {
  const { module } = ready;
  if (module.kind !== 'action' || module.effect !== 'changes' || module.settled) return false;
  return ready.items.some((item) => item.skipped === undefined);
}

function shown(change: Change): Change {
  const { from, to } = change;
  if (typeof from !== 'string' || typeof to !== 'string') return change;
  return { ...change, from: maskBefore(from, to) };
}

function hidden(changes: readonly Change[]): Change[] {
  return changes.map((change) => ({ what: change.what, from: masked, to: masked }));
}
