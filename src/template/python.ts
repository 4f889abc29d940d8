import { TaskFailure } from '../errors.ts';
import { UndefinedVariable } from './failures.ts';
import { entriesOf, keysOf } from './keys.ts';
import { Float, isFloat, isNumeric, numberText } from './numbers.ts';

/**
 * What a name that nothing defines evaluates to; any use but a test for it or `default()` fails.
 * With `cause` it stands for another failure that is put off until the value is used.
 */
export class Undefined {
  readonly variable: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly cause: Error | undefined;

  constructor(variable: string, message: string, hint?: string, cause?: Error) {
    this.variable = variable;
    this.message = message;
    this.hint = hint;
    this.cause = cause;
  }

  fail(): never {
    throw this.cause ?? new UndefinedVariable(this.variable, this.message, this.hint);
  }
}

/** What an inline if without else gives when it does not hold: nothing in a text, false, empty; no value of a variable. */
export class Blank extends Undefined {}

/** A failure as a value that may yet not be needed; what is no failure of a template is thrown on. */
export function putOff(error: unknown): Undefined {
  if (error instanceof UndefinedVariable)
    return new Undefined(error.variable, error.message, error.hint, error);
  if (error instanceof TaskFailure) return new Undefined('', error.message, error.hint, error);
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    const failure = new TaskFailure('the template calls itself without end');
    return new Undefined('', failure.message, undefined, failure);
  }
  throw error;
}

/** Whether it is a variable that is undefined, not another failure. */
export function isUndefinedVariable(value: unknown): value is Undefined {
  return (
    value instanceof Undefined && (value.cause === undefined || value.cause instanceof UndefinedVariable)
  );
}

/** Ansible's `omit`: a parameter with this value is left out. */
export const omit: unique symbol = Symbol('omit');

/** Something that a template can call: a method, a macro, a global function. */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly unknown[], named: Dict) => unknown;
  /** What `name.attribute` gives, for Jinja's `loop`. */
  readonly attributes: Dict;
  /** Takes undefined values among its arguments. */
  readonly lenient: boolean;

  constructor(name: string, call: Callable['call'], attributes: Dict = {}, lenient = false) {
    this.name = name;
    this.call = call;
    this.attributes = attributes;
    this.lenient = lenient;
  }
}

/** Python's tuple: a list with other brackets, that is equal to no list. */
export class Tuple extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static override of<T>(...items: T[]): T[] {
    const tuple = new Tuple();
    for (const item of items) tuple.push(item);
    return tuple as T[];
  }
}

/** The pair that `groupby` gives. */
export class Group extends Tuple {
  get grouper(): unknown {
    return this[0];
  }

  get list(): unknown {
    return this[1];
  }
}

/** Python's range object: what it goes over. */
export class Range extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  bounds: readonly number[] = [];
}

/** Jinja's namespace(): the one thing whose attributes a template can set. */
export class Namespace {
  readonly values: Dict;

  constructor(values: Dict) {
    this.values = values;
  }
}

/** Python's date: a day without a time. */
export class Day extends Date {}

/** Python's timedelta. */
export class Duration {
  readonly seconds: number;

  constructor(seconds: number) {
    this.seconds = seconds;
  }
}

export type Dict = Record<string, unknown>;

/** The value, or the failure that it stands for. */
export function defined(value: unknown): unknown {
  return value instanceof Undefined ? value.fail() : value;
}

export function isDict(value: unknown): value is Dict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Float) &&
    !(value instanceof Date) &&
    !(value instanceof Callable) &&
    !(value instanceof Undefined) &&
    !(value instanceof Namespace) &&
    !(value instanceof Duration)
  );
}

/** The value as text and filters take it. */
export function unblank(value: unknown): unknown {
  return value instanceof Blank ? '' : value;
}

/** Python's truth value. */
export function isTrue(value: unknown): boolean {
  if (value instanceof Blank) return false;
  defined(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Float) return value.value !== 0;
  if (typeof value === 'number') return value !== 0;
  if (isDict(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (isNumeric(value)) return isFloat(value) ? 'float' : 'int';
  if (value instanceof Callable)
    return value.attributes.index === undefined ? 'builtin_function_or_method' : 'LoopContext';
  if (value instanceof Group) return 'GroupTuple';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Range) return 'range';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Day) return 'date';
  if (value instanceof Date) return 'datetime';
  if (value instanceof Duration) return 'timedelta';
  if (value instanceof Namespace) return 'Namespace';
  if (value === omit) return '_OmitType';
  if (value instanceof Blank) return 'Undefined';
  if (value instanceof Undefined)
    return isUndefinedVariable(value) ? 'UndefinedMarker' : 'CapturedExceptionMarker';
  return 'dict';
}

/** Python's str(). */
export function text(value: unknown): string {
  const given = unblank(value);
  return typeof given === 'string' ? given : repr(given);
}

/** Python's repr(), for values inside lists and dicts. */
export function repr(value: unknown, inside = false): string {
  defined(value);
  if (typeof value === 'string') return quoted(value);
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (isNumeric(value)) return numberText(value);
  if (value instanceof Day && !inside) return value.toISOString().slice(0, 10);
  if (value instanceof Date) return inside ? dateRepr(value) : dateText(value);
  if (value instanceof Duration) return durationText(value.seconds);
  if (value instanceof Range) return `range(${value.bounds.join(', ')})`;
  if (Array.isArray(value)) {
    const items = value.map((item) => repr(item, true));
    if (!(value instanceof Tuple)) return `[${items.join(', ')}]`;
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
  }
  if (value === omit) return '<<Omit>>';
  if (value instanceof Namespace) return `<Namespace ${repr(value.values)}>`;
  if (value instanceof Callable) {
    const { index, length } = value.attributes;
    if (index !== undefined) return `<LoopContext ${index}/${length}>`;
    throw new TaskFailure(`'${value.name}' is a function: it needs parentheses`);
  }
  return `{${entriesOf(value as Dict)
    .map(([key, item]) => `${repr(key, true)}: ${repr(item, true)}`)
    .join(', ')}}`;
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

function dateText(date: Date): string {
  const [day, time] = date.toISOString().split('T') as [string, string];
  const fraction = date.getUTCMilliseconds() === 0 ? '' : `.${pad(date.getUTCMilliseconds(), 3)}000`;
  return `${day} ${time.slice(0, 8)}${fraction}`;
}

function dateRepr(date: Date): string {
  const parts = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  parts.push(date.getUTCHours(), date.getUTCMinutes());
  if (date.getUTCSeconds() || date.getUTCMilliseconds()) parts.push(date.getUTCSeconds());
  if (date.getUTCMilliseconds()) parts.push(date.getUTCMilliseconds() * 1000);
  return `datetime.datetime(${parts.join(', ')})`;
}

function durationText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const time = `${Math.floor(rest / 3600)}:${pad(Math.floor(rest / 60) % 60)}:${pad(Math.floor(rest % 60))}`;
  return days === 0 ? time : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${time}`;
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quoted(value: string): string {
  const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
  let result = '';
  for (const character of value) {
    const code = character.codePointAt(0)!;
    if (character === mark) result += `\\${mark}`;
    else if (named[character]) result += named[character];
    else if (code < 32 || (code >= 127 && /[\p{C}\p{Z}]/u.test(character))) result += escaped(code);
    else result += character;
  }
  return mark + result + mark;
}

function escaped(code: number): string {
  if (code < 256) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 65_536) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Half of a character that JavaScript keeps in two. */
export const surrogate = /[\ud800-\udfff]/;

/** What Python counts as the characters of a text. */
export function characters(value: string): string[] | string {
  return surrogate.test(value) ? [...value] : value;
}

/** What Python's `for` goes over: items of a list, keys of a dict, characters of a string. */
export function iterate(value: unknown): unknown[] {
  defined(value);
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (isDict(value)) return keysOf(value);
  throw new TaskFailure(`'${typeName(value)}' object is not iterable`);
}

/** Python's len(). */
export function size(value: unknown): number {
  defined(value);
  if (typeof value === 'string') return characters(value).length;
  if (Array.isArray(value)) return value.length;
  if (isDict(value)) return Object.keys(value).length;
  throw new TaskFailure(`object of type '${typeName(value)}' has no len()`);
}

/** A list that is one, for filters that make no sense with a string's characters. */
export function list(value: unknown, what: string): unknown[] {
  defined(value);
  if (Array.isArray(value)) return value;
  if (isDict(value)) return keysOf(value);
  throw new TaskFailure(`${what} needs a list, not ${typeName(value)}`);
}

export function dict(value: unknown, what: string): Dict {
  defined(value);
  if (isDict(value)) return value;
  throw new TaskFailure(`${what} needs a dict, not ${typeName(value)}`);
}
