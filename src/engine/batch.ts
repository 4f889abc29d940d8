import type { Layer } from '../inventory/contract.ts';
import type { Module } from '../modules/contract.ts';
import type { Play, Task } from '../playbook/contract.ts';
import type { Scope } from '../template/scope.ts';
import type { Gathered } from './answers.ts';
import { matchesGlob } from './batches.ts';
import type { Coming } from './coming.ts';
import { isSet } from './conditions.ts';
import type { HostRecap } from './events.ts';
import type { Guards } from './guarded.ts';
import { Handlers } from './handlers.ts';
import type { HostPlay } from './host-play.ts';
import { Inclusions } from './includes.ts';
import type { Jobs } from './jobs.ts';
import { type Entry, entryOf, Program } from './program.ts';
import type { Run } from './run.ts';
import { gatherTask } from './setup-task.ts';
import { type PlayVariables, playScope } from './variables.ts';
import { Walk } from './walk.ts';

/** What a run has come to. */
export interface RunState {
  readonly recaps: Record<string, HostRecap>;
  readonly failed: Set<string>;
  /** Hosts that could not be reached. */
  readonly lost: Set<string>;
  readonly modules: Map<string, Module>;
  readonly jobs: Jobs;
  readonly gathered: Gathered;
  readonly guards: Guards;
  /** What is looked at before its turn. */
  readonly coming: Coming;
  /** How often something had been written when the last batch began. */
  wrote: number;
  /** What the public roles of a play brought in. */
  readonly published: Map<Play, PublicVariables>;
  /** The task of `--start-at-task` was found. */
  started: boolean;
  /** A mistake that only the run could find ended it for all hosts. */
  stopped: boolean;
  /** `--step`, until the answer was `continue`. */
  stepping: boolean;
}

/** Variables of public roles that a play's includes brought in, for the rest of it. */
export interface PublicVariables {
  defaults: readonly Layer[];
  layers: readonly Layer[];
}

/** One play on one batch of hosts: side by side (linear), or each as fast as it can (free). */
export class Batch {
  readonly run: Run;
  readonly state: RunState;
  readonly play: Play;
  readonly handlers: Handlers;
  readonly inclusions = new Inclusions();
  readonly isFree: boolean;
  readonly forcesHandlers: boolean;
  /** How often a variable that tells which hosts take part was read. */
  presenceAsked = 0;
  /** `meta: end_play`: no further batch. */
  playEnded = false;
  /** Hosts that any_errors_fatal gave up though a block rescued them: they count as failed, as in Ansible. */
  readonly givenUp = new Set<string>();
  readonly names: readonly string[];
  readonly all: readonly string[];
  readonly variables: PlayVariables;
  readonly #shared: PublicVariables;
  readonly #warned = new Set<string>();
  /** The hosts that it goes through, once it has begun. */
  #begun: readonly string[] | undefined;
  #walks: Walk[] = [];
  /** Hosts that have looked at all that is left. */
  readonly #seen = new Set<string>();

  constructor(
    run: Run,
    state: RunState,
    play: Play,
    shared: PublicVariables,
    all: readonly string[],
    names: readonly string[],
  ) {
    this.run = run;
    this.state = state;
    this.play = play;
    this.#shared = shared;
    this.all = all;
    this.names = names;
    const staying = (hosts: readonly string[]) => this.#staying(hosts);
    this.variables = {
      play,
      playHostsAll: all,
      get playHosts() {
        return staying(all);
      },
      get batch() {
        return staying(names);
      },
      get failed() {
        return names.filter((host) => state.failed.has(host));
      },
      get defaults() {
        return shared.defaults;
      },
      get layers() {
        return shared.layers;
      },
    };
    this.isFree = play.strategy === 'free';
    this.handlers = new Handlers(play.handlers, (entry) => playScope(run.variables, play, entry));
    const forces = run.forceHandlers ?? false;
    this.forcesHandlers = forces || isSet(play.forceHandlers, playScope(run.variables, play), false);
  }

  get hosts(): readonly HostPlay[] {
    return this.#walks.flatMap(({ hosts }) => hosts);
  }

  async go(): Promise<void> {
    await this.begin();
    this.state.coming.saw(this);
    await Promise.all(this.#walks.map((walk) => walk.go()));
    for (const name of this.givenUp) this.state.failed.add(name);
  }

  /**
   * Asks what the first tasks will ask, on hosts that are connected already or take part in the batch under way.
   * @param expected variables that what is before it is yet to set
   */
  lookAhead(expected: ReadonlySet<string>, underWay: Batch): void {
    const isNear = (name: string) => this.run.fleet.isConnected(name) || underWay.names.includes(name);
    for (const host of this.hosts)
      if (!this.#seen.has(host.name) && isNear(host.name) && host.lookAhead(expected))
        this.#seen.add(host.name);
  }

  /** A host has looked at all that is left. */
  saw(host: string): void {
    this.#seen.add(host);
    this.state.coming.saw(this);
  }

  /** All of its hosts have looked at all that is left. */
  get isSeen(): boolean {
    return this.hosts.every(({ name, course }) => course.state !== 'running' || this.#seen.has(name));
  }

  /** It goes through the hosts that it would go through if it began now. */
  get isWhole(): boolean {
    const present = this.#present();
    return this.#begun?.length === present.length && present.every((name) => this.#begun?.includes(name));
  }

  #present(): string[] {
    return this.names.filter((name) => !this.state.failed.has(name) && !this.state.lost.has(name));
  }

  /** Loads what its tasks need and places its hosts before the first, once. */
  async begin(): Promise<void> {
    if (this.#begun) return;
    const hosts = this.#present();
    this.#begun = hosts;
    const tasks = this.#tasks();
    await this.load([...tasks, ...this.play.handlers]);
    const sets = this.isFree ? hosts.map((name) => [name]) : [[...hosts]];
    this.#walks = sets.map((names) => new Walk(this, new Program(this.#entries(tasks, names)), names));
  }

  /** Loads the modules of tasks, those that are not there yet. */
  async load(tasks: readonly Task[]): Promise<void> {
    const { modules } = this.state;
    const names = new Set(
      tasks.filter(({ module, include }) => module !== 'meta' && !include).map(({ module }) => module),
    );
    await Promise.all(
      [...names]
        .filter((name) => !modules.has(name))
        .map(async (name) => modules.set(name, await this.run.loadModule(name))),
    );
  }

  isLoaded(tasks: readonly Task[]): boolean {
    return tasks.every(
      ({ module, include }) => module === 'meta' || include !== undefined || this.state.modules.has(module),
    );
  }

  #staying(names: readonly string[]): string[] {
    this.presenceAsked += 1;
    const { failed, lost } = this.state;
    const removed = new Set(
      this.hosts
        .filter(({ course }) => course.state !== 'running' || course.isFailing)
        .map(({ name }) => name),
    );
    return names.filter((host) => !failed.has(host) && !lost.has(host) && !removed.has(host));
  }

  /** What the play knows before it looks at a host. */
  scope(): Scope {
    return playScope(this.run.variables, this.play);
  }

  /** What a role that is included for the whole play brings. */
  publish({ defaults, layers }: PublicVariables): void {
    this.#shared.defaults = [...this.#shared.defaults, ...defaults];
    this.#shared.layers = [...this.#shared.layers, ...layers];
    this.state.coming.forget();
  }

  warn(message: string, host?: string): void {
    const key = `${host}: ${message}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.run.emit({ event: 'warning', message, ...(host === undefined ? {} : { host }) });
  }

  /** The tasks, gathering facts first; with `--start-at-task` those from there on. */
  #tasks(): Task[] {
    const { play, run, state } = this;
    const gather = play.gatherFacts ? [gatherTask(play)] : [];
    if (state.started || run.startAtTask === undefined) return [...gather, ...play.tasks];
    const wanted = run.startAtTask;
    const start = play.tasks.findIndex(
      ({ module, name, role }) =>
        module !== 'meta' &&
        (matchesGlob(name, wanted) || (role !== undefined && matchesGlob(`${role.name} : ${name}`, wanted))),
    );
    if (start < 0) return [];
    state.started = true;
    return [...gather, ...play.tasks.slice(start)];
  }

  #entries(tasks: readonly Task[], names: readonly string[]): Entry[] {
    const { play, run } = this;
    const [first, ...rest] = tasks.map(entryOf);
    if (!first || !play.gatherFacts || !play.gathersOnce) return first ? [first, ...rest] : [];
    const unknown = names.filter(
      (name) => !('ansible_module_setup' in (run.variables.hosts.get(name)?.facts ?? {})),
    );
    return [{ ...first, hosts: new Set(unknown) }, ...rest];
  }

  /** The flush at the end of pre_tasks, of roles and tasks, and of post_tasks. */
  endsSection({ task, frames }: Entry): boolean {
    const { file, line } = this.play.place;
    return (
      task.module === 'meta' &&
      task.args._raw_params === 'flush_handlers' &&
      frames.length === 0 &&
      task.place.file === file &&
      task.place.line === line
    );
  }
}
