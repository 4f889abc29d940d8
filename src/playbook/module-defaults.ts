import { isMapping } from '../inventory/layers.ts';
import { copyPlace, derived, placeOf } from '../yaml/located.ts';
import type { Action } from './action.ts';
import { moduleName } from './collections.ts';
import type { ModuleDefaults } from './scope.ts';

/** The task's parameters above those that `module_defaults` give its module; inner ones above outer ones. */
export function withModuleDefaults(
  action: Action,
  defaults: readonly ModuleDefaults[],
): Record<string, unknown> {
  const given = defaults.flatMap(({ modules }) =>
    Object.entries(modules).flatMap(([name, values]) =>
      !name.startsWith('group/') && moduleName(name).short === action.module && isMapping(values)
        ? [values]
        : [],
    ),
  );
  const place = placeOf(action.args);
  if (given.length === 0 || place === undefined) return action.args;
  const merged = derived(Object.assign({}, ...given, action.args), place);
  for (const from of [...given, action.args])
    for (const key of Object.keys(from)) copyPlace(from, key, merged, key);
  return merged;
}
