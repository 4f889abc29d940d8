import { existsSync, readdirSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { isMapping, VariableFolder } from '../inventory/layers.ts';
import { didYouMean, nearest, shownPath } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Role, Task } from './contract.ts';
import { isRefused, roleKeywords } from './keywords.ts';
import type { Report } from './report.ts';
import { inside, type Scope } from './scope.ts';
import { type Reading, readTasks } from './tasks.ts';

export interface RoleRequest {
  readonly name: string;
  readonly place: Place;
  /** Other files than main: tasks_from, vars_from, defaults_from, handlers_from. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** Runs even if the same was asked for before in this play. */
  readonly repeat?: boolean;
  /** The entry as written, without tags and when: the same entry runs once a play. */
  readonly entry?: unknown;
  /** How many of the scope's layers come from around the entry; the role's own vars stand above these. */
  readonly outer: number;
}

/** Loads the roles of one play; knows what they make visible to the whole play. */
export class RoleLoader {
  /** Defaults and vars of all roles: every task of the play sees them, as in Ansible. */
  readonly defaults: Layer[] = [];
  readonly vars: Layer[] = [];
  readonly handlers: Task[] = [];
  readonly #directories: readonly string[];
  readonly #report: Report;
  readonly #modules: readonly string[];
  readonly #done = new Map<string, readonly { when: readonly string[]; tasks: readonly Task[] }[]>();
  readonly #handlersOf = new Set<string>();
  readonly #open: string[] = [];
  readonly #folders = new Map<string, VariableFolder>();

  constructor(playbookDirectory: string, modules: readonly string[], report: Report) {
    this.#directories = [join(playbookDirectory, 'roles'), playbookDirectory];
    this.#modules = modules;
    this.#report = report;
  }

  get reading(): Reading {
    return { report: this.#report, modules: this.#modules, roles: this };
  }

  /** An entry of `roles:` or of a role's dependencies: a name, or a mapping with keywords and parameters. */
  loadEntry(entry: unknown, place: Place, scope: Scope): Task[] {
    if (typeof entry === 'string')
      return this.load({ name: entry, place, outer: scope.layers.length }, scope);
    if (!isMapping(entry)) {
      this.#report.mistake(place, 'a role is a name or a mapping with role: name');
      return [];
    }
    const name = entry.role ?? entry.name;
    if (typeof name !== 'string') {
      this.#report.mistake(place, 'this entry names no role', 'role: nginx');
      return [];
    }
    const parameters: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(entry)) {
      if (roleKeywords.includes(key)) continue;
      if (isRefused(key, 'role')) this.#report.refuse(keyPlaceOf(entry, key), key);
      else {
        const meant = nearest(key, roleKeywords);
        if (meant !== undefined)
          this.#report.warn(
            keyPlaceOf(entry, key),
            `${key} becomes a variable of role ${name}`,
            `did you mean ${meant}?`,
          );
        parameters[key] = value;
      }
    }
    const given: Layer[] =
      Object.keys(parameters).length > 0
        ? [{ origin: `parameters of role ${name}`, values: parameters }]
        : [];
    const within = inside(
      { ...scope, layers: [...scope.layers, ...given] },
      entry,
      `vars of role ${name}`,
      this.#report,
    );
    const { role: _role, name: _name, tags: _tags, when: _when, ...rest } = entry;
    const at = placeOf(entry, 'role' in entry ? 'role' : 'name') ?? place;
    return this.load({ name, place: at, outer: scope.layers.length, entry: rest }, within);
  }

  /** The tasks of a role after those of its dependencies. `scope` is what the entry or import hands down. */
  load(request: RoleRequest, scope: Scope): Task[] {
    const role = this.#find(request);
    if (role === undefined) return [];
    if (this.#open.includes(role.directory)) {
      this.#report.mistake(request.place, `role ${role.name} depends on itself`);
      return [];
    }
    const meta = this.#meta(role);
    const when = scope.when.map((condition) => condition.text);
    const key = JSON.stringify([role.directory, request.entry ?? {}]);
    const runs = this.#done.get(key) ?? [];
    const again = request.repeat || meta.allow_duplicates === true;
    // An earlier run covers this one when nothing more was asked of it than now.
    const before = again ? undefined : runs.find((run) => run.when.every((text) => when.includes(text)));
    if (before !== undefined) {
      addTags(before.tasks, scope.tags);
      return [];
    }
    this.#open.push(role.directory);
    const tasks = this.#inside(role, request, scope, meta);
    this.#open.pop();
    this.#done.set(key, [...runs, { when, tasks }]);
    return tasks;
  }

  #inside(role: Role, request: RoleRequest, scope: Scope, meta: Record<string, unknown>): Task[] {
    const { files = {} } = request;
    const main = (key: string) => String(files[key] ?? 'main').replace(/\.ya?ml$/, '');
    const defaults = this.#variables(role, 'defaults', main('defaults_from'), request.place);
    const vars = this.#variables(role, 'vars', main('vars_from'), request.place);
    for (const layer of defaults) if (!this.defaults.includes(layer)) this.defaults.push(layer);
    for (const layer of vars) if (!this.vars.includes(layer)) this.vars.push(layer);

    const dependencies = Array.isArray(meta.dependencies) ? meta.dependencies : [];
    const layers = [...scope.layers.slice(0, request.outer), ...vars, ...scope.layers.slice(request.outer)];
    const below = { ...scope, defaults: [...scope.defaults, ...defaults], layers };
    const before = dependencies.flatMap((entry, index) =>
      this.loadEntry(entry, placeOf(dependencies, index) ?? request.place, below),
    );
    const taskFolder = join(role.directory, 'tasks');
    const within: Scope = {
      ...below,
      role,
      folders: [taskFolder, role.directory, ...scope.folders],
      open: [],
    };
    const handlers = this.#list(role, 'handlers', main('handlers_from'), request, 'handlers_from' in files);
    const first = JSON.stringify([role.directory, handlers?.file]);
    if (handlers !== undefined && !this.#handlersOf.has(first)) {
      this.#handlersOf.add(first);
      const scopeOfHandlers: Scope = {
        ...within,
        when: [],
        folders: [join(role.directory, 'handlers'), ...within.folders],
      };
      this.handlers.push(...readTasks(this.#report.read(handlers.file), scopeOfHandlers, this.reading, true));
    }
    const tasks = this.#list(role, 'tasks', main('tasks_from'), request, 'tasks_from' in files);
    if (tasks === undefined) return before;
    const own = readTasks(this.#report.read(tasks.file), { ...within, open: [tasks.file] }, this.reading);
    return [...before, ...own];
  }

  #find({ name, place }: RoleRequest): Role | undefined {
    if (name.includes('{{')) {
      this.#report.mistake(place, "Ansible's templated role names are not supported yet");
      return undefined;
    }
    const candidates = isAbsolute(name)
      ? [name]
      : this.#directories.map((directory) => join(directory, name));
    const directory = candidates.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
    if (directory !== undefined) return { name, directory };
    if (/^\w+\.\w+\.\w+$/.test(name))
      this.#report.mistake(place, `Ansible's collections are not supported yet: role ${name}`);
    else {
      const hint =
        didYouMean(name, this.#roleNames()) ??
        `looked in ${this.#directories.map((each) => shownPath(each)).join(', ')}`;
      this.#report.mistake(place, `there is no role ${name}`, hint);
    }
    return undefined;
  }

  #roleNames(): string[] {
    const directory = this.#directories[0] as string;
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  #meta(role: Role): Record<string, unknown> {
    const file = mainFile(join(role.directory, 'meta'), 'main');
    const meta = file === undefined ? null : this.#report.read(file);
    return isMapping(meta) ? meta : {};
  }

  #variables(role: Role, folder: string, name: string, place: Place): readonly Layer[] {
    const path = join(role.directory, folder);
    let reader = this.#folders.get(path);
    if (reader === undefined) {
      reader = new VariableFolder(path, this.#report.problems);
      this.#folders.set(path, reader);
    }
    if (name !== 'main' && mainFile(path, name) === undefined) {
      this.#report.mistake(place, `role ${role.name} has no file ${folder}/${name}.yaml`);
      return [];
    }
    return reader.of(name);
  }

  #list(
    role: Role,
    folder: string,
    name: string,
    request: RoleRequest,
    needed: boolean,
  ): { file: string } | undefined {
    const file = mainFile(join(role.directory, folder), name);
    if (file === undefined && needed)
      this.#report.mistake(request.place, `role ${role.name} has no file ${folder}/${name}.yaml`);
    return file === undefined ? undefined : { file };
  }
}

function mainFile(folder: string, name: string): string | undefined {
  return ['.yml', '.yaml', '', '.json'].map((extension) => join(folder, name + extension)).find(existsSync);
}

/** A role that is asked for again runs once, also when only the second asking has the wanted tags. */
function addTags(tasks: readonly Task[], tags: readonly string[]): void {
  for (const task of tasks) {
    const own = task.tags as string[];
    own.push(...tags.filter((tag) => !own.includes(tag)));
  }
}
