import { dirname, join } from 'node:path';
import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { copyPlace, derived, placeOf } from '../yaml/located.ts';
import { validationTask } from './argument-specs.ts';
import type { Role, Task } from './contract.ts';
import { type Reading, refuseOpen, staticValue } from './reading.ts';
import { nameOfSource, parentRoles, splitEntry } from './role-entry.ts';
import { findRole, noFile, type RoleFolders, type RoleVariables, roleFile, roleMeta } from './role-files.ts';
import { expressions, inside, type Scope, tagList, variables } from './scope.ts';
import { readTasks } from './tasks.ts';
import { boolean, list, text } from './values.ts';

export interface RoleRequest {
  readonly name: string;
  readonly place: Place;
  /** Other files than main: tasks_from, vars_from, defaults_from, handlers_from. */
  readonly files?: Readonly<Record<string, string>>;
  /** Runs even if the same was asked for before in this play. */
  readonly repeat: boolean;
  /** The whole play sees its defaults and vars. */
  readonly public: boolean;
  /** Its arguments are checked against its specification. */
  readonly validate: boolean;
  /** Asked for by import_role or include_role. */
  readonly imported: boolean;
  /** Of an entry of `roles:` or of a dependency: what makes it the same asking as another. */
  readonly entry?: {
    readonly vars: readonly Layer[];
    readonly params: Readonly<Record<string, unknown>>;
    readonly key: unknown;
  };
}

/** Roles of a play that were asked for, to leave out what runs already. */
export type Asked = Map<
  string,
  readonly { readonly when: readonly string[]; readonly tasks: readonly Task[] }[]
>;

interface Loaded {
  readonly tasks: Task[];
  /** Its own defaults and vars with those of the roles that it depends on. */
  readonly defaults: readonly Layer[];
  readonly vars: readonly Layer[];
}

const nothing: Loaded = { tasks: [], defaults: [], vars: [] };

/** Loads the roles of one play. */
export class RoleLoader {
  readonly #folders: RoleFolders;
  readonly #variables: RoleVariables;

  /** @param variables of the roles, which plays share */
  constructor(folders: RoleFolders, variables: RoleVariables) {
    this.#folders = folders;
    this.#variables = variables;
  }

  /** An entry of `roles:`: a name, or a mapping with keywords and parameters. */
  loadEntry(entry: unknown, place: Place, scope: Scope, reading: Reading): Task[] {
    return this.#entry(entry, place, scope, reading, true).tasks;
  }

  /** The tasks of a role after those of its dependencies. `scope` is what the import or include hands down. */
  load(request: RoleRequest, scope: Scope, reading: Reading): Task[] {
    return this.#load(request, scope, reading).tasks;
  }

  #entry(written: unknown, place: Place, scope: Scope, reading: Reading, isPublic: boolean): Loaded {
    const { report } = reading;
    const plain = typeof written === 'number' ? String(written) : written;
    const entry = typeof plain === 'string' ? derived({ role: plain }, place) : plain;
    if (!isMapping(entry)) {
      report.mistake(place, 'a role is a name or a mapping with role: name');
      return nothing;
    }
    const given = entry.role ?? entry.name ?? nameOfSource(entry.src);
    if (typeof given !== 'string' || given === '') {
      report.mistake(place, 'this entry names no role', 'role: nginx');
      return nothing;
    }
    if (given.includes(',')) {
      report.mistake(place, `${JSON.stringify(given)} is no name of a role`);
      return nothing;
    }
    const { words, params } = splitEntry(entry, given, reading);
    const { vars: _vars, ...keywords } = words;
    const located = derived(keywords, placeOf(entry) ?? place);
    for (const key of Object.keys(keywords)) copyPlace(entry, key, located, key);
    const origin = `parameters of role ${given}`;
    const within: Scope = {
      ...inside(scope, located, `vars of role ${given}`, report),
      roleParams:
        Object.keys(params).length > 0 ? [...scope.roleParams, { origin, values: params }] : scope.roleParams,
    };
    const at = placeOf(entry, 'role' in entry ? 'role' : 'name') ?? place;
    const name = staticValue(given, within, reading);
    if (typeof name !== 'string') {
      refuseOpen('the role', given, at, report);
      return nothing;
    }
    const vars = variables(entry, `vars of role ${name}`, report);
    const key = [
      params,
      expressions(entry, 'when').map((each) => each.text),
      tagList(entry, report),
      entry.vars,
    ];
    return this.#load(
      {
        name,
        place: at,
        repeat: false,
        public: isPublic,
        validate: true,
        imported: false,
        entry: { vars, params, key },
      },
      within,
      reading,
    );
  }

  #load(request: RoleRequest, scope: Scope, reading: Reading): Loaded {
    const { report, asked } = reading;
    const { files = {} } = request;
    const found = findRole(request.name, request.place, this.#folders, scope.role, scope.collections, report);
    if (found === undefined) return nothing;
    const opened = JSON.stringify([found.directory, files.tasks_from ?? 'main']);
    if (scope.open.includes(opened)) {
      report.mistake(request.place, `role ${found.name} depends on itself`);
      return nothing;
    }
    const meta = roleMeta(found, report);
    const again = request.imported ? request.repeat : boolean(meta.allow_duplicates ?? false) === true;
    const key = JSON.stringify([found.directory, request.entry?.key ?? {}, files, request.imported]);
    const depended = !request.imported && scope.role !== undefined;
    const role: Role = {
      ...found,
      ...(again ? {} : { once: key }),
      ...(depended ? { dependency: true as const } : {}),
    };
    const when = scope.when.map((condition) => condition.text);
    const before = asked.get(key) ?? [];
    const loaded = this.#inside(
      role,
      request,
      { ...scope, open: [...scope.open, opened] },
      meta,
      reading,
      before.length > 0,
    );
    // An earlier run covers this one when nothing more was asked of it than now.
    const covering = again ? undefined : before.find((run) => run.when.every((text) => when.includes(text)));
    if (covering !== undefined) {
      addTags(covering.tasks, scope.tags);
      return { ...loaded, tasks: [] };
    }
    asked.set(key, [...before, { when, tasks: loaded.tasks }]);
    return loaded;
  }

  #inside(
    role: Role,
    request: RoleRequest,
    scope: Scope,
    meta: Record<string, unknown>,
    reading: Reading,
    known: boolean,
  ): Loaded {
    const { report, exports } = reading;
    const { files = {}, entry } = request;
    const own = (folder: string, from: string | undefined) =>
      this.#variables.of(role, folder, from, request.place, report);
    const defaults = own('defaults', files.defaults_from);
    const vars = own('vars', files.vars_from);
    const given = entry?.vars ?? [];
    const parents = scope.role === undefined || !request.imported ? [] : [parentRoles(scope)];
    const below: Scope = {
      ...scope,
      role,
      defaults: [...scope.defaults, ...defaults],
      // As in ansible-core: a role has its own collection and those of its meta/main.yml, not those around it.
      collections: [
        ...new Set([...(role.collection ? [role.collection] : []), ...list(meta.collections).map(text)]),
      ],
      roleVars: [...scope.roleChain, ...given, ...vars],
      roleChain: [...scope.roleChain, ...given, ...vars],
      includeParams: [...scope.includeParams, ...parents],
    };
    const dependencies = Array.isArray(meta.dependencies) ? meta.dependencies : [];
    const needed = dependencies.map((each, index) =>
      this.#entry(each, placeOf(dependencies, index) ?? request.place, below, reading, request.public),
    );
    const needs = {
      defaults: needed.flatMap((each) => each.defaults),
      vars: needed.flatMap((each) => each.vars),
    };
    const all = {
      defaults: unique([...needs.defaults, ...defaults]),
      vars: unique([...needs.vars, ...vars]),
    };
    if (request.public) {
      add(exports.defaults, all.defaults);
      add(exports.vars, all.vars);
    }
    const within: Scope = {
      ...below,
      defaults: unique([...needs.defaults, ...below.defaults]),
      roleVars: unique([...scope.roleChain, ...needs.vars, ...vars, ...given]),
      folders: [join(role.directory, 'tasks'), role.directory, ...scope.folders],
    };
    if (!known) this.#handlers(role, files.handlers_from, request.place, within, reading);
    const validation = request.validate
      ? validationTask(
          role,
          files.tasks_from ?? 'main',
          entry?.params ?? {},
          meta,
          request.place,
          within,
          reading,
        )
      : [];
    const file = roleFile(role, report, 'tasks', files.tasks_from);
    if (file === undefined && files.tasks_from !== undefined)
      noFile(role, 'tasks', files.tasks_from, request.place, report);
    const tasks =
      file === undefined
        ? []
        : readTasks(report.read(file), { ...within, open: [...within.open, file] }, reading);
    return { tasks: [...needed.flatMap((each) => each.tasks), ...validation, ...tasks], ...all };
  }

  #handlers(role: Role, name: string | undefined, place: Place, scope: Scope, reading: Reading): void {
    const { report, exports } = reading;
    const file = roleFile(role, report, 'handlers', name);
    if (file === undefined) {
      if (name !== undefined) noFile(role, 'handlers', name, place, report);
      return;
    }
    const within = { ...scope, folders: [dirname(file), ...scope.folders] };
    exports.handlers.push(...readTasks(report.read(file), within, reading, 'handlers'));
  }
}

function unique(layers: readonly Layer[]): Layer[] {
  return [...new Set(layers)];
}

function add(to: Layer[], layers: readonly Layer[]): void {
  for (const layer of layers) if (!to.includes(layer)) to.push(layer);
}

/** A role that is asked for again runs once, also when only the second asking has the wanted tags. */
function addTags(tasks: readonly Task[], tags: readonly string[]): void {
  for (const task of tasks) {
    const own = task.tags as string[];
    own.push(...tags.filter((tag) => !own.includes(tag)));
  }
}
