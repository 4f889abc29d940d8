import type { Fleet } from '../host/fleet.ts';
import type { LiveHost, Question } from '../host/live-host.ts';
import type { Context, Module } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { masked } from '../secrets.ts';
import { renderTemplateFile, renderValue } from '../template/render.ts';
import { NotKnownYet, type Scope } from '../template/scope.ts';
import { beforeTurn, isBeforeTurn } from '../template/turn.ts';
import type { Ahead } from './ahead.ts';
import { failing, isSet, isYes } from './conditions.ts';
import { foundNow, readNow } from './files.ts';
import { hostFor } from './identity.ts';
import type { Jobs } from './jobs.ts';
import { labelOf, type Rounds, roundScope, roundsOf } from './loops.ts';
import { factNames, parameters } from './parameters.ts';
import { expandPaths } from './paths.ts';
import type { Entry } from './program.ts';
import { titleOf } from './telling.ts';

/** What preparing needs of the run. */
export interface PrepareRun {
  readonly fleet: Fleet;
  readonly check: boolean;
  readonly verbosity: number;
  readonly stateDirectory: string;
  readonly playbookDirectory: string;
  readonly modules: ReadonlyMap<string, Module>;
  /** @param task whose own message it is */
  say(host: string, line: string, task?: string): void;
  warn(host: string, message: string): void;
  readonly jobs: Jobs;
  readonly prompt?: Context['prompt'];
}

/** One execution of a task on a host: the task itself, or one round of its loop. */
export interface PreparedItem {
  /** The loop item's label. */
  readonly label?: string;
  readonly scope: Scope;
  /** The condition for which it is skipped; nothing below is there then. */
  readonly skipped?: string;
  readonly want?: unknown;
  readonly host?: LiveHost;
  readonly context?: Context;
  /** What it notifies when it changes something. */
  readonly notify: readonly string[];
  /** The host that it is delegated to. */
  readonly delegate?: string;
  /** What `have`, or an action's `settled`, answers; asked when the item was prepared. */
  answer?: Promise<unknown>;
  /** The epoch of that question. */
  askedAt?: number;
  /** What `have` asked the host, where changes may travel; undefined among them is what cannot be asked again. */
  questions?: readonly (Question | undefined)[];
  /** What it found, once that is known. */
  found?: { readonly state: unknown };
  /** It was done before its turn. */
  ahead?: Ahead;
}

export interface Prepared {
  readonly module: Module;
  readonly rounds: Rounds;
  /** In the order of the rounds; undefined where it cannot be known before its turn, which prepares it. */
  readonly items: (PreparedItem | undefined)[];
  /** Other hosts' failures would change it. */
  isShared?: boolean;
}

/** The scope of a task in which names that earlier rounds of its own loop set are not known yet. */
export type ScopeOf = (pending: ReadonlySet<string>) => Scope;

/**
 * Renders a task's arguments and asks its questions, without waiting for the answers.
 * @throws NotKnownYet when it needs a value that an earlier task has yet to set
 * @throws TaskFailure when its loop cannot be evaluated
 */
export function prepareTask(run: PrepareRun, entry: Entry, scopeOf: ScopeOf, hostName: string): Prepared {
  const { task } = entry;
  const module = run.modules.get(task.module);
  if (!module) throw new Error(`bug: module ${task.module} was not loaded`);
  const scope = scopeOf(new Set());
  const rounds = roundsOf(task, scope);
  const prepared: Prepared = { module, rounds, items: rounds.values.length === 0 ? [] : [undefined] };
  if (rounds.values.length === 0) return prepared;
  try {
    prepared.items[0] = prepareItem(run, entry, module, scope, rounds, 0, hostName);
  } catch (error) {
    if (error instanceof NotKnownYet && !rounds.looped) throw error;
  }
  prepareLater(run, entry, prepared, 1, scopeOf, hostName);
  return prepared;
}

/** Prepares the rounds from one on ahead of their turn, as far as they can be known; before that they are undefined. */
export function prepareLater(
  run: PrepareRun,
  entry: Entry,
  { module, rounds, items }: Prepared,
  from: number,
  scopeOf: ScopeOf,
  hostName: string,
): void {
  const { length } = rounds.values;
  const scope = from < length ? laterScope(entry.task, scopeOf) : undefined;
  for (let index = from; index < length; index++) {
    items[index] = undefined;
    if (!scope) continue;
    try {
      items[index] = beforeTurn(() => prepareItem(run, entry, module, scope, rounds, index, hostName));
    } catch {
      // Its own turn will tell.
    }
  }
}

/** The scope of the rounds behind the first; undefined when nobody can tell what earlier rounds set. */
function laterScope(task: Task, scopeOf: ScopeOf): Scope | undefined {
  const own = new Set(task.register === undefined ? [] : [task.register]);
  if (['setup', 'include_vars', 'add_host', 'group_by'].includes(task.module)) return undefined;
  if (task.module === 'set_fact') {
    const names = factNames(task);
    if (names === undefined) return undefined;
    for (const name of names) own.add(name);
  }
  return scopeOf(own);
}

/**
 * One round, in its turn or ahead of it.
 * @throws TaskFailure when a variable is undefined or a parameter is wrong
 */
export function prepareItem(
  run: PrepareRun,
  entry: Entry,
  module: Module,
  scope: Scope,
  rounds: Rounds,
  index: number,
  hostName: string,
): PreparedItem {
  const { task } = entry;
  if (rounds.skipped !== undefined) return { scope, skipped: rounds.skipped, notify: [] };
  const itemScope = roundScope(task, scope, rounds, index);
  const label = rounds.looped ? { label: labelOf(task, itemScope) } : {};
  const skipped = failing(task.when, itemScope);
  if (skipped !== undefined) return { ...label, scope: itemScope, skipped, notify: [] };

  const check = isChecked(run, task, itemScope);
  const { host, delegate } = hostFor(run, task, itemScope, hostName, check);
  const quiet = isSet(task.noLog, itemScope, true);
  const seen = delegate === undefined ? itemScope : withDelegate(itemScope, delegate);
  const want = parameters(module, task, seen);
  const rendered = isBeforeTurn() ? beforeTurn : <T>(work: () => T): T => work();
  const item: PreparedItem = {
    ...label,
    scope: seen,
    want,
    host,
    notify: namesOf(task.notify, seen),
    ...(delegate === undefined ? {} : { delegate }),
    context: {
      check,
      verbosity: run.verbosity,
      stateDirectory: run.stateDirectory,
      playbookDirectory: run.playbookDirectory,
      find: (kind, name) => foundNow(itemScope.options.searchDirectories, kind, name),
      renderTemplate: (path, options) =>
        rendered(() => renderTemplateFile(readNow(path), path, seen, options)),
      say: (line, kind) => run.say(hostName, quiet ? masked : line, kind && titleOf(task, itemScope)),
      warn: (message) => run.warn(hostName, message),
      variable: (name) => (seen.has(name) ? seen.get(name) : undefined),
      ...(run.prompt ? { prompt: run.prompt } : {}),
    },
  };
  void askItem(run.fleet, module, item);
  return item;
}

/** Asks (again) what is there now. The promise is never left to reject unheard. */
export function askItem(fleet: Fleet, module: Module, item: PreparedItem): Promise<unknown> {
  const { host, context, want } = item;
  if (!host || !context) throw new Error('bug: a skipped item was asked');
  item.askedAt = epochOf(fleet, module, host);
  const questions: (Question | undefined)[] = [];
  const reader = module.kind === 'state' && module.achieved ? host.noting(questions) : host;
  const answer = (async () => {
    const paths = expandPaths(module, want, host);
    if (paths) await paths;
    return module.kind === 'state'
      ? await module.have(want, reader, context)
      : await module.settled?.(want, host, context);
  })();
  delete item.found;
  item.questions = questions;
  answer.then(
    (state) => {
      if (item.answer === answer) item.found = { state };
    },
    (error: unknown) => {
      // A template, say, that uses what an earlier task has yet to set: in its turn it is prepared anew.
      if (error instanceof NotKnownYet) delete item.askedAt;
    },
  );
  item.answer = answer;
  return answer;
}

/** Whether nothing has been written since the item's question, so that its answer still holds. */
export function isFresh(fleet: Fleet, module: Module, item: PreparedItem): boolean {
  return (
    item.skipped !== undefined ||
    item.ahead !== undefined ||
    (item.host !== undefined && item.askedAt === epochOf(fleet, module, item.host))
  );
}

/** Whether what was prepared ahead can be used as it is. */
export function isReady(fleet: Fleet, { module, items }: Prepared): boolean {
  return (
    items.some((item) => item?.ahead) ||
    items.every((item, index) => (item ? isFresh(fleet, module, item) : index > 0))
  );
}

export function epochOf(fleet: Fleet, module: Module, host: LiveHost): number {
  return module.fleet ? fleet.epoch : host.epoch;
}

/** Whether a task changes nothing: `check_mode` of its own goes before that of the run, either way. */
function isChecked(run: PrepareRun, task: Task, scope: Scope): boolean {
  return task.checkMode === undefined || task.checkMode === null
    ? run.check
    : isYes(renderValue(task.checkMode, scope));
}

function withDelegate(scope: Scope, delegate: string): Scope {
  const all = scope.get('hostvars') as Record<string, unknown>;
  return scope.with({ ansible_delegated_vars: { [delegate]: all[delegate] ?? {} } }, 'delegate_to');
}

/** Rendered names, where one may give several. */
function namesOf(names: readonly string[], scope: Scope): string[] {
  return names.flatMap((name) => {
    const rendered = renderValue(name, scope);
    return (Array.isArray(rendered) ? rendered : [rendered]).map(String);
  });
}
