import { ProjectError } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Action } from './action.ts';
import type { Include, Included, Task } from './contract.ts';
import { fileOf, insideFile, missingFile, roleArguments, tasksFile } from './imports.ts';
import { includeKeywords, rawParameter } from './keywords.ts';
import { loopControlOf, loopWords } from './loop.ts';
import type { Reading } from './reading.ts';
import { Report } from './report.ts';
import { inside, type Scope } from './scope.ts';
import { buildTask } from './task.ts';
import { type Among, readTasks } from './tasks.ts';
import { isOpen, text } from './values.ts';

type Args = Readonly<Record<string, unknown>>;

/** What an include brings in, and what is to be said of it. */
export interface Looked {
  readonly included: Included;
  readonly report: Report;
}

/** An include that the offline check can look into before its turn. */
export class DynamicInclude implements Include {
  readonly #look: (args: Args) => Looked;
  readonly #known = new Map<string, Looked>();

  constructor(look: (args: Args) => Looked) {
    this.#look = look;
  }

  /** What it would bring in, with the mistakes in it. */
  look(args: Args): Looked {
    const key = JSON.stringify(args);
    let looked = this.#known.get(key);
    if (looked === undefined) {
      looked = this.#look(args);
      this.#known.set(key, looked);
    }
    return looked;
  }

  read(args: Args): Included {
    const { included, report } = this.look(args);
    if (report.isUnusable) throw new ProjectError(report.problems);
    return included;
  }
}

/** The scope of what is included: that around the include, its vars as parameters, and what it says to apply. */
function insideInclude(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  own: Scope,
  report: Report,
): Scope {
  const control = loopControlOf(node, new Report());
  const loops =
    loopWords(node).length === 0
      ? []
      : [control.loopVar, 'ansible_loop', ...(control.indexVar === undefined ? [] : [control.indexVar])];
  const within: Scope = {
    ...scope,
    layers: own.layers,
    includeParams: own.includeParams,
    loopNames: [...scope.loopNames, ...loops],
    open: [],
  };
  const { apply } = action.args;
  if (apply === undefined || apply === null) return within;
  if (isMapping(apply)) {
    report.keys(apply, 'block', 'apply');
    return inside(within, apply, 'vars to apply', report);
  }
  const place = placeOf(action.args, 'apply');
  if (isOpen(apply)) report.refuse(place, `templated apply of ${action.module}`);
  else report.mistake(place, 'apply must be a mapping of keywords');
  return within;
}

function includeWords(node: Record<string, unknown>, action: Action, handler: boolean, report: Report): void {
  for (const key of Object.keys(node)) {
    const allowed = includeKeywords.includes(key) || key === action.key || key.startsWith('with_');
    if (allowed || (handler && key === 'listen')) continue;
    report.mistake(
      keyPlaceOf(node, key),
      `${action.module} cannot have ${key}`,
      `for the tasks inside write ${action.module}: apply: ${key}:`,
    );
  }
}

/** The include's own scope: its vars are parameters of what is included, and it sees them itself. */
function ownScope(node: Record<string, unknown>, action: Action, scope: Scope, report: Report): Scope {
  const own = inside(scope, node, `${action.module} vars`, report);
  const added = own.layers.slice(scope.layers.length);
  return { ...own, includeParams: [...scope.includeParams, ...added] };
}

/** The include as a task: without what only matters to reading. */
function includeTask(
  node: Record<string, unknown>,
  action: Action,
  args: Record<string, unknown>,
  scope: Scope,
  own: Scope,
  reading: Reading,
  include: Include,
): Task {
  const located = derived(args, placeOf(action.args) ?? placeOf(node)!);
  for (const key of Object.keys(args)) copyPlace(action.args, key, located, key);
  if (action.args.file !== undefined) copyPlace(action.args, 'file', located, rawParameter);
  const task = buildTask(node, { ...action, args: located }, scope, reading, include);
  if (own.includeParams.length === 0) return task;
  return Object.assign(task, { params: [...own.roleParams, ...own.includeParams] });
}

export function includeTasks(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
  among: Among,
): Task[] {
  const { report } = reading;
  includeWords(node, action, among !== 'tasks', report);
  const written = fileOf(node, action, reading);
  if (written === undefined) return [];
  const own = ownScope(node, action, scope, new Report());
  const within = insideInclude(node, action, scope, own, report);
  const place = placeOf(node, action.key);
  const include = new DynamicInclude((args) => {
    const name = text(args[rawParameter] ?? args.file).trim();
    return looking(reading, (inner) => {
      const file = tasksFile(name, within);
      if (file === undefined) {
        inner.report.mistake(place, ...missingFile(name, within));
        return [];
      }
      const there = { ...insideFile(within, file), open: [file], chain: [...within.chain, file] };
      return readTasks(inner.report.read(file), there, inner, among === 'tasks' ? 'tasks' : 'included');
    });
  });
  return [includeTask(node, action, { [rawParameter]: written }, scope, own, reading, include)];
}

export function includeRole(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
): Task[] {
  const { report } = reading;
  includeWords(node, action, false, report);
  const asked = roleArguments(node, action, reading);
  if (asked === undefined) return [];
  const own = ownScope(node, action, scope, new Report());
  const within = insideInclude(node, action, scope, own, report);
  const place = placeOf(action.args, 'name') ?? placeOf(node)!;
  const include = new DynamicInclude((args) => {
    const name = text(args.name ?? args.role);
    const files = Object.keys(asked.files).map((key) => [key, text(args[key] ?? asked.files[key])]);
    const there = { ...within, chain: [...within.chain, JSON.stringify([name, files])] };
    return looking(reading, (inner) =>
      reading.roles.load(
        {
          name,
          place,
          files: Object.fromEntries(files),
          repeat: asked.repeat,
          public: asked.public ?? false,
          validate: asked.validate,
          imported: true,
        },
        there,
        inner,
      ),
    );
  });
  const { apply: _apply, ...args } = action.args;
  return [includeTask(node, action, args, scope, own, reading, include)];
}

/** Reads something for an include: with a report of its own, and apart from what the play has seen by then. */
function looking(reading: Reading, read: (inner: Reading) => Task[]): Looked {
  const report = new Report(reading.report.files);
  const exports = { defaults: [], vars: [], handlers: [] };
  const inner: Reading = { ...reading, report, exports, asked: new Map() };
  const tasks = reading.finish(read(inner), exports);
  const handlers = reading.finish(exports.handlers, exports);
  return { included: { tasks, handlers, defaults: exports.defaults, layers: exports.vars }, report };
}
