import { TaskFailure } from '../errors.ts';
import type { Evaluated, Module } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { conditionHolds, evaluate, renderKeepingTypes, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';

/** A parameter that the module refuses: wrong in every mode, whatever may change before. */
export class WrongParameters extends TaskFailure {}

/** What a module is asked for, rendered and checked. */
export function parameters(module: Module, task: Task, scope: Scope): unknown {
  const { _raw_params: free, ...given } = task.args;
  const raw = free !== undefined && module.freeForm ? { ...given, [module.freeForm]: free } : given;
  const held = module.expressions ?? [];
  const texts = Object.fromEntries(Object.entries(raw).filter(([name]) => !held.includes(name)));
  const render = task.module === 'set_fact' ? renderKeepingTypes : renderValue;
  const input = render(texts, scope) as Record<string, unknown>;
  for (const name of held)
    if (raw[name] !== undefined)
      input[name] = module.conditions?.includes(name)
        ? conditions(raw[name], scope)
        : evaluated(raw[name], scope);
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
