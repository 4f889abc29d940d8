import type { Fleet } from '../host/fleet.ts';
import type { Module } from '../modules/contract.ts';
import type { Play, Task } from '../playbook/contract.ts';
import { mask } from '../secrets.ts';
import type { Emit, HostRecap } from './events.ts';
import { HostPlay, handlerKey, isStopped, type PlayAround, type TaskEnd } from './host-play.ts';
import { type PlayVariables, type RunVariables, searchDirectories, taskScope } from './variables.ts';

export interface Run {
  readonly variables: RunVariables;
  readonly fleet: Fleet;
  readonly modules: ReadonlyMap<string, Module>;
  readonly emit: Emit;
  /** How many -v. */
  readonly verbosity: number;
  /** How many tasks a host looks at ahead at most; 1 is one task after the other. */
  readonly window?: number;
  /** The hosts of a play, limited as the user asked. */
  hostsOf(play: Play): readonly string[];
  /** Ctrl-C: no further task is begun. */
  readonly signal: AbortSignal;
}

export interface RunEnd {
  readonly hosts: Record<string, HostRecap>;
  readonly interrupted: boolean;
}

/** Takes all hosts through all plays. Everything that happens is an event; it never throws for a host's failure. */
export async function runPlaybook(run: Run): Promise<RunEnd> {
  const recaps: Record<string, HostRecap> = {};
  const out = new Set<string>();
  for (const play of run.variables.playbook.plays) {
    if (run.signal.aborted) break;
    const all = run.hostsOf(play);
    const hosts = all.filter((host) => !out.has(host));
    run.emit({ event: 'play', name: play.name, hosts: [...hosts] });
    for (const host of hosts) recaps[host] ??= { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0 };
    for (const batch of batches(play.serial, hosts)) {
      if (run.signal.aborted) break;
      await new Batch(run, play, all, batch, out, recaps).run();
      if (batch.length > 0 && batch.every((host) => out.has(host))) {
        const rest = hosts.filter((host) => !out.has(host));
        if (hosts.length > 0 && (play.serial.length > 0 || rest.length === 0)) {
          if (play.serial.length > 0 && rest.length > 0)
            run.emit({
              event: 'warning',
              message: `stopped: every host of the batch failed; not touched in this play: ${rest.join(', ')}`,
            });
          return { hosts: recaps, interrupted: run.signal.aborted };
        }
      }
    }
  }
  return { hosts: recaps, interrupted: run.signal.aborted };
}

/** `serial`: numbers or percentages, the last one repeated. */
export function batches(serial: readonly (number | string)[], hosts: readonly string[]): string[][] {
  if (serial.length === 0) return [[...hosts]];
  const result: string[][] = [];
  for (let at = 0, index = 0; at < hosts.length; index++) {
    const given = serial[Math.min(index, serial.length - 1)] ?? hosts.length;
    const percent = typeof given === 'string' && given.trim().endsWith('%');
    const size = percent ? Math.floor((Number.parseFloat(given) / 100) * hosts.length) : Number(given);
    const step = Math.max(1, Number.isFinite(size) ? Math.floor(size) : hosts.length);
    result.push(hosts.slice(at, at + step));
    at += step;
  }
  return result;
}

/** One play on one batch of hosts, task after task, all hosts at the same task (Ansible's linear strategy). */
class Batch {
  private readonly play: Play;
  private readonly of: Run;
  private readonly out: Set<string>;
  private readonly recaps: Record<string, HostRecap>;
  private readonly hosts: HostPlay[];
  private readonly around: PlayAround;
  private readonly warned = new Set<string>();

  constructor(
    run: Run,
    play: Play,
    all: readonly string[],
    names: readonly string[],
    out: Set<string>,
    recaps: Record<string, HostRecap>,
  ) {
    this.of = run;
    this.play = play;
    this.out = out;
    this.recaps = recaps;
    const playVariables = (): PlayVariables => ({
      play,
      playHosts: all.filter((host) => !out.has(host)),
      playHostsAll: all,
      batch: names.filter((host) => !out.has(host)),
    });
    this.around = {
      fleet: run.fleet,
      check: run.variables.check,
      verbosity: run.verbosity,
      stateDirectory: run.variables.inventory.stateDirectory,
      modules: run.modules,
      tasks: play.tasks,
      emit: run.emit,
      ...(run.window === undefined ? {} : { window: run.window }),
      searchDirectories: (task) => searchDirectories(run.variables, task),
      warn: (host, message) => this.warn(host, message),
      say: (host, line) => run.emit(mask({ event: 'output' as const, host, line })),
      scope: (task, host, pending) => taskScope(run.variables, playVariables(), task, host, pending),
      participates: (task, host) => task.runOnce !== true || host === this.living()[0]?.name,
      handlers: (notify) =>
        play.handlers.filter(
          (handler) =>
            handler.name === notify || handlerKey(handler) === notify || handler.listen.includes(notify),
        ),
      journal: (host) => (run.fleet.hasRoot(host) ? run.fleet.host(host, { user: 'root' }) : undefined),
    };
    this.hosts = names.map((name) => {
      const variables = run.variables.hosts.get(name);
      if (!variables) throw new Error(`bug: no variables for ${name}`);
      return new HostPlay(name, variables, this.around);
    });
  }

  async run(): Promise<void> {
    await this.gatherFacts();
    for (let index = 0; index < this.play.tasks.length && this.goesOn(); index++) await this.runTask(index);
    // What an earlier run owes comes last: only now is everything there that its handlers may need.
    for (const host of this.living()) for (const key of host.owed) host.notified.add(key);
    if (this.goesOn()) await this.flushHandlers();
  }

  private warn(host: string, message: string): void {
    const key = `${host}: ${message}`;
    if (this.warned.has(key)) return;
    this.warned.add(key);
    this.of.emit(mask({ event: 'warning' as const, message, host }));
  }

  private goesOn(): boolean {
    return !this.of.signal.aborted && this.living().length > 0;
  }

  private living(): HostPlay[] {
    return this.hosts.filter((host) => !this.out.has(host.name));
  }

  private async runTask(index: number): Promise<void> {
    const task = this.play.tasks[index];
    if (!task) return;
    if (task.module === 'meta') {
      if (task.args._raw_params === 'flush_handlers') await this.flushHandlers();
      return;
    }
    const living = this.living();
    const takingPart = living.filter((host) => this.around.participates(task, host.name));
    await Promise.all(
      takingPart.map(async (host) => {
        const end = await host.runAt(index);
        this.count(host.name, end);
        if (task.runOnce) this.share(task, host, end);
        if (this.changesUnseen(task, end)) for (const other of living) other.forgetAhead();
      }),
    );
  }

  /** What ran once ran for all hosts, and as in Ansible its failure is theirs. */
  private share(task: Task, host: HostPlay, end: TaskEnd): void {
    const others = this.living().filter((other) => other !== host);
    for (const other of others) other.adopt(task, end);
    if (!isStopped(end) || others.length === 0) return;
    for (const other of others) this.out.add(other.name);
    this.of.emit({
      event: 'warning',
      message: `stopped: a task that runs once for all failed on ${host.name}; not touched any more: ${others.map(({ name }) => name).join(', ')}`,
    });
  }

  /** It may have changed what tasks ahead have read already, here or on a host whose epoch they do not watch. */
  private changesUnseen(task: Task, end: TaskEnd): boolean {
    const module = this.of.modules.get(task.module);
    if (module?.kind === 'action' && module.effect === 'reads') return false;
    const elsewhere = task.delegateTo !== undefined || task.runOnce === true;
    if (module?.kind === 'action') return end.status === 'changed' || (elsewhere && end.status !== 'skipped');
    return elsewhere && end.status !== 'ok' && end.status !== 'skipped';
  }

  /** Runs what is due, in the order in which handlers are defined; a handler may notify later ones. */
  private async flushHandlers(): Promise<void> {
    for (const handler of this.play.handlers) {
      const key = handlerKey(handler);
      const due = this.living().filter((host) => host.notified.has(key));
      if (due.length === 0 || this.of.signal.aborted) continue;
      const [first, ...rest] = due;
      await Promise.all(
        (handler.runOnce === true && first ? [first] : due).map(async (host) => {
          const end = await host.runHandler(handler);
          this.count(host.name, end);
          if (!handler.runOnce) return;
          this.share(handler, host, end);
          if (!isStopped(end)) await Promise.allSettled(rest.map((other) => other.handled(handler)));
        }),
      );
      if (handler.delegateTo !== undefined || handler.runOnce)
        for (const host of this.living()) host.forgetAhead();
    }
  }

  private async gatherFacts(): Promise<void> {
    const gather = this.play.gatherFacts;
    await Promise.all(
      this.hosts.map(async (host) => {
        const variables = this.of.variables.hosts.get(host.name);
        if (!gather || !variables || Object.keys(variables.facts).length > 0) return;
        const end = await host.runAlone(this.setupTask());
        if (end.status === 'failed' || end.status === 'unreachable') this.count(host.name, end);
      }),
    );
  }

  private setupTask(): Task {
    return {
      name: 'Gathering Facts',
      place: this.play.place,
      module: 'setup',
      args: {},
      when: [],
      loopControl: { loopVar: 'item' },
      notify: [],
      listen: [],
      runOnce: false,
      ignoreErrors: false,
      noLog: false,
      become: this.play.become,
      environment: [],
      tags: [],
      defaults: [],
      layers: [],
    };
  }

  private count(host: string, end: TaskEnd): void {
    const recap = this.recaps[host];
    if (!recap) return;
    const counted = end.ignored ? 'ok' : end.status === 'unknown' ? 'changed' : end.status;
    recap[counted] += 1;
    if (isStopped(end)) this.out.add(host);
  }
}
