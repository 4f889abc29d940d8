import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskFailure } from '../errors.ts';
import type { Fleet, Identity } from '../host/fleet.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Context, Evaluated, Module } from '../modules/contract.ts';
import type { Expression, Task } from '../playbook/contract.ts';
import { evaluate, renderTemplateFile, renderValue, truthy } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';

/** A parameter that the module refuses: wrong in every mode, whatever may change before. */
export class WrongParameters extends TaskFailure {}

/** What preparing needs of the run. */
export interface PrepareRun {
  readonly fleet: Fleet;
  readonly check: boolean;
  readonly verbosity: number;
  readonly stateDirectory: string;
  readonly modules: ReadonlyMap<string, Module>;
  searchDirectories(task: Task): readonly string[];
  say(host: string, line: string): void;
  warn(host: string, message: string): void;
}

/** One execution of a task on a host: the task itself, or one round of its loop. */
export interface PreparedItem {
  /** The loop item's label. */
  readonly label?: string;
  /** The loop variable's value, for the registered result. */
  readonly item?: unknown;
  readonly scope: Scope;
  /** Why it is skipped; nothing below is there then. */
  readonly skipped?: string;
  readonly want?: unknown;
  readonly host?: LiveHost;
  readonly context?: Context;
  /** What `have`, or an action's `settled`, answers; asked when the item was prepared. */
  answer?: Promise<unknown>;
  /** The epoch of that question. */
  askedAt?: number;
}

export interface Prepared {
  readonly module: Module;
  readonly looped: boolean;
  readonly items: readonly PreparedItem[];
}

/**
 * Renders a task's arguments and asks its questions, without waiting for the answers.
 * @throws NotKnownYet when it needs a value that an earlier task has yet to set
 * @throws TaskFailure when a variable is undefined or a parameter is wrong
 */
export function prepareTask(run: PrepareRun, task: Task, scope: Scope, hostName: string): Prepared {
  const module = run.modules.get(task.module);
  if (!module) throw new Error(`bug: module ${task.module} was not loaded`);
  const looped = task.loop !== undefined;
  let values: readonly unknown[] = [undefined];
  if (looped) {
    try {
      values = loopItems(renderValue(task.loop?.value, scope));
    } catch (error) {
      // As in Ansible, a condition that does not need the item guards the loop's expression.
      if (!guarded(task.when, scope)) throw error;
      values = [];
    }
  }
  const items = values.map((value, index) =>
    prepareItem(run, task, module, scope, hostName, looped, value, index),
  );
  return { module, looped, items };
}

/** Asks (again) what is there now. The promise is never left to reject unheard. */
export function askItem(fleet: Fleet, module: Module, item: PreparedItem): Promise<unknown> {
  const { host, context, want } = item;
  if (!host || !context) throw new Error('bug: a skipped item was asked');
  item.askedAt = epochOf(fleet, module, host);
  const answer = (async () =>
    module.kind === 'state'
      ? await module.have(want, host, context)
      : await module.settled?.(want, host, context))();
  answer.catch(() => {});
  item.answer = answer;
  return answer;
}

/** Whether nothing has been written since the item's question, so that its answer still holds. */
export function isFresh(fleet: Fleet, module: Module, item: PreparedItem): boolean {
  return (
    item.skipped !== undefined ||
    (item.host !== undefined && item.askedAt === epochOf(fleet, module, item.host))
  );
}

export function epochOf(fleet: Fleet, module: Module, host: LiveHost): number {
  return module.fleet ? fleet.epoch : host.epoch;
}

/**
 * The identity that ansible_become variables ask for, or else the task's become: as in Ansible.
 * @param target the host that a task is delegated to, whose variables count then
 */
export function identityOf(task: Task, scope: Scope, target?: string): Identity {
  const variables = target === undefined ? scope.asDict() : variablesOf(scope, target);
  const given = (value: unknown, variable: string): unknown =>
    variable in variables ? variables[variable] : value === undefined ? undefined : renderValue(value, scope);
  if (!isYes(given(task.become.become, 'ansible_become'))) return 'login';
  const user = given(task.become.user, 'ansible_become_user');
  return { user: user === undefined || user === '' ? 'root' : String(user) };
}

function variablesOf(scope: Scope, host: string): Record<string, unknown> {
  const all = scope.get('hostvars') as Record<string, Record<string, unknown>>;
  return all[host] ?? {};
}

/** All conditions hold. */
export function holds(conditions: readonly Expression[], scope: Scope): boolean {
  return conditions.every((condition) => truthy(evaluate(condition.text, scope)));
}

/** `check_mode: false` runs a task as always, even in check mode. */
function runsInCheckMode(task: Task, scope: Scope): boolean {
  return task.checkMode !== undefined && !isYes(renderValue(task.checkMode, scope));
}

export function isYes(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(yes|true|on|1)$/i.test(value)) || value === 1;
}

function prepareItem(
  run: PrepareRun,
  task: Task,
  module: Module,
  scope: Scope,
  hostName: string,
  looped: boolean,
  value: unknown,
  index: number,
): PreparedItem {
  const { loopVar, indexVar, label: labelTemplate } = task.loopControl;
  const itemScope = looped
    ? scope.with(
        { [loopVar]: value, ansible_loop_var: loopVar, ...(indexVar ? { [indexVar]: index } : {}) },
        'loop',
      )
    : scope;
  const label = looped
    ? {
        item: value,
        label: labelOf(labelTemplate === undefined ? value : renderValue(labelTemplate, itemScope)),
      }
    : {};
  const failing = task.when.find((condition) => !truthy(evaluate(condition.text, itemScope)));
  if (failing) return { ...label, scope: itemScope, skipped: failing.text };

  const target = task.delegateTo === undefined ? undefined : String(renderValue(task.delegateTo, itemScope));
  const plain = run.fleet.host(target ?? hostName, identityOf(task, itemScope, target));
  const check = run.check && !runsInCheckMode(task, itemScope);
  const host = withEnvironment(run.check && !check ? plain.evenInCheckMode() : plain, task, itemScope);
  const want = parameters(module, task, itemScope);
  const item: PreparedItem = {
    ...label,
    scope: itemScope,
    want,
    host,
    context: {
      check,
      verbosity: run.verbosity,
      stateDirectory: run.stateDirectory,
      find: (kind, name) => findFile(run.searchDirectories(task), kind, name),
      renderTemplate: (path) => renderTemplateFile(readFileSync(path, 'utf8'), path, itemScope),
      say: (line) => run.say(hostName, line),
      warn: (message) => run.warn(hostName, message),
    },
  };
  void askItem(run.fleet, module, item);
  return item;
}

function parameters(module: Module, task: Task, scope: Scope): unknown {
  const { _raw_params: free, ...given } = task.args;
  const raw = free !== undefined && module.freeForm ? { ...given, [module.freeForm]: free } : given;
  const held = module.expressions ?? [];
  const texts = Object.fromEntries(Object.entries(raw).filter(([name]) => !held.includes(name)));
  const input = renderValue(texts, scope) as Record<string, unknown>;
  for (const name of held) if (raw[name] !== undefined) input[name] = evaluated(raw[name], scope);
  const parsed = module.params.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new WrongParameters(
    parsed.error.issues
      .map(
        (issue) =>
          `${task.module}: ${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`,
      )
      .join('\n'),
  );
}

function evaluated(held: unknown, scope: Scope): Evaluated | Evaluated[] {
  const one = (expression: unknown): Evaluated =>
    typeof expression === 'string'
      ? { expression, value: evaluate(expression, scope) }
      : { expression: String(expression), value: expression };
  return Array.isArray(held) ? held.map(one) : one(held);
}

function withEnvironment(host: LiveHost, task: Task, scope: Scope): LiveHost {
  if (task.environment.length === 0) return host;
  const environment: Record<string, string> = {};
  for (const part of task.environment)
    for (const [name, value] of Object.entries((renderValue(part, scope) ?? {}) as Record<string, unknown>))
      environment[name] = String(value);
  return host.withEnvironment(environment);
}

function loopItems(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TaskFailure(
    `loop needs a list, not ${value === null || value === undefined ? 'nothing' : typeof value}`,
    'A dictionary is looped over with "{{ x | dict2items }}".',
  );
}

function labelOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value !== null && typeof value === 'object' && 'name' in value && typeof value.name === 'string')
    return value.name;
  return JSON.stringify(value) ?? '';
}

function guarded(conditions: readonly Expression[], scope: Scope): boolean {
  try {
    return !holds(conditions, scope);
  } catch {
    return false;
  }
}

/** Ansible's search: the role's folder of that kind, then the playbook's; an absolute path stays. */
function findFile(
  directories: readonly string[],
  kind: 'files' | 'templates' | 'vars',
  name: string,
): string {
  if (name.trim() === '')
    throw new TaskFailure('src is empty', 'It would mean the whole folder of the playbook.');
  if (name.startsWith('/')) {
    if (existsSync(name)) return name;
    throw new TaskFailure(`there is no file ${name} on this machine`);
  }
  const tried = directories.flatMap((directory) => [join(directory, kind, name), join(directory, name)]);
  const found = tried.find((path) => existsSync(path));
  if (found) return found;
  throw new TaskFailure(
    `there is no ${kind === 'templates' ? 'template' : 'file'} ${name}`,
    `Looked for ${tried.join(', ')}.`,
  );
}
