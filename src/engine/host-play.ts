import { TaskFailure } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Scope } from '../template/scope.ts';
import { type Candidate, type Following, following, type Head } from './ahead.ts';
import { Course } from './course.ts';
import { DueHandlers } from './due.ts';
import { endOf, isIgnored, isStopped, type Round, type TaskEnd } from './ends.ts';
import type { Emit } from './events.ts';
import { Guarded, type Guards } from './guarded.ts';
import type { HostVariables } from './host-variables.ts';
import type { askedBy } from './includes.ts';
import { failure, type Outcome } from './outcome.ts';
import type { Prepared, PreparedItem, PrepareRun } from './prepare.ts';
import type { Entry, Program } from './program.ts';
import { runTask } from './running.ts';
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
  /** Whether changes may travel before and behind the task, where it stands. */
  travels(entry: Entry): boolean;
  /** Other hosts take part, task by task: what one skips another may do. */
  readonly isShared: boolean;
  /** How often it was asked which hosts take part: what asks for that changes with their failures. */
  presenceAsked(): number;
  /** The handlers that a notification means. */
  handlers(notification: string): readonly Entry[];
  /** Where the journal of due handlers is kept; undefined when no root shell is in use on the host. */
  journal(host: string): LiveHost | undefined;
  /** A host joins the inventory, or groups of it. Whether that was news. */
  grow(entry: Entry, joins: NonNullable<Outcome['joins']>): boolean;
  readonly guards: Guards;
  /** No host goes on: the playbook is wrong. */
  stopRun(): void;
  /** The host has looked at all that is left of the play. */
  saw(host: string): void;
  /** What was looked at ahead may have become another. */
  forgot(): void;
  /** Keeps what a task answered, on each host that it is for. */
  learn(entry: Entry, host: string, end: TaskEnd): void;
}

/** One host's way through a play. */
export class HostPlay {
  readonly name: string;
  readonly variables: HostVariables;
  readonly course: Course;
  readonly handlers: DueHandlers;
  readonly guarded: Guarded;
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
    this.guarded = new Guarded(around.fleet, around.guards, name);
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
    if (this.window.hasAhead(entry)) await this.window.landed(entry);
    const ready = this.window.take(index, entry);
    const end = await runTask(this, this.around, entry, ready, () => {
      this.window.prefetch(index + 1, entry);
    });
    this.window.adapt(entry, end);
    return end;
  }

  /**
   * Asks what its first tasks will ask.
   * @param expected variables that earlier plays are yet to set
   * @returns whether these are all of its tasks
   */
  lookAhead(expected: ReadonlySet<string>): boolean {
    return this.window.prefetch(0, undefined, expected);
  }

  /** Whether the task, or a round of it, was done before its turn. */
  isAhead(entry: Entry): Promise<boolean> {
    return this.window.landed(entry);
  }

  /** Whether a change of the task was sent before its turn, and nobody knows what became of it. */
  isUnknown(entry: Entry): Promise<boolean> {
    return this.window.isUnknown(entry);
  }

  /** What can travel behind a change: rounds of its own task, then the tasks behind it. */
  following(entry: Entry, head: Head, prepared: Prepared, index: number): Following | undefined {
    if (this.around.check || this.window.isOff || prepared.isShared) return undefined;
    if (!this.#travels(entry) || this.guarded.arms(head.module, head.item, head.changes)) return undefined;
    const found = following(this.around, head, this.#behind(entry, prepared, index));
    if (found) this.window.leads(entry);
    return found;
  }

  *#behind(entry: Entry, { items, module }: Prepared, index: number): Generator<Candidate> {
    if (module.kind !== 'state') return;
    for (const item of items.slice(index + 1)) {
      if (!item) return;
      if (item.skipped === undefined) yield this.#candidate(module, item);
    }
    const ran = new Map(this.ran);
    const remember = ({ task: { role } }: Entry): boolean => {
      if (role?.once === undefined) return true;
      if (!ran.has(role.once)) ran.set(role.once, role);
      return ran.get(role.once) === role;
    };
    remember(entry);
    for (const [other, prepared] of this.window.behind(this.next)) {
      const { module } = prepared;
      if (!remember(other) || !this.#travels(other) || prepared.isShared) return;
      const skipped = prepared.items.every((item) => item?.skipped !== undefined);
      if (skipped && !this.around.isShared) continue;
      if (module.kind !== 'state' || !module.achieved) return;
      for (const item of prepared.items) {
        if (!item) return;
        if (item.skipped === undefined) yield this.#candidate(module, item);
      }
    }
  }

  #travels(entry: Entry): boolean {
    const { notify } = entry.task;
    return (
      this.around.travels(entry) &&
      notify.every((name) => name.includes('{{') || this.around.handlers(name).length > 0)
    );
  }

  #candidate(module: Candidate['module'], item: PreparedItem): Candidate {
    return {
      module,
      item,
      note: (taken) => {
        const handlers = item.notify.map((name) => this.around.handlers(name));
        if (!item.host || handlers.some((found) => found.length === 0)) return undefined;
        return this.handlers.travelling(handlers.flat(), item.host, taken);
      },
      alone: (changes) => this.guarded.arms(module, item, changes),
    };
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
    const end = await runTask(this, this.around, entry, undefined, () => {}, true);
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
    this.around.forgot();
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

  /** One round as it ended. */
  roundOf(entry: Entry, outcome: Outcome, scope: Scope, item?: PreparedItem): Round {
    return {
      outcome,
      values: {},
      ignored: isIgnored(entry.task, outcome, scope),
      notify: item?.notify ?? [],
      ...(item?.delegate === undefined ? {} : { delegate: item.delegate }),
    };
  }

  /** Puts the rounds together, keeps what they answered, and notifies. */
  concluded(entry: Entry, rounds: readonly Round[], looped: boolean): TaskEnd {
    const end = endOf(rounds, looped);
    const { role } = entry.task;
    if (role?.once !== undefined && end.status !== 'skipped' && !this.ran.has(role.once))
      this.ran.set(role.once, role);
    const unsure = rounds.some(({ outcome }) => outcome.unrun);
    if (end.status === 'changed' || end.status === 'unforeseen' || unsure || end.result.changed === true)
      this.variables.unsure = true;
    this.around.learn(entry, this.name, end);
    if (end.status !== 'changed' && end.status !== 'unforeseen') return end;
    for (const name of new Set(rounds.flatMap(({ notify }) => notify))) {
      const found = this.around.handlers(name);
      if (found.length === 0) {
        // As in Ansible the playbook is wrong, whatever rescues or ignores failures here.
        this.around.stopRun();
        const failed = this.fails(entry, unknownHandler(name), performance.now());
        return { ...failed, ignored: false, unrescued: true };
      }
      for (const handler of found) this.handlers.due.add(handler);
    }
    return end;
  }
}

function unknownHandler(name: string): TaskFailure {
  return new TaskFailure(
    `the requested handler '${name}' was not found: no handler has that name or listens to it`,
    'Handlers of a role are known from the play in which the role is used or included.',
  );
}
