import { TaskFailure } from '../errors.ts';
import type { Task } from '../playbook/contract.ts';
import { printed } from '../template/finalize.ts';
import { renderKeepingTypes, renderValue, runLookup } from '../template/render.ts';
import { NotKnownYet, type Scope } from '../template/scope.ts';
import { failing, isYes } from './conditions.ts';

/** What a task goes through: its items, or the task itself once. */
export interface Rounds {
  readonly looped: boolean;
  readonly values: readonly unknown[];
  /** The condition that fails without any item, where the items are not known. */
  readonly skipped?: string;
}

/**
 * The items of a task.
 * @throws TaskFailure when its list cannot be known or is none, unless a condition skips the task anyway
 */
export function roundsOf(task: Task, scope: Scope): Rounds {
  if (!task.loop) return { looped: false, values: [undefined] };
  try {
    return { looped: true, values: itemsOf(task, scope) };
  } catch (error) {
    if (error instanceof NotKnownYet) throw error;
    // As in Ansible, a condition that does not need the item guards the loop's expression.
    const skipped = guarding(task, scope);
    if (skipped === undefined) throw error;
    return { looped: false, values: [undefined], skipped };
  }
}

/** The scope of one item. */
export function roundScope(task: Task, scope: Scope, { looped, values }: Rounds, index: number): Scope {
  return looped ? scope.with(roundValues(task, scope, values, index), 'loop') : scope;
}

/** The variables of one item, which its registered result has too. */
export function roundValues(
  { loopControl }: Task,
  scope: Scope,
  values: readonly unknown[],
  index: number,
): Record<string, unknown> {
  const { loopVar, indexVar } = loopControl;
  return {
    [loopVar]: values[index],
    ansible_loop_var: loopVar,
    ...(indexVar ? { [indexVar]: index, ansible_index_var: indexVar } : {}),
    ...(isSet(loopControl.extended, scope, false)
      ? { ansible_loop: extended(values, index, isSet(loopControl.extendedAllitems, scope, true)) }
      : {}),
  };
}

/** How an item is shown: by its name if it has one, else as Python prints it. @param scope that of the item */
export function labelOf({ loopControl }: Task, scope: Scope): string {
  const value =
    loopControl.label === undefined ? scope.get(loopControl.loopVar) : renderValue(loopControl.label, scope);
  if (value !== null && typeof value === 'object' && 'name' in value && typeof value.name === 'string')
    return value.name;
  return printed(value);
}

/** `ansible_loop`. */
function extended(values: readonly unknown[], index: number, all: boolean): Record<string, unknown> {
  const { length } = values;
  return {
    ...(all ? { allitems: values } : {}),
    index: index + 1,
    index0: index,
    first: index === 0,
    last: index + 1 === length,
    length,
    revindex: length - index,
    revindex0: length - index - 1,
    ...(index + 1 < length ? { nextitem: values[index + 1] } : {}),
    ...(index > 0 ? { previtem: values[index - 1] } : {}),
  };
}

function itemsOf(task: Task, scope: Scope): readonly unknown[] {
  const { lookup, value } = task.loop ?? { value: [] };
  if (lookup !== undefined) return runLookup(lookup, value, scope, folderOf(task));
  const items = renderKeepingTypes(value, scope);
  if (Array.isArray(items)) return items;
  throw new TaskFailure(
    `loop needs a list, not ${items === null || items === undefined ? 'nothing' : typeof items}`,
    'A dictionary is looped over with "{{ x | dict2items }}".',
  );
}

/** Where with_first_found looks: in the folder of what the task handles. */
function folderOf({ module }: Task): 'files' | 'templates' | 'vars' {
  if (module === 'template') return 'templates';
  return module === 'include_vars' ? 'vars' : 'files';
}

function guarding(task: Task, scope: Scope): string | undefined {
  try {
    return failing(task.when, scope);
  } catch {
    return undefined;
  }
}

function isSet(keyword: unknown, scope: Scope, otherwise: boolean): boolean {
  return keyword === undefined ? otherwise : isYes(renderValue(keyword, scope));
}
