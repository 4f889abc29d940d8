import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Task } from '../playbook/contract.ts';
import type { Scope } from '../template/scope.ts';
import { holds, numberOf } from './conditions.ts';
import { Course } from './course.ts';
import { DueHandlers } from './due.ts';
import { endOf, isIgnored, isStopped, type Round, type TaskEnd } from './ends.ts';
import type { Emit } from './events.ts';
import { type Around, executeItem, failure, type Outcome } from './execute.ts';
import type { HostVariables } from './host-variables.ts';
import type { askedBy } from './includes.ts';
import { judged } from './judge.ts';
import { labelOf, roundScope, roundValues } from './loops.ts';
import { type Prepared, type PreparedItem, type PrepareRun, prepareItem, prepareTask } from './prepare.ts';
import type { Entry, Program } from './program.ts';
import { nameOf, taskEvent, titleOf } from './telling.ts';
import { Window } from './window.ts';

/** What a host's way through a play needs from the play. */
export interface PlayAround extends PrepareRun {
  readonly emit: Emit;
  /** How many tasks are looked at ahead at most. */
  readonly window?: number;
  scope(entry: Entry, host: string, pending?: ReadonlySet<string>): Scope;
  /** Whether the task runs on this host at all, where it stands in its blocks aside (run_once picks one). */
  participates(entry: Entry, host: string): boolean;
  /** What an include brings in, if that can be known already; undefined if not. */
  foresee(entry: Entry, host: string, pending: ReadonlySet<string>): readonly Entry[] | undefined;
  /** The handlers that a notification means. */
  handlers(notification: string): readonly Entry[];
  /** Where the journal of due handlers is kept; undefined when no root shell is in use on the host. */
  journal(host: string): LiveHost | undefined;
  /** A host joins the inventory, or groups of it. Whether that was news. */
  grow(entry: Entry, joins: NonNullable<Outcome['joins']>): boolean;
  /** Keeps what a task answered, on each host that it is for. */
  learn(entry: Entry, host: string, end: TaskEnd): void;
}

/** One host's way through a play. */
export class HostPlay {
  readonly name: string;
  readonly variables: HostVariables;
  readonly course: Course;
  readonly handlers: DueHandlers;
  /** The first task that it has not been at yet. */
  next = 0;
  /** It failed, but with force_handlers goes on to the end of its section. */
  forced = false;
  /** By Role.once, the asking for a role whose tasks ran. */
  readonly ran = new Map<string, unknown>();
  private readonly around: PlayAround;
  private readonly window: Window;

  constructor(name: string, variables: HostVariables, around: PlayAround, program: Program) {
    this.name = name;
    this.variables = variables;
    this.around = around;
    this.course = new Course((block, part) => program.has(block, part));
    this.window = new Window(this, program, around);
    this.handlers = new DueHandlers({
      check: around.check,
      host: () => around.journal(name),
      owed: () => around.fleet.pending(name),
    });
  }

  scope(entry: Entry, pending?: ReadonlySet<string>): Scope {
    return this.around.scope(entry, this.name, pending);
  }

  /** Runs the task at an index of the program. */
  async runAt(index: number, entry: Entry): Promise<TaskEnd> {
    const ready = this.window.take(index, entry);
    const end = await this.run(entry, ready, () => this.window.prefetch(index + 1, entry));
    this.window.adapt(end);
    return end;
  }

  /**
   * Runs a handler that is due. It stays in the journal when it fails.
   * @param inside the handler where it is flushed
   */
  async runHandler(handler: Entry, inside: Entry): Promise<TaskEnd> {
    const began = performance.now();
    const end = await this.runIncludedHandler(inside);
    this.handlers.due.delete(handler);
    if (isStopped(end)) return end;
    try {
      await this.handlers.handled(handler);
      return end;
    } catch (error) {
      const outcome = failure(error, false);
      this.tell(inside, outcome, this.scope(inside), { began, handler: true });
      return this.concluded(inside, [this.roundOf(inside, outcome, this.scope(inside))], false);
    }
  }

  /** Runs a task that a handler includes. */
  async runIncludedHandler(entry: Entry): Promise<TaskEnd> {
    const end = await this.run(entry, undefined, () => {}, true);
    this.forgetAhead();
    return end;
  }

  title(entry: Entry): string {
    return titleOf(entry.task, this.scope(entry));
  }

  nameOf(entry: Entry): string {
    return nameOf(entry.task, this.scope(entry));
  }

  failureOf(error: unknown): Outcome {
    return failure(error, this.around.check && this.variables.unsure);
  }

  /** What an include asked for and got, round after round. */
  concludedInclude(
    entry: Entry,
    outcomes: readonly Outcome[],
    { rounds, asked }: ReturnType<typeof askedBy>,
  ): TaskEnd {
    const scope = this.scope(entry);
    const all = outcomes.map((outcome, index) => ({
      ...this.roundOf(entry, outcome, scope),
      values: asked[index]?.loop ?? {},
    }));
    return this.concluded(entry, all, rounds.looped);
  }

  /** Drops what was prepared ahead, after a change that the host's epoch does not show. */
  forgetAhead(): void {
    this.window.clear();
  }

  /** A failure of the task as a whole: of a condition of `meta`, or of what is included. */
  fails(entry: Entry, error: unknown, began: number, handler = false): TaskEnd {
    const scope = this.scope(entry);
    const outcome = this.failureOf(error);
    this.tell(entry, outcome, scope, { began, handler });
    return this.concluded(entry, [this.roundOf(entry, outcome, scope)], false);
  }

  tell(
    entry: Entry,
    outcome: Outcome,
    scope: Scope,
    more: { began: number; handler?: boolean; item?: string | undefined; title?: string },
  ): void {
    const { task, frames } = entry;
    const ignored = isIgnored(task, outcome, scope);
    const event = taskEvent(task, outcome, scope, {
      host: this.name,
      title: more.title ?? this.title(entry),
      handler: more.handler ?? false,
      item: more.item,
      began: more.began,
      ignored,
      rescued: outcome.status === 'failed' && !ignored && this.course.isRescued(frames),
    });
    this.around.emit(event);
  }

  private async run(
    entry: Entry,
    ready: Prepared | undefined,
    sent: () => void,
    handler = false,
  ): Promise<TaskEnd> {
    const { task } = entry;
    const began = performance.now();
    let prepared = ready;
    try {
      prepared ??= prepareTask(this.around, entry, (pending) => this.scope(entry, pending), this.name);
    } catch (error) {
      return this.fails(entry, error, began, handler);
    }
    const { module, rounds: going } = prepared;
    const base = this.scope(entry);
    const title = titleOf(task, base);
    if (going.values.length === 0) {
      const outcome: Outcome = { status: 'skipped', message: 'nothing to loop over', result: {} };
      this.tell(entry, outcome, base, { began, handler, title });
      return this.concluded(entry, [], true);
    }
    this.warnOfLoopVariable(entry, base, going.looped);
    const pause = going.looped ? (numberOf(task.loopControl.pause, base) ?? 0) : 0;
    const noted: string[] = [];
    const rounds: Round[] = [];
    let seen: Record<string, unknown> = {};
    for (const [index] of going.values.entries()) {
      const start = index === 0 ? began : performance.now();
      if (index > 0 && pause > 0) await sleep(pause * 1000);
      const scope = index === 0 ? base : base.with(seen, 'register');
      const own = roundScope(task, scope, going, index);
      let item = prepared.items[index];
      let outcome: Outcome;
      try {
        item ??= prepareItem(this.around, entry, module, scope, going, index, this.name);
        // What was prepared ahead saw what was known then.
        item = { ...item, scope: own };
        outcome = await executeItem(
          this.around,
          task,
          item,
          this.aroundItem(entry, title, item, sent, noted),
        );
        outcome = this.joined(entry, item, outcome);
      } catch (error) {
        outcome = this.failureOf(error);
      }
      const values = going.looped ? roundValues(task, own, going.values, index) : {};
      const round = { ...this.roundOf(entry, outcome, own, item), values };
      rounds.push(round);
      this.tell(entry, outcome, own, {
        began: start,
        handler,
        title,
        item: going.looped ? (item?.label ?? labelFor(task, own)) : undefined,
      });
      if (outcome.status === 'unreachable' && !round.ignored) break;
      seen = { ...seen, ...outcome.variables, ...(task.register ? { [task.register]: outcome.result } : {}) };
      if (going.looped && this.breaks(entry, own.with(seen, 'register'))) break;
    }
    const end = this.concluded(entry, rounds, going.looped);
    if (end.status === 'ok') await this.handlers.unnote(noted);
    return end;
  }

  private roundOf(entry: Entry, outcome: Outcome, scope: Scope, item?: PreparedItem): Round {
    return {
      outcome,
      values: {},
      ignored: isIgnored(entry.task, outcome, scope),
      notify: item?.notify ?? [],
      ...(item?.delegate === undefined ? {} : { delegate: item.delegate }),
    };
  }

  private aroundItem(
    { task }: Entry,
    title: string,
    item: PreparedItem,
    sent: () => void,
    noted: string[],
  ): Around {
    return {
      unsure: this.variables.unsure,
      sent,
      begin: () => this.around.emit({ event: 'begin', host: this.name, task: title, module: task.module }),
      beforeChange: () =>
        this.handlers.note(
          item.notify.flatMap((name) => this.around.handlers(name)),
          (keys) => noted.push(...keys),
        ),
      again: (attempt, retries) =>
        this.around.say(this.name, `${title}: attempt ${attempt} failed, ${retries - attempt + 1} left`),
    };
  }

  /** A host that joined makes the task changed when that is news; what judges it does so again. */
  private joined(entry: Entry, item: PreparedItem, outcome: Outcome): Outcome {
    if (!outcome.joins || outcome.status === 'failed') return outcome;
    const changed = this.around.grow(entry, outcome.joins);
    const grown: Outcome = {
      ...outcome,
      status: changed ? 'changed' : 'ok',
      result: { ...outcome.result, changed },
    };
    return judged(entry.task, item, grown);
  }

  private breaks({ task }: Entry, scope: Scope): boolean {
    const { breakWhen = [] } = task.loopControl;
    return breakWhen.length > 0 && holds(breakWhen, scope);
  }

  private warnOfLoopVariable({ task }: Entry, scope: Scope, looped: boolean): void {
    const { loopVar } = task.loopControl;
    if (!looped || !scope.has(loopVar)) return;
    this.around.warn(
      this.name,
      `the loop variable ${loopVar} is already in use; give another one in loop_control: loop_var`,
    );
  }

  /** Puts the rounds together, keeps what they answered, and notifies. */
  private concluded(entry: Entry, rounds: readonly Round[], looped: boolean): TaskEnd {
    const end = endOf(rounds, looped);
    const { role } = entry.task;
    if (role?.once !== undefined && end.status !== 'skipped' && !this.ran.has(role.once))
      this.ran.set(role.once, role);
    const unsure = rounds.some(({ outcome }) => outcome.unrun);
    if (end.status === 'changed' || end.status === 'unknown' || unsure || end.result.changed === true)
      this.variables.unsure = true;
    this.around.learn(entry, this.name, end);
    if (end.status !== 'changed' && end.status !== 'unknown') return end;
    for (const name of new Set(rounds.flatMap(({ notify }) => notify))) {
      const found = this.around.handlers(name);
      if (found.length === 0) return this.fails(entry, unknownHandler(name), performance.now());
      for (const handler of found) this.handlers.due.add(handler);
    }
    return end;
  }
}

/** Of an item that could not be prepared: it has its label all the same, if that can be told. */
function labelFor(task: Task, scope: Scope): string {
  try {
    return labelOf(task, scope);
  } catch {
    return '';
  }
}

function unknownHandler(name: string): TaskFailure {
  return new TaskFailure(
    `the requested handler '${name}' was not found: no handler has that name or listens to it`,
    'Handlers of a role are known from the play in which the role is used or included.',
  );
}
