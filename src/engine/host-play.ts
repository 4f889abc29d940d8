import { TaskFailure } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Change } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { mask, maskBefore, masked } from '../secrets.ts';
import { isTemplate, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';
import type { Emit, RunEvent, TaskStatus } from './events.ts';
import { type Around, executeItem, failure, type Outcome } from './execute.ts';
import { clearHandlers, noteHandlers } from './journal.ts';
import { isFresh, isYes, type Prepared, type PrepareRun, prepareTask } from './prepare.ts';
import type { HostVariables } from './variables.ts';

const firstWindow = 16;
const largestWindow = 512;

/** What a host's way through a play needs from the play. */
export interface PlayAround extends PrepareRun {
  readonly tasks: readonly Task[];
  readonly emit: Emit;
  /** How many tasks are looked at ahead at most. */
  readonly window?: number;
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

/** Whether its host takes no further part after a task that ended so. */
export function isStopped(end: TaskEnd): boolean {
  return end.status === 'unreachable' || (end.status === 'failed' && !end.ignored);
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
  private readonly around: PlayAround;
  private readonly variables: HostVariables;
  private readonly prepared = new Map<number, Prepared>();
  private readonly largest: number;
  private window: number;
  /** Keys of handlers that this run has noted in the host's journal. */
  private readonly noted = new Set<string>();

  constructor(name: string, variables: HostVariables, around: PlayAround) {
    this.name = name;
    this.variables = variables;
    this.around = around;
    this.largest = around.window ?? largestWindow;
    this.window = Math.min(firstWindow, this.largest);
  }

  /** Keys of handlers that an earlier run notified and did not get to run. */
  get owed(): Set<string> {
    return this.around.fleet.pending(this.name);
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
    const end = await this.run(task, ready, () => this.prefetch(index + 1, this.window, task));
    const next = end.status === 'changed' ? Math.max(4, this.window >> 2) : this.window + 4;
    this.window = Math.min(this.largest, next);
    return end;
  }

  /** Runs a task that is on no list: prepared in its turn, nothing ahead of it. */
  async runAlone(task: Task): Promise<TaskEnd> {
    return this.run(task, undefined, () => {});
  }

  /** Runs a handler that is due. It stays due when it fails. */
  async runHandler(handler: Task): Promise<TaskEnd> {
    const began = performance.now();
    const end = await this.run(handler, undefined, () => {}, true);
    this.forgetAhead();
    if (isStopped(end)) return end;
    try {
      await this.handled(handler);
      return end;
    } catch (error) {
      const outcome = failure(error, false);
      this.tell(handler, outcome, began, this.scope(handler), true);
      return this.conclude(handler, [{ outcome }], false);
    }
  }

  /** A handler is due no more: it is taken off the journal too. */
  async handled(handler: Task): Promise<void> {
    const key = handlerKey(handler);
    this.notified.delete(key);
    const [noted, owed] = [this.noted.delete(key), this.owed.delete(key)];
    const journal = noted || owed ? this.around.journal(this.name) : undefined;
    if (journal && !this.around.check) await clearHandlers(journal, [key]);
  }

  /** Drops what was prepared ahead, after a change that the host's epoch does not show. */
  forgetAhead(): void {
    this.prepared.clear();
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

  /**
   * Prepares the tasks of the window, as far as their arguments can be known now.
   * @param underWay a task before them that has not ended yet
   */
  private prefetch(from: number, size: number, underWay?: Task): void {
    const pending = new Set<string>(underWay?.register ? [underWay.register] : []);
    for (let index = from; index < Math.min(this.around.tasks.length, from + size); index++) {
      const task = this.around.tasks[index];
      if (!task || task.module === 'meta') continue;
      let ready = this.prepared.get(index);
      const takesPart = this.around.participates(task, this.name);
      if (takesPart && !ready?.items.every((item) => this.isFresh(ready, item))) {
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
      if (setsUnforeseen(task) || (index > from && ready && surelyRuns(ready))) return;
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
      this.tell(task, outcome, began, this.scope(task), handler);
      return this.conclude(task, [{ outcome }], false);
    }
    const title = this.title(task);
    const noted: string[] = [];
    if (prepared.items.length === 0) {
      const outcome: Outcome = { status: 'skipped', message: 'nothing to loop over', result: {} };
      this.tell(task, outcome, began, this.scope(task), handler, { title });
    }
    for (const item of prepared.items) {
      const start = outcomes.length === 0 ? began : performance.now();
      const outcome = await executeItem(this.around, task, item, this.aroundItem(task, title, sent, noted));
      if (outcome.status === 'changed' || outcome.status === 'unknown' || outcome.unrun)
        this.variables.unsure = true;
      outcomes.push({ outcome, item: item.item, ...(item.label === undefined ? {} : { label: item.label }) });
      this.tell(task, outcome, start, item.scope, handler, { title, item: item.label });
      if (outcome.status === 'unreachable') break;
    }
    const end = this.conclude(task, outcomes, prepared.looped);
    if (end.status === 'ok') await this.unnote(noted);
    return end;
  }

  private aroundItem(task: Task, title: string, sent: () => void, noted: string[]): Around {
    return {
      unsure: this.variables.unsure,
      sent,
      begin: () => this.around.emit({ event: 'begin', host: this.name, task: title, module: task.module }),
      beforeChange: async () => {
        const due = task.notify.flatMap((name) => this.around.handlers(name)).map(handlerKey);
        const journal = this.around.journal(this.name);
        const fresh = [...new Set(due)].filter((key) => !this.noted.has(key) && !this.owed.has(key));
        if (fresh.length === 0 || !journal) return;
        noted.push(...fresh);
        for (const key of fresh) this.noted.add(key);
        await noteHandlers(journal, fresh);
      },
    };
  }

  /** Takes handlers off the journal that were noted for a change that turned out to be none. */
  private async unnote(noted: readonly string[]): Promise<void> {
    const journal = this.around.journal(this.name);
    const keys = noted.filter((key) => !this.notified.has(key));
    if (keys.length === 0 || !journal) return;
    for (const key of keys) this.noted.delete(key);
    // A host that is lost here is found to be lost by its next task; what stays noted runs once too often.
    await clearHandlers(journal, keys).catch(() => {});
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
      ignored: status === 'failed' && isSet(task.ignoreErrors, this.scope(task), false),
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
    scope: Scope,
    handler: boolean,
    { title = handlerKey(task), item }: { title?: string; item?: string | undefined } = {},
  ): void {
    const quiet = isSet(task.noLog, scope, true);
    const ignored = outcome.status === 'failed' && isSet(task.ignoreErrors, scope, false);
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
      ...(outcome.hint === undefined || quiet ? {} : { hint: outcome.hint }),
      seconds: (performance.now() - began) / 1000,
    };
    this.around.emit(mask(event));
  }
}

/** Whether a keyword that may hold a template is set; one that cannot be rendered is on the safe side. */
function isSet(keyword: unknown, scope: Scope, safe: boolean): boolean {
  try {
    return isYes(renderValue(keyword, scope));
  } catch {
    return safe;
  }
}

/** It sets variables whose names cannot be told before it has run: those of tasks after it are not known yet. */
function setsUnforeseen(task: Task): boolean {
  return (
    task.module === 'setup' ||
    (task.module === 'set_fact' && Object.keys(task.args).some((name) => name.includes('{{')))
  );
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
