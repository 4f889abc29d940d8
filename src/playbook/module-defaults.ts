import type { Problem } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { didYouMean } from '../problems.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Action } from './action.ts';
import { homeOf, moduleName } from './collections.ts';
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

/** Modules that `module_defaults` names and that nobody has. */
export function moduleDefaultsProblems({ modules }: ModuleDefaults, known: readonly string[]): Problem[] {
  return Object.keys(modules).flatMap((name): Problem[] => {
    const { short, problem } = moduleName(name);
    const exists = known.includes(short) || homeOf(short) !== undefined;
    if (name.startsWith('group/') || problem?.foreign || (exists && problem === undefined)) return [];
    const message = problem?.message ?? `there is no module ${name}`;
    const hint = problem?.hint ?? didYouMean(short, known);
    return [
      { message: `module_defaults: ${message}`, place: keyPlaceOf(modules, name), hint, severity: 'error' },
    ];
  });
}
