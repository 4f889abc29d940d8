import type { Place, Problem } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { didYouMean } from '../problems.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Action } from './action.ts';
import { actionGroups, homeOf, moduleName } from './collections.ts';
import type { ModuleDefaults } from './scope.ts';
import { isOpen } from './values.ts';

/** A task's parameters: those that are written out, and below them those that come from templates of the whole. */
export interface Parameters {
  readonly args: Record<string, unknown>;
  /** Mappings, and templates that give one; lowest first. */
  readonly argsBelow?: readonly unknown[];
}

/** The task's parameters above those that `module_defaults` give its module. */
export function withModuleDefaults(action: Action, defaults: readonly ModuleDefaults[]): Parameters {
  const templates = action.templates ?? [];
  const given = defaults.length === 0 ? [] : defaultsOf(action.module, defaults);
  const place = placeOf(action.args);
  if ((given.length === 0 && templates.length === 0) || place === undefined) return { args: action.args };
  const below = [...given, ...templates];
  if (below.some(isOpen)) return { args: action.args, argsBelow: below };
  const mappings = [...given.filter(isMapping), action.args];
  return { args: merged(mappings, place) };
}

function merged(mappings: readonly Record<string, unknown>[], place: Place): Record<string, unknown> {
  const result = derived(Object.assign({}, ...mappings) as Record<string, unknown>, place);
  for (const from of mappings) for (const key of Object.keys(from)) copyPlace(from, key, result, key);
  return result;
}

/**
 * What `module_defaults` say of a module, lowest first: those of its groups, then its own. Inner ones take the place
 * of outer ones for the same module or group as a whole, as in ansible-core.
 */
export function defaultsOf(module: string, defaults: readonly ModuleDefaults[]): unknown[] {
  const groups = new Map<string, unknown>();
  let own: unknown;
  for (const { modules } of defaults)
    for (const [name, values] of Object.entries(modules)) {
      const group = groupName(name);
      if (group === undefined) {
        if (moduleName(name).short === module) own = values;
      } else if (actionGroups[group]?.has(module)) groups.set(group, values);
    }
  return [...groups.values(), own].filter((values) => isMapping(values) || isOpen(values));
}

/** The group that a key of `module_defaults` names, with its collection. */
function groupName(key: string): string | undefined {
  if (!key.startsWith('group/')) return undefined;
  const name = key.slice('group/'.length);
  return name.split('.').length < 3 ? `ansible.builtin.${name}` : name;
}

/** Modules and groups that `module_defaults` names and that nobody has, and parameters that are no mapping. */
export function moduleDefaultsProblems({ modules }: ModuleDefaults, known: readonly string[]): Problem[] {
  return Object.keys(modules).flatMap((name): Problem[] => {
    const said = (message: string, hint: string | undefined, severity: Problem['severity'] = 'error') => [
      { message: `module_defaults: ${message}`, place: keyPlaceOf(modules, name), hint, severity },
    ];
    const values = modules[name];
    if (!isMapping(values) && !isOpen(values))
      return said(`${name} needs a mapping of parameters`, 'or a template that gives one');
    const group = groupName(name);
    if (group !== undefined) {
      if (Object.hasOwn(actionGroups, group)) return [];
      const collection = group.split('.').slice(0, 2).join('.');
      const start = `${collection}.`;
      const names = Object.keys(actionGroups).flatMap((each) =>
        each.startsWith(start) ? [each.slice(start.length)] : [],
      );
      if (names.length === 0)
        return said(`no module that is here is in the group ${group}`, undefined, 'warning');
      const short = group.slice(start.length);
      const hint = didYouMean(short, names) ?? `it has ${names.join(', ')}`;
      return said(`${collection} has no group ${short}`, hint);
    }
    const { short, problem } = moduleName(name);
    const exists = known.includes(short) || homeOf(short) !== undefined;
    if (problem?.foreign || (exists && problem === undefined)) return [];
    return said(problem?.message ?? `there is no module ${name}`, problem?.hint ?? didYouMean(short, known));
  });
}
