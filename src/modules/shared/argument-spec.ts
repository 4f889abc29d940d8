import { type ArgumentRules, argumentRules } from './argument-rules.ts';
import { argumentTypes, NotOfType } from './argument-types.ts';
import { pythonEqual, pythonStr, pythonType } from './python-text.ts';

/** One argument of a specification: role argument_specs and validate_argument_spec have the same. */
interface ArgumentAttributes extends ArgumentRules {
  readonly type?: string;
  readonly elements?: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly choices?: unknown;
  readonly aliases?: unknown;
  readonly options?: ArgumentSpec;
  readonly apply_defaults?: boolean;
}
export type ArgumentSpec = Readonly<Record<string, ArgumentAttributes>>;

interface Validated {
  /** Ansible's messages, in its order; none means valid. */
  readonly errors: readonly string[];
  /** The values converted to their types, with aliases and defaults filled in. */
  readonly values: Readonly<Record<string, unknown>>;
}

type Values = Record<string, unknown>;

interface Level {
  readonly spec: ArgumentSpec;
  readonly values: Values;
  /** Names of the arguments around these, outermost first. */
  readonly around: readonly string[];
  readonly errors: string[];
  /** Arguments that the specification does not have -> the names that it has. */
  readonly unsupported: Map<string, string>;
}

/**
 * Checks arguments against a specification as Ansible's ArgumentSpecValidator does (module_utils/common/arg_spec.py
 * of ansible-core 2.19), with its words. Pure: the values given are not changed.
 */
export function validateArguments(spec: ArgumentSpec, given: Readonly<Values>): Validated {
  const values = structuredClone(given) as Values;
  const level: Level = { spec, values, around: [], errors: [], unsupported: new Map() };
  const aliases = takeAliases(level);
  try {
    readableOptions(spec, values);
  } catch (error) {
    if (!(error instanceof NotOfType)) throw error;
    level.errors.push(error.message);
  }
  findUnsupported(level, aliases);
  fill(level, false);
  checkRequired(level);
  convert(level);
  checkChoices(level);
  fill(level, true);
  checkOptions(level);
  const { errors, unsupported } = level;
  if (unsupported.size > 0) {
    const names = [...unsupported.keys()].sort();
    const supported = [...unsupported.values()].at(-1) ?? '';
    errors.push(`${names.join(', ')}. Supported parameters include: ${supported}.`);
  }
  return { errors, values };
}

/** Adds each value given by an alias under its own name. Gives alias -> name, or why the specification is wrong. */
function takeAliases({ spec, values, errors }: Level): Map<string, string> | string {
  const found = new Map<string, string>();
  const wrong = (message: string): string => {
    errors.push(message);
    return message;
  };
  for (const [name, { aliases, default: standard, required }] of Object.entries(spec)) {
    if (standard !== undefined && standard !== null && required)
      return wrong(`internal error: required and default are mutually exclusive for ${name}`);
    if (aliases === undefined || aliases === null) continue;
    if (!Array.isArray(aliases)) return wrong('internal error: aliases must be a list or tuple');
    for (const alias of aliases as string[]) {
      found.set(alias, name);
      if (alias in values) values[name] = values[alias];
    }
  }
  return found;
}

/** What Ansible finds first, while it looks for secrets: suboptions that are no dicts. */
function readableOptions(spec: ArgumentSpec, values: Readonly<Values>): void {
  for (const [name, { type, elements, options }] of Object.entries(spec)) {
    const value = values[name];
    if (!options || value === undefined || value === null) continue;
    if (type !== 'dict' && !(type === 'list' && elements === 'dict')) continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      const read = typeof item === 'string' ? argumentTypes.dict!(item) : item;
      if (pythonType(read) !== 'dict')
        throw new NotOfType(
          `Value '${pythonStr(item)}' in the sub parameter field '${name}' must be a ${type}, not '${pythonType(item)}'`,
        );
      readableOptions(options, read as Values);
    }
  }
}

function findUnsupported(level: Level, aliases: Map<string, string> | string): void {
  const { spec, values, around, errors, unsupported } = level;
  const known = typeof aliases === 'string' ? new Map<string, string>() : aliases;
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(spec, name) && !known.has(name));
  if (typeof aliases === 'string') {
    if (unknown.length > 0) errors.push(aliases);
    return;
  }
  const names = Object.keys(spec)
    .filter((name) => !aliases.has(name))
    .sort();
  const others = aliases.size === 0 ? '' : ` (${[...aliases.keys()].sort().join(', ')})`;
  for (const name of unknown) unsupported.set([...around, name].join('.'), `${names.join(', ')}${others}`);
}

/** Defaults; `all` gives null to what has none. */
function fill({ spec, values }: Level, all: boolean): void {
  for (const [name, { default: standard }] of Object.entries(spec))
    if (!(name in values) && (all || (standard !== undefined && standard !== null)))
      values[name] = structuredClone(standard ?? null);
}

function checkRequired({ spec, values, around, errors }: Level): void {
  const missing = Object.keys(spec).filter((name) => spec[name]!.required && !(name in values));
  if (missing.length > 0)
    errors.push(`missing required arguments: ${missing.sort().join(', ')}${foundIn(around)}`);
}

function foundIn(around: readonly string[]): string {
  return around.length > 0 ? ` found in ${around.join(' -> ')}` : '';
}

function convert({ spec, values, around, errors }: Level): void {
  for (const [name, attributes] of Object.entries(spec)) {
    if (!(name in values)) continue;
    const value = values[name];
    const { required, default: standard, type = 'str', elements } = attributes;
    if (value === null && !required && (standard === undefined || standard === null)) continue;
    try {
      values[name] = converter(type)(value);
    } catch (error) {
      if (!(error instanceof NotOfType)) throw error;
      const where = around.length > 0 ? ` found in '${around.join(' -> ')}'.` : '';
      errors.push(
        `argument '${name}' is of type ${pythonType(value)}${where} and we were unable to convert to ${type}: ${error.message}`,
      );
      continue;
    }
    if (elements === undefined) continue;
    if (Array.isArray(values[name])) convertElements(name, elements, values, around, errors);
    else {
      const where = around.length > 0 ? ` found in '${around.join(' -> ')}'.` : '';
      errors.push(
        `Invalid type ${type} for option '${pythonStr(values[name])}'${where}, elements value check is supported only with 'list' type`,
      );
    }
  }
}

function convertElements(
  name: string,
  elements: string,
  values: Values,
  around: readonly string[],
  errors: string[],
): void {
  const where = around.length > 0 ? ` found in '${around.join(' -> ')}'` : '';
  values[name] = (values[name] as unknown[]).flatMap((value) => {
    try {
      return [converter(elements)(value)];
    } catch (error) {
      if (!(error instanceof NotOfType)) throw error;
      errors.push(
        `Elements value for option '${name}'${where} is of type ${pythonType(value)} and we were unable to convert to ${elements}: ${error.message}`,
      );
      return [];
    }
  });
}

function converter(type: string): (value: unknown) => unknown {
  return (
    argumentTypes[type] ??
    (() => {
      throw new NotOfType("'NoneType' object is not callable");
    })
  );
}

function checkChoices({ spec, values, around, errors }: Level): void {
  for (const [name, { choices }] of Object.entries(spec)) {
    if (choices === undefined || choices === null) continue;
    if (!Array.isArray(choices)) {
      errors.push(
        `internal error: choices for argument ${name} are not iterable: ${pythonStr(choices)}${foundIn(around)}`,
      );
      continue;
    }
    if (!(name in values)) continue;
    const known = (value: unknown) => choices.some((choice) => pythonEqual(choice, value));
    const value = values[name];
    const list = choices.map(pythonStr).join(', ');
    if (Array.isArray(value)) {
      const wrong = value.filter((item) => !known(item));
      if (wrong.length > 0)
        errors.push(
          `value of ${name} must be one or more of: ${list}. Got no match for: ${wrong.map(pythonStr).join(', ')}${foundIn(around)}`,
        );
    } else if (!known(value)) {
      const meant = booleanWord(value, choices);
      if (meant !== undefined) values[name] = meant;
      else
        errors.push(`value of ${name} must be one of: ${list}, got: ${pythonStr(value)}${foundIn(around)}`);
    }
  }
}

/** YAML makes booleans of words such as yes: back to the word, where only one of the choices can be meant. */
function booleanWord(value: unknown, choices: readonly unknown[]): unknown {
  const words: Record<string, readonly unknown[]> = {
    True: ['y', 'yes', 'on', '1', 'true', 't', 1, true],
    False: ['n', 'no', 'off', '0', 'false', 'f', 0, false],
  };
  const meant = choices.filter((choice) => words[String(value)]?.includes(choice));
  return meant.length === 1 ? meant[0] : undefined;
}

/** The suboptions of dicts and of lists of dicts. */
function checkOptions({ spec, values, around, errors, unsupported }: Level): void {
  for (const [name, attributes] of Object.entries(spec)) {
    const { type, elements, options, apply_defaults } = attributes;
    if (!options || (type !== 'dict' && !(type === 'list' && elements === 'dict'))) continue;
    if ((values[name] === undefined || values[name] === null) && apply_defaults) values[name] = {};
    const value = values[name];
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      if (pythonType(item) !== 'dict') {
        errors.push(`value of '${name}' must be of type dict or list of dicts`);
        continue;
      }
      const level: Level = {
        spec: options,
        values: item as Values,
        around: [...around, name],
        errors,
        unsupported,
      };
      findUnsupported(level, takeAliases(level));
      together(level, attributes, ['mutually_exclusive']);
      fill(level, false);
      checkRequired(level);
      convert(level);
      checkChoices(level);
      together(level, attributes, ['required_together', 'required_one_of', 'required_if', 'required_by']);
      fill(level, true);
      checkOptions(level);
    }
  }
}

function together(
  { values, around, errors }: Level,
  rules: ArgumentRules,
  names: readonly (keyof ArgumentRules)[],
): void {
  for (const name of names) {
    const rule = rules[name];
    // Each rule goes with the check of its own name.
    const check = argumentRules[name] as (rule: unknown, values: Readonly<Values>) => string | undefined;
    const message = rule === undefined || rule === null ? undefined : check(rule, values);
    if (message !== undefined) errors.push(`${message}${foundIn(around)}`);
  }
}
