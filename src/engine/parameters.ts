import { type Problem, TaskFailure } from '../errors.ts';
import type { Evaluated, Module } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { holdsTemplates } from '../template/lazy.ts';
import { isDict, omit, typeName } from '../template/python.ts';
import { conditionHolds, evaluate, isTemplate, renderKeepingTypes, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';
import { schemaProblems } from '../yaml/schema.ts';

/** A parameter that the module refuses: wrong in every mode, whatever may change before. */
export class WrongParameters extends TaskFailure {}

const fixed = new WeakMap<Task, object>();

/**
 * What a module is asked for, rendered and checked; once for all hosts and rounds where nothing is to be rendered. It is
 * an object of its own each time: modules keep what they did by it.
 */
export function parameters(module: Module, task: Task, scope: Scope): unknown {
  const known = fixed.get(task);
  if (known) return { ...known };
  const want = checked(module, task, scope);
  if (isFixed(module, task) && isDict(want)) fixed.set(task, { ...want });
  return want;
}

function isFixed(module: Module, { args, argsBelow }: Task): boolean {
  if (module.kind !== 'state' || module.expressions !== undefined || argsBelow !== undefined) return false;
  return !Object.keys(args).some(isTemplate) && !holdsTemplates(args);
}

function checked(module: Module, task: Task, scope: Scope): unknown {
  const render = task.module === 'set_fact' ? renderKeepingTypes : renderValue;
  const { args, rendered } = whole(task, render, scope);
  const { _raw_params: free, ...given } = args;
  const raw = free !== undefined && module.freeForm ? { ...given, [module.freeForm]: free } : given;
  const held = module.expressions ?? [];
  const texts = Object.fromEntries(Object.entries(raw).filter(([name]) => !held.includes(name)));
  const input = { ...rendered, ...(render(texts, scope) as Record<string, unknown>) };
  for (const name of held) {
    const value = raw[name] ?? rendered[name];
    if (value !== undefined)
      input[name] = module.conditions?.includes(name) ? conditions(value, scope) : evaluated(value, scope);
  }
  return parsed(module, task, input);
}

/** How often a module's parameters were looked at. */
const looks = new WeakMap<Module, number>();
/** So often, it pays to have zod write a program for them. */
const often = 64;

/** The parameters that an input is, once for all hosts and rounds of a task whose input is the same. */
function parsed(module: Module, task: Task, input: Readonly<Record<string, unknown>>): unknown {
  const key = module.kind === 'state' && isPlain(input) ? JSON.stringify(input) : undefined;
  const before = key === undefined ? undefined : inputs.get(task)?.get(key);
  if (before) return { ...before };
  const count = looks.get(module) ?? 0;
  looks.set(module, count + 1);
  const result = module.params.safeParse(input, { jitless: count < often });
  if (result.success) {
    if (key !== undefined && key.length < longestInput && isDict(result.data))
      keepInput(task, key, { ...result.data });
    return result.data;
  }
  throw wrong(task.module, schemaProblems(module.params, input, { what: task.module }), result.error.message);
}

/** By the text of what was given. */
const inputs = new WeakMap<Task, Map<string, object>>();
const mostInputs = 64;
const longestInput = 4096;

function keepInput(task: Task, key: string, want: object): void {
  const known = inputs.get(task) ?? new Map<string, object>();
  inputs.set(task, known);
  if (known.size < mostInputs) known.set(key, want);
}

/** JSON tells all of it. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return (
      value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    );
  if (Array.isArray(value)) return Object.getPrototypeOf(value) === Array.prototype && value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}

/** In the words of the check: several mistakes have each its hint behind it. */
function wrong(module: string, problems: readonly Problem[], otherwise: string): WrongParameters {
  const [first, ...more] = problems;
  if (!first) return new WrongParameters(`${module}: ${otherwise}`);
  if (more.length === 0) return new WrongParameters(first.message, first.hint);
  const lines = problems.map(({ message, hint }) => `${message}${hint === undefined ? '' : ` (${hint})`}`);
  return new WrongParameters(lines.join('\n'));
}

/**
 * The parameters where some come from a template of the whole: those still to render, and those that are rendered. Each
 * stands in the uppermost layer that has it.
 * @throws TaskFailure when a template gives no mapping
 */
function whole(task: Task, render: typeof renderValue, scope: Scope) {
  const args: Record<string, unknown> = {};
  const rendered: Record<string, unknown> = {};
  if (task.argsBelow === undefined) return { args: task.args, rendered };
  for (const layer of [...task.argsBelow, task.args]) {
    const isText = typeof layer === 'string';
    const values = isText ? render(layer, scope) : layer;
    if (values === omit) continue;
    if (!isDict(values))
      throw new TaskFailure(`Task args must resolve to a 'dict' not '${typeName(values)}'.`);
    for (const [name, value] of Object.entries(values)) {
      delete args[name];
      delete rendered[name];
      (isText ? rendered : args)[name] = value;
    }
  }
  return { args, rendered };
}

/** The names that a set_fact sets; undefined where only its turn tells. */
export function factNames(task: Task): readonly string[] | undefined {
  const names = Object.keys(task.args);
  return task.argsBelow !== undefined || names.some((name) => name.includes('{{')) ? undefined : names;
}

function evaluated(held: unknown, scope: Scope): Evaluated | Evaluated[] {
  const one = (expression: unknown): Evaluated =>
    typeof expression === 'string'
      ? { expression, value: evaluate(expression, scope) }
      : { expression: String(expression), value: expression };
  return Array.isArray(held) ? held.map(one) : one(held);
}

/** Up to the first that does not hold: what stands behind it may need it to hold. */
function conditions(held: unknown, scope: Scope): Evaluated[] {
  const all: Evaluated[] = [];
  for (const condition of Array.isArray(held) ? held : [held]) {
    const value = conditionHolds(condition, scope);
    all.push({ expression: String(condition), value });
    if (!value) break;
  }
  return all;
}
