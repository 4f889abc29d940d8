import { TaskFailure } from '../errors.ts';
import type { Task } from '../playbook/contract.ts';
import { travels } from './ahead.ts';
import { grow, learn } from './answers.ts';
import type { Batch } from './batch.ts';
import { isSet } from './conditions.ts';
import { count, isLost, isStopped, type TaskEnd } from './ends.ts';
import { flushHandlers } from './flush.ts';
import { HostPlay, type PlayAround } from './host-play.ts';
import { foreseen, include } from './including.ts';
import { playbookDirectory } from './magic.ts';
import { runMeta } from './meta.ts';
import type { Entry, Program } from './program.ts';
import { takeTurn } from './turn.ts';
import { taskScope } from './variables.ts';

/** Hosts that go through a program side by side: task after task, all at the same (Ansible's linear strategy). */
export class Walk {
  readonly batch: Batch;
  readonly program: Program;
  readonly hosts: readonly HostPlay[];
  /** `meta: clear_host_errors` brought hosts back that have tasks left. */
  revived = false;
  readonly #byName: ReadonlyMap<string, HostPlay>;
  readonly #known = new Set<HostPlay>();
  readonly #names: readonly string[];

  constructor(batch: Batch, program: Program, names: readonly string[]) {
    this.batch = batch;
    this.program = program;
    this.#names = names;
    const around = this.#around();
    this.hosts = names.map((name) => {
      const variables = batch.run.variables.hosts.get(name);
      if (!variables) throw new Error(`bug: no variables for ${name}`);
      return new HostPlay(name, variables, around, program);
    });
    this.#byName = new Map(this.hosts.map((host) => [host.name, host]));
  }

  async go(): Promise<void> {
    do {
      this.revived = false;
      for (let index = 0; index < this.program.length && this.goesOn(); index++) await this.#step(index);
      if (this.batch.run.signal.aborted) await this.#tellWhatIsDone();
    } while (this.revived && this.goesOn());
    for (const { course } of this.hosts) course.takes([]);
    this.settle();
    // What an earlier run owes comes last: only now is everything there that its handlers may need.
    for (const { handlers } of this.living())
      for (const key of handlers.owed) {
        const owed = this.batch.handlers.owed(key);
        if (owed) handlers.due.add(owed);
      }
    if (this.goesOn()) await flushHandlers(this, this.living(), []);
    await Promise.all(this.hosts.map((host) => this.conclude(host)));
    this.settle();
  }

  /**
   * Confirms a host's guarded changes when they are complete. A host whose changes were put back fails, whatever rescues or
   * ignores failures.
   * @param end of the task or handler; none: of the play
   */
  async conclude(host: HostPlay, end?: TaskEnd): Promise<void> {
    const { run } = this.batch;
    if (run.signal.aborted) {
      const seconds = host.guarded.abandon();
      if (seconds !== undefined)
        this.batch.warn(
          `what was not confirmed is put back by the host itself within ${seconds} s`,
          host.name,
        );
      return;
    }
    const began = performance.now();
    const say = (line: string) => run.emit({ event: 'output', host: host.name, line });
    const concluded = await host.guarded.conclude(host.handlers.due, end, { say, signal: run.signal });
    if (concluded?.why === undefined) return;
    host.forgetAhead();
    if (host.course.state === 'failed' || host.course.state === 'unreachable')
      return this.batch.warn(concluded.why, host.name);
    // One that ended its play before its handlers ran fails after all.
    this.#known.delete(host);
    const { task } = concluded.entry;
    const entry = { ...concluded.entry, task: plainly(task), frames: [] };
    const failure = new TaskFailure(concluded.why, concluded.hint);
    this.ended(host, entry, host.fails(entry, failure, began));
  }

  /** Several hosts go side by side here. */
  get isShared(): boolean {
    return this.#names.length > 1;
  }

  goesOn(): boolean {
    const { run, state } = this.batch;
    return !run.signal.aborted && !state.stopped && this.hosts.some((host) => this.isPresent(host));
  }

  living(): HostPlay[] {
    return this.hosts.filter(({ course }) => course.state === 'running');
  }

  /** Whether a host is still under way; one that failed may be until its section's handlers have run. */
  isPresent({ course, forced }: HostPlay): boolean {
    return course.state === 'running' || forced;
  }

  /** Counts how a task ended, and takes its host to where that leads. */
  ended(host: HostPlay, entry: Entry, end: TaskEnd): void {
    const { frames } = entry;
    const { recaps } = this.batch.state;
    const recap = recaps[host.name];
    const stopped = isStopped(end);
    const rescued = stopped && end.status === 'failed' && host.course.isRescued(frames);
    // Ansible counts an include of what cannot be read as failed, rescued or not.
    if (recap) count(recap, end, rescued && !end.unrescued);
    if (rescued) this.#remember(host, entry, end);
    if (end.status !== 'ok' && end.status !== 'skipped') this.batch.state.coming.end();
    if (!stopped) {
      if (isLost(end)) void this.batch.run.fleet.reset(host.name);
      return;
    }
    if (isLost(end) || end.status === 'interrupted') host.course.lose();
    else host.course.fail(frames);
    this.settle();
  }

  /** A host fails for what happened on another. */
  failToo(host: HostPlay, { frames }: Entry): void {
    if (host.course.state === 'running') host.course.fail(host.course.common(frames));
    this.settle();
  }

  /** What a rescue is told of the failure. */
  #remember(host: HostPlay, entry: Entry, end: TaskEnd): void {
    const { module, args, register, tags } = entry.task;
    const { variables } = host;
    const name = host.nameOf(entry);
    variables.set.ansible_failed_task = { name, action: module, args, register: register ?? null, tags };
    variables.set.ansible_failed_result = end.result;
    host.forgetAhead();
  }

  /** Notes hosts that take no further part. */
  settle(): void {
    const { state, forcesHandlers } = this.batch;
    for (const host of this.hosts) {
      const { course, name } = host;
      if (course.state === 'running' || this.#known.has(host)) continue;
      this.#known.add(host);
      if (course.state === 'failed') {
        state.failed.add(name);
        host.forced = forcesHandlers;
      }
      if (course.state === 'unreachable') state.lost.add(name);
      // Others may have read who takes part.
      this.forgetAhead();
    }
  }

  /** They are part of it again. */
  revive(): void {
    for (const host of this.hosts) {
      if (host.course.state === 'unreachable') this.revived = true;
      host.course.clear();
      this.#known.delete(host);
    }
  }

  forgetAhead(): void {
    for (const host of this.batch.hosts) host.forgetAhead();
  }

  /** Interrupted: changes that were made before their turn are told all the same. */
  async #tellWhatIsDone(): Promise<void> {
    await Promise.all(
      this.living().map(async (host) => {
        for (let entry = this.program.at(host.next); entry; entry = this.program.at(host.next)) {
          const index = host.next++;
          if (!host.course.foresees(entry.frames) || !(await host.isAhead(entry))) continue;
          this.ended(host, entry, await host.runAt(index, entry));
        }
      }),
    );
  }

  /** A host was lost: changes that were sent before their turn, and whose end nobody knows, are told too. */
  async tellUnknown(host: HostPlay, from: number): Promise<void> {
    if (host.course.state === 'running') return;
    for (let index = from, entry = this.program.at(index); entry; entry = this.program.at(++index))
      if (await host.isUnknown(entry)) this.ended(host, entry, await host.runAt(index, entry));
  }

  async #step(index: number): Promise<void> {
    const entry = this.program.at(index);
    if (!entry) return;
    const here = this.hosts.filter((host) => host.next === index && this.isPresent(host));
    const taking = here.filter((host) => this.#takes(host, entry));
    for (const host of here) host.next = index + 1;
    this.settle();
    if (taking.length === 0) return;
    if (entry.task.module === 'meta') await runMeta(this, entry, taking, index);
    else if (!(await this.#confirmed(entry, taking))) return;
    else if (entry.task.include) this.#insert(index + 1, await include(this, entry, taking));
    else await takeTurn(this, entry, taking, index);
    if (this.batch.endsSection(entry)) for (const host of this.hosts) host.forced = false;
  }

  #insert(index: number, entries: readonly Entry[]): void {
    this.program.insert(index, entries);
    // Those that end_role took further ahead.
    for (const host of this.hosts) if (host.next > index) host.next += entries.length;
  }

  #takes(host: HostPlay, entry: Entry): boolean {
    const stands = host.course.takes(entry.frames);
    if (host.course.state === 'failed') return host.forced && this.batch.endsSection(entry);
    const { role } = entry.task;
    const again = role?.once !== undefined && host.ran.has(role.once) && host.ran.get(role.once) !== role;
    return stands && !again && (entry.hosts?.has(host.name) ?? true);
  }

  async #confirmed(entry: Entry, [first]: readonly HostPlay[]): Promise<boolean> {
    const { run, state } = this.batch;
    if (!state.stepping || !run.confirm || !first) return true;
    const answer = await run.confirm(first.title(entry));
    run.fleet.renewAll();
    if (answer === 'continue') state.stepping = false;
    return answer !== 'no';
  }

  #around(): PlayAround {
    const { batch } = this;
    const { run, state } = batch;
    const { variables, fleet } = run;
    return {
      fleet,
      check: variables.check,
      verbosity: run.verbosity,
      stateDirectory: variables.inventory.stateDirectory,
      playbookDirectory: playbookDirectory(variables, batch.play),
      modules: state.modules,
      jobs: state.jobs,
      guards: state.guards,
      emit: run.emit,
      ...(run.window === undefined ? {} : { window: run.window }),
      ...(run.prompt ? { prompt: run.prompt } : {}),
      warn: (host, message) => batch.warn(message, host),
      say: (host, line, task) =>
        run.emit({ event: 'output', host, line, ...(task === undefined ? {} : { task, message: true }) }),
      scope: (entry, host, pending) => taskScope(variables, batch.variables, entry, host, pending),
      travels: ({ task }) => !state.stepping && travels(task, batch.play, !this.isShared),
      isShared: this.isShared,
      presenceAsked: () => batch.presenceAsked,
      participates: ({ task }, host) =>
        batch.isFree || task.runOnce !== true || host === this.living()[0]?.name,
      foresee: (entry, host, pending) => foreseen(this, entry, host, pending),
      handlers: (notification) => batch.handlers.find(notification),
      journal: (host) => (fleet.hasRoot(host) ? fleet.host(host, { user: 'root' }) : undefined),
      stopRun: () => {
        state.stopped = true;
      },
      grow: ({ task }, joins) => {
        const news = grow(variables, task, joins);
        if (news) this.forgetAhead();
        return news;
      },
      saw: (host) => batch.saw(host),
      forgot: () => state.coming.forget(),
      learn: (entry, host, end) => this.#learn(entry, host, end),
    };
  }

  #learn(entry: Entry, name: string, end: TaskEnd): void {
    const { batch } = this;
    const { state } = batch;
    const { task } = entry;
    const own = this.#byName.get(name);
    if (!own) return;
    const scope = () => own.scope(entry);
    const all = !batch.isFree && isSet(task.runOnce, scope, false);
    const hosts = all ? this.hosts.filter(({ course }) => course.state !== 'unreachable') : [];
    const names = all ? hosts.map((host) => host.name) : [name];
    const delegated = task.delegateTo !== undefined && isSet(task.delegateFacts, scope, false);
    const unforeseen = learn(batch.run.variables, task, end, names, delegated);
    if (end.status === 'changed' || end.status === 'unforeseen')
      for (const host of hosts) host.variables.unsure = true;
    for (const { outcome } of end.status === 'failed' ? [] : end.rounds)
      if (outcome.statistics) state.gathered.add(outcome.statistics, names);
    state.coming.learned(namesIn(end, task));
    if (!unforeseen) return;
    if (all || delegated) this.forgetAhead();
    else own.forgetAhead();
  }
}

/** The variables that a task set. */
function namesIn({ rounds }: TaskEnd, { register }: Task): string[] {
  const names = rounds.flatMap(({ outcome }) => Object.keys(outcome.variables ?? {}));
  return register === undefined ? names : [register, ...names];
}

/** The task without what would soften its failure. */
function plainly({ register: _register, ...task }: Task): Task {
  return { ...task, ignoreErrors: undefined, notify: [] };
}
