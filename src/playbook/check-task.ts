import type { Problem } from '../errors.ts';
import type { Inventory } from '../inventory/contract.ts';
import type { Module } from '../modules/contract.ts';
import { didYouMean } from '../problems.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import { schemaProblems } from '../yaml/schema.ts';
import type { Play, Task } from './contract.ts';
import type { Expanded } from './expand.ts';
import type { JoiningGroups } from './joining.ts';
import { keywordsOf, rawParameter } from './keywords.ts';
import { sourceOf } from './sources.ts';
import { isOpen } from './values.ts';

export function unknownModule(task: Task, names: readonly string[]): Problem {
  const key = Object.keys(sourceOf(task)).find(
    (word) => word === task.module || word.endsWith(`.${task.module}`),
  );
  const place = (key === undefined ? undefined : keyPlaceOf(sourceOf(task), key)) ?? task.place;
  const hint = didYouMean(task.module, names);
  return { message: `there is no module ${task.module}`, place, hint, severity: 'error' };
}

/** What its module says of a task's parameters. */
export function parameterProblems(task: Task, module: Module): Problem[] {
  const place = placeOf(task.args) ?? task.place;
  let args = task.args;
  if (rawParameter in args && module.freeForm !== undefined) {
    const { [rawParameter]: raw, ...rest } = args;
    args = derived({ ...rest, [module.freeForm]: raw }, place);
    for (const key of Object.keys(rest)) copyPlace(task.args, key, args, key);
  }
  return schemaProblems(module.params, args, {
    what: task.module,
    place,
    isOpen,
    isPart: task.argsBelow !== undefined,
    mayBeOmitted: (value) => isOpen(value) && /\bomit\b/.test(String(value)),
    unknownKeyHint: (key) =>
      keywordsOf('task').includes(key) && key !== 'name'
        ? `${key} belongs to the task: indent it like ${task.module}`
        : undefined,
  });
}

/** The names under which handlers can be notified. */
function namesOf(handlers: readonly Task[]): string[] {
  return handlers.flatMap((handler) => {
    const own = [handler.name, ...handler.listen];
    const { role } = handler;
    return role === undefined ? own : [...own, ...own.map((name) => `${role.name} : ${name}`)];
  });
}

/** Knows the handlers of each play, those of included roles too. */
export class Notifications {
  readonly #expanded: Expanded;
  readonly #names = new Map<Play, readonly string[]>();
  readonly #known = new Map<Play, ReadonlySet<string>>();

  constructor(expanded: Expanded) {
    this.#expanded = expanded;
  }

  /** Names that a task notifies and that no handler has. */
  problems(play: Play, task: Task): Problem[] {
    if (task.notify.length === 0) return [];
    const names = this.#of(play);
    const known = this.#known.get(play);
    const node = sourceOf(task);
    return task.notify.flatMap((name, index): Problem[] => {
      if (isOpen(name) || known?.has(name)) return [];
      const near = didYouMean(name, names);
      const unsure = names.some(isOpen) || (this.#expanded.open.has(play) && near === undefined);
      return [
        {
          message: `no handler is named ${JSON.stringify(name)} or listens to it`,
          place: placeOf(node.notify, index) ?? placeOf(node, 'notify') ?? task.place,
          hint:
            near ??
            (names.length > 0
              ? `this play has: ${[...new Set(names)].join(', ')}`
              : 'this play has no handlers'),
          severity: unsure ? 'warning' : 'error',
        },
      ];
    });
  }

  #of(play: Play): readonly string[] {
    let names = this.#names.get(play);
    if (names === undefined) {
      names = namesOf([...play.handlers, ...(this.#expanded.handlers.get(play) ?? [])]);
      this.#names.set(play, names);
      this.#known.set(play, new Set(names));
    }
    return names;
  }
}

/** A host that the task is delegated to and that nobody knows. */
export function delegateProblems(task: Task, inventory: Inventory, joining: JoiningGroups): Problem[] {
  const host = task.delegateTo;
  if (typeof host !== 'string' || isOpen(host) || inventory.hosts.has(host)) return [];
  if (['localhost', '127.0.0.1', '::1'].includes(host) || joining.mayBeHost(host)) return [];
  const hint = didYouMean(host, inventory.hosts.keys());
  const place = placeOf(sourceOf(task), 'delegate_to') ?? task.place;
  const message = `delegate_to names ${host}, which the inventory does not have`;
  return [{ message, place, hint, severity: hint === undefined ? 'warning' : 'error' }];
}
