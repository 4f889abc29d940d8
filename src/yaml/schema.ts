import { z } from 'zod';
import type { Place, Problem } from '../errors.ts';
import { didYouMean, nearest } from '../problems.ts';
import { Float } from './float.ts';
import { keyPlaceOf, placeAt, placeOf } from './places.ts';
import { Unsafe } from './unsafe.ts';
import { Vaulted } from './vaulted.ts';

type Issue = z.core.$ZodIssue;

export interface SchemaOptions {
  /** What is described: "apt" or "the file of flows"; starts the messages. */
  readonly what: string;
  /** Where the whole stands, when the value itself does not know. */
  readonly place?: Place | undefined;
  /** Values that cannot be judged yet: templates. Nothing is said about them. */
  readonly isOpen?: (value: unknown) => boolean;
  /** Values that may turn out not to be given at all: a key that is not known is no mistake with them yet. */
  readonly mayBeOmitted?: (value: unknown) => boolean;
  /** More is known later only: nothing is said about what is missing, or goes together. */
  readonly isPart?: boolean;
  /** A better hint for an unknown key than the nearest known one. */
  readonly unknownKeyHint?: (key: string) => string | undefined;
}

/** What is wrong with a located value by a schema, in readable words and at the right places. */
export function schemaProblems(schema: z.ZodType, value: unknown, options: SchemaOptions): Problem[] {
  // Most schemas see a few values: compiling a parser for each takes longer than what it saves.
  const result = schema.safeParse(plain(value), { jitless: true });
  if (result.success) return [];
  const { issues } = result.error;
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? [issue] : []));
  return issues
    .filter((issue) => !isConsequence(issue, unknown, schema))
    .flatMap((issue) => problemsOf(issue, schema, value, options));
}

/** A misspelt key explains why its right name is missing and why checks across fields fail. */
function isConsequence(
  issue: Issue,
  unknown: readonly Extract<Issue, { code: 'unrecognized_keys' }>[],
  schema: z.ZodType,
): boolean {
  const path = JSON.stringify(issue.path);
  const parent = JSON.stringify(issue.path.slice(0, -1));
  return unknown.some((other) => {
    const at = JSON.stringify(other.path);
    if (issue.code === 'custom') return at === path;
    if (issue.code === 'unrecognized_keys' || issue.path.length === 0) return false;
    const known = keysAt(schema, other.path);
    return at === parent && other.keys.some((key) => nearest(key, known) === issue.path.at(-1));
  });
}

function problemsOf(issue: Issue, schema: z.ZodType, value: unknown, options: SchemaOptions): Problem[] {
  const path = givenPath(issue.path, schema, value);
  if (passesOpen(value, path, options)) return [];
  const found = valueAt(value, path);
  // A check across fields says nothing certain while one of them is open.
  if (issue.code === 'custom' && hasOpen(found, options)) return [];
  if (issue.code === 'invalid_union') {
    const fewest = closedBranch(issue, path, value, options);
    if (fewest === 'open') return [];
    if (fewest !== undefined) return fewest.flatMap((each) => problemsOf(each, schema, value, options));
  }
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    const given = issue.keys.filter((key) => !options.mayBeOmitted?.(valueAt(found, [key])));
    return given.map((key) => ({
      message: `${named(options.what, path)} has no parameter ${key}`,
      place: keyPlaceOf(found, key) ?? place(value, path, options),
      hint: options.unknownKeyHint?.(key) ?? didYouMean(key, known) ?? knownHint(known),
      severity: 'error',
    }));
  }
  const missing = found === undefined && path.length > 0;
  if (options.isPart && (issue.code === 'custom' || (missing && path.length === 1))) return [];
  return [
    {
      message: missing ? missingMessage(path, options) : `${options.what}: ${wording(issue, path, found)}`,
      place: place(value, path, options),
      hint: issue.code === 'invalid_value' ? didYouMean(String(found), issue.values.map(String)) : undefined,
      severity: 'error',
    },
  ];
}

/** The branch of a union that the value comes nearest to; `open` when a branch fails in open values only. */
function closedBranch(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly PropertyKey[],
  value: unknown,
  options: SchemaOptions,
): Issue[] | 'open' | undefined {
  const branches = issue.errors.map((errors) =>
    errors.map((each) => ({ ...each, path: [...path, ...each.path] }) as Issue),
  );
  const closed = branches.map((errors) => errors.filter((each) => !passesOpen(value, each.path, options)));
  if (closed.some((errors, index) => errors.length === 0 && (branches[index]?.length ?? 0) > 0))
    return 'open';
  const deeper = closed.filter((errors) => errors.some((each) => each.path.length > path.length));
  return deeper.sort((left, right) => left.length - right.length)[0];
}

function missingMessage(path: readonly PropertyKey[], options: SchemaOptions): string {
  return `${named(options.what, path.slice(0, -1))} needs the parameter ${String(path.at(-1))}`;
}

function wording(issue: Issue, path: readonly PropertyKey[], found: unknown): string {
  const name = path.length > 0 ? pathText(path) : 'the value';
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const one = values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
    return `${name} must be ${one}, not ${shown(found)}`;
  }
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return `${name} must be ${kind(issue.expected)}, not ${shown(found)}`;
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const kinds = issue.errors.flatMap((errors) =>
      errors.flatMap((each) => (each.code === 'invalid_type' ? [kind(each.expected)] : [])),
    );
    if (kinds.length > 0) return `${name} must be ${[...new Set(kinds)].join(' or ')}, not ${shown(found)}`;
  }
  if (path.length === 0) return issue.message;
  const reason = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return issue.message.startsWith('expected')
    ? `${name}: ${reason}, not ${shown(found)}`
    : `${name}: ${reason}`;
}

function kind(expected: string): string {
  const words: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'yes or no',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return words[expected] ?? expected;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (value instanceof Vaulted) return 'a vaulted text';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && !(value instanceof Unsafe)) return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function named(what: string, path: readonly PropertyKey[]): string {
  return path.length === 0 ? what : `${what}: ${pathText(path)}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index > 0 ? `.${String(step)}` : String(step),
    )
    .join('');
}

function knownHint(known: readonly string[]): string | undefined {
  return known.length > 0 ? `it has ${known.filter((key) => !key.startsWith('_')).join(', ')}` : undefined;
}

function place(value: unknown, path: readonly PropertyKey[], options: SchemaOptions): Place | undefined {
  return placeAt(value, path) ?? placeOf(value) ?? options.place;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return at;
}

/** True when the value along the path, below the root, is open. */
function passesOpen(value: unknown, path: readonly PropertyKey[], { isOpen }: SchemaOptions): boolean {
  return path.some((_, index) => {
    const found = valueAt(value, path.slice(0, index + 1));
    return found instanceof Vaulted || isOpen?.(found) === true;
  });
}

function hasOpen(value: unknown, options: SchemaOptions): boolean {
  if (value instanceof Vaulted || options.isOpen?.(value)) return true;
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((item) => hasOpen(item, options));
}

/** The path with the name that was written, where the schema goes by another name for it. */
function givenPath(path: readonly PropertyKey[], schema: z.ZodType, value: unknown): readonly PropertyKey[] {
  const [first, ...rest] = path;
  if (typeof first !== 'string' || value === null || typeof value !== 'object' || first in value) return path;
  const field = objectOf(schema)?.shape[first];
  const alias = field === undefined ? undefined : aliasesOf(field).find((name) => name in value);
  return alias === undefined ? path : [alias, ...rest];
}

/** The names that a schema's object takes at a path, aliases included; none when it takes any. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[] = []): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    const inner = unwrapped(at);
    if (inner instanceof z.ZodObject) at = inner.shape[String(step)];
    else if (inner instanceof z.ZodArray) at = inner.element;
    else if (inner instanceof z.ZodRecord) at = inner.valueType;
    else if (inner instanceof z.ZodUnion)
      at = inner.options
        .map(unwrapped)
        .find((each) => each instanceof z.ZodArray || each instanceof z.ZodObject);
    else return [];
    if (inner instanceof z.ZodUnion && at instanceof z.ZodArray && typeof step === 'number')
      at = at.element as z.core.$ZodType;
  }
  const object = unwrapped(at);
  const objects = object instanceof z.ZodUnion ? object.options.map(unwrapped) : [object];
  return objects.flatMap((each) => {
    if (!(each instanceof z.ZodObject)) return [];
    const shape = each.shape as Record<string, z.core.$ZodType>;
    return Object.keys(shape).flatMap((key) => [key, ...aliasesOf(shape[key] as z.core.$ZodType)]);
  });
}

function objectOf(schema: z.core.$ZodType): z.ZodObject | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? inner : undefined;
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodPipe) {
    const out = unwrapped(schema.out);
    return out instanceof z.ZodTransform ? unwrapped(schema.in) : out;
  }
  if (schema instanceof z.ZodLazy) return unwrapped(schema.unwrap());
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  )
    return unwrapped(schema.unwrap() as z.core.$ZodType);
  return schema;
}

function aliasesOf(field: z.core.$ZodType): readonly string[] {
  const meta = z.globalRegistry.get(field) as { aliases?: string[] } | undefined;
  return meta?.aliases ?? [];
}

/** `!unsafe` texts as plain ones; of `!vault` ones nothing is known. */
function plain(value: unknown): unknown {
  if (value instanceof Vaulted) return value.ciphertext;
  if (value instanceof Unsafe) return value.text;
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}
