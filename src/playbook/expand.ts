import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Problem } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import type { Included, Play, Playbook, Task } from './contract.ts';
import { DynamicInclude, type Looked } from './includes.ts';
import { rawParameter } from './keywords.ts';
import { patternOf, possibleNames } from './possible.ts';
import { scopeOf } from './sources.ts';
import { isOpen } from './values.ts';

/** A task that runs, or may run, in a play. */
export interface Entry {
  readonly play: Play;
  readonly task: Task;
  /**
   * `sure`: it is in the play. `maybe`: an include that names its file by variables may bring it in. `perhaps`: the
   * same, of an include that could mean any file.
   */
  readonly certainty: 'sure' | 'maybe' | 'perhaps';
  /** An include with a condition stands between it and the play: it may never run. */
  readonly conditional: boolean;
  /** The conditions of those includes. */
  readonly guards: readonly string[];
}

/** A playbook with everything that its includes may bring in. */
export interface Expanded {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
  /** Handlers that includes of roles bring in, by play. */
  readonly handlers: ReadonlyMap<Play, readonly Task[]>;
  /** Public variables of included roles. */
  readonly layers: ReadonlyMap<Play, readonly Layer[]>;
  /** Plays that include roles which nothing names: they may define and handle anything. */
  readonly open: ReadonlySet<Play>;
}

export function expand(playbook: Playbook): Expanded {
  const expansion = new Expansion(playbook);
  for (const play of playbook.plays)
    for (const task of [...play.tasks, ...play.handlers])
      expansion.add({ play, task, certainty: 'sure', conditional: false, guards: [] });
  return expansion;
}

class Expansion implements Expanded {
  readonly entries: Entry[] = [];
  readonly problems: Problem[] = [];
  readonly handlers = new Map<Play, Task[]>();
  readonly layers = new Map<Play, Layer[]>();
  readonly open = new Set<Play>();
  readonly #directory: string;
  readonly #seen = new Set<Included>();

  constructor(playbook: Playbook) {
    this.#directory = dirname(playbook.file);
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    const { task } = entry;
    if (!(task.include instanceof DynamicInclude)) return;
    if (task.module === 'include_tasks') this.#tasks(entry, task.include);
    else this.#role(entry, task.include);
  }

  #tasks(entry: Entry, include: DynamicInclude): void {
    const { task } = entry;
    const scope = scopeOf(task);
    const folders = scope?.folders ?? [];
    const written = String(task.args[rawParameter]);
    const { names: possible, sure } = possibleNames(task, written, folders);
    const near = task.role === undefined ? undefined : join(task.role.directory, 'tasks');
    const names = sure === 'any' ? this.#anyOf(near) : possible;
    for (const name of names) {
      const isOpenHere = scope?.chain.some((file) => folders.some((folder) => join(folder, name) === file));
      const isSelf = sure === 'any' && /(^|\/)main\.ya?ml$/.test(name);
      if (isOpenHere || isSelf || task.place.file.endsWith(`/${name}`)) continue;
      this.#take(entry, include.look({ [rawParameter]: name }), lower(entry.certainty, sure));
    }
  }

  /** The files of tasks of a role; outside of roles a folder may hold anything. */
  #anyOf(folder: string | undefined): string[] {
    if (folder === undefined || !existsSync(folder)) return [];
    return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  }

  #role(entry: Entry, include: DynamicInclude): void {
    const { play, task } = entry;
    const { name, role, ...rest } = task.args;
    const written = String(name ?? role);
    const others = Object.entries(rest).filter(([key]) => key.endsWith('_from'));
    if (others.some(([, value]) => isOpen(value))) {
      this.#roleParts(entry, include, written, Object.fromEntries(others));
      return;
    }
    const from = Object.fromEntries(others);
    const listed = isOpen(written) ? this.#rolesLike(task, written) : undefined;
    if (listed?.length === 0) this.open.add(play);
    for (const each of listed ?? [written]) {
      const key = JSON.stringify([each, others]);
      if (scopeOf(task)?.chain.includes(key)) continue;
      const sure = listed === undefined ? 'one' : 'some';
      this.#take(entry, include.look({ ...from, name: each }), lower(entry.certainty, sure));
    }
  }

  /** A role of which only a run knows which file of tasks is meant: every one may be. */
  #roleParts(entry: Entry, include: DynamicInclude, name: string, from: Record<string, unknown>): void {
    const tasksFrom = String(from.tasks_from ?? '');
    const folder = join(this.#directory, 'roles', name, 'tasks');
    if (isOpen(name) || !isOpen(tasksFrom) || !existsSync(folder)) {
      this.open.add(entry.play);
      return;
    }
    const { names, sure } = possibleNames(entry.task, tasksFrom, [folder]);
    const literal = Object.fromEntries(Object.entries(from).filter(([, value]) => !isOpen(value)));
    for (const each of names)
      this.#take(entry, include.look({ ...literal, name, tasks_from: each }), lower(entry.certainty, sure));
  }

  #rolesLike(task: Task, written: string): string[] {
    const literal = possibleNames(task, written, []);
    if (literal.sure === 'one') return [...literal.names];
    const folder = join(this.#directory, 'roles');
    const pattern = patternOf(written);
    if (pattern === undefined || !existsSync(folder)) return [];
    return readdirSync(folder).filter((each) => pattern.test(basename(each)));
  }

  #take(from: Entry, { included, report }: Looked, certainty: Entry['certainty']): void {
    const { play, task } = from;
    const conditional = from.conditional || task.when.length > 0;
    const guards = [...from.guards, ...task.when.map(({ text }) => text)];
    for (const problem of report.problems)
      this.problems.push(conditional || certainty !== 'sure' ? { ...problem, severity: 'warning' } : problem);
    if (this.#seen.has(included)) return;
    this.#seen.add(included);
    push(this.handlers, play, included.handlers);
    push(this.layers, play, [...included.defaults, ...included.layers]);
    for (const each of [...included.tasks, ...included.handlers])
      this.add({ play, task: each, certainty, conditional, guards });
  }
}

function push<T>(map: Map<Play, T[]>, play: Play, more: readonly T[]): void {
  if (more.length === 0) return;
  const known = map.get(play);
  if (known === undefined) map.set(play, [...more]);
  else known.push(...more);
}

function lower(certainty: Entry['certainty'], sure: 'one' | 'some' | 'any'): Entry['certainty'] {
  if (sure === 'any' || certainty === 'perhaps') return 'perhaps';
  return sure === 'some' ? 'maybe' : certainty;
}
