import { TaskFailure } from '../errors.ts';
import { UndefinedVariable } from './failures.ts';

/** What a name that nothing defines evaluates to; any use but a test for it or `default()` fails. */
export class Undefined {
  readonly variable: string;
  readonly message: string;
  readonly hint: string | undefined;

  constructor(variable: string, message: string, hint?: string) {
    this.variable = variable;
    this.message = message;
    this.hint = hint;
  }

  fail(): never {
    throw new UndefinedVariable(this.variable, this.message, this.hint);
  }
}

/** Ansible's `omit`: a parameter with this value is left out. */
export const omit: unique symbol = Symbol('omit');

/** Something that a template can call: a method, a macro, a global function. */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly unknown[], named: Dict) => unknown;
  /** What `name.attribute` gives, for Jinja's `loop`. */
  readonly attributes: Dict;

  constructor(name: string, call: Callable['call'], attributes: Dict = {}) {
    this.name = name;
    this.call = call;
    this.attributes = attributes;
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
    !(value instanceof Date) &&
    !(value instanceof Callable) &&
    !(value instanceof Undefined)
  );
}

/** Python's truth value. */
export function isTrue(value: unknown): boolean {
  defined(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Callable) return true;
  if (isDict(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

export function typeName(value: unknown): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'function' || value instanceof Callable) return 'function';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Date) return 'datetime';
  if (value instanceof Undefined) return 'Undefined';
  return 'dict';
}

/** Python's str(). */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return repr(value);
}

/** Python's repr(), for values inside lists and dicts. */
export function repr(value: unknown): string {
  defined(value);
  if (typeof value === 'string') return quoted(value);
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return number(value);
  if (value instanceof Date) return value.toISOString().replace('T', ' ').slice(0, 19);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value === omit) throw new TaskFailure("'omit' can only be the whole value of a parameter");
  if (value instanceof Callable) throw new TaskFailure(`'${value.name}' is a function: it needs parentheses`);
  if (typeof value === 'function') throw new TaskFailure('a function is no value: it needs parentheses');
  return `{${Object.entries(value as Dict)
    .map(([key, item]) => `${quoted(key)}: ${repr(item)}`)
    .join(', ')}}`;
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return String(value);
}

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quoted(value: string): string {
  const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
  let result = '';
  for (const character of value) {
    const code = character.charCodeAt(0);
    if (character === mark) result += `\\${mark}`;
    else if (named[character]) result += named[character];
    else if (code < 32 || code === 127) result += `\\x${code.toString(16).padStart(2, '0')}`;
    else result += character;
  }
  return mark + result + mark;
}

/** Python's `==`. */
export function equals(left: unknown, right: unknown): boolean {
  defined(left);
  defined(right);
  if (left === right) return true;
  if (typeof left === 'boolean' && typeof right === 'number') return Number(left) === right;
  if (typeof left === 'number' && typeof right === 'boolean') return left === Number(right);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => equals(item, right[index]));
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (!isDict(left) || !isDict(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equals(left[key], right[key]))
  );
}

/** Below zero, zero or above it, as Python orders values of one type. Throws a TaskFailure for types without order. */
export function compare(left: unknown, right: unknown): number {
  defined(left);
  defined(right);
  if (isNumber(left) && isNumber(right)) return Number(left) - Number(right);
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
      const order = equals(left[index], right[index]) ? 0 : compare(left[index], right[index]);
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  throw new TaskFailure(`${typeName(left)} and ${typeName(right)} cannot be ordered`, castHint(left, right));
}

function isNumber(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function castHint(left: unknown, right: unknown): string | undefined {
  const mixed = [left, right].some(isNumber) && [left, right].some((value) => typeof value === 'string');
  return mixed ? "make the text a number with '| int' or '| float'" : undefined;
}

/** Python's `item in container`. */
export function contains(container: unknown, item: unknown): boolean {
  defined(container);
  defined(item);
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item);
    throw new TaskFailure(`'in <string>' needs a string on its left, not ${typeName(item)}`);
  }
  if (Array.isArray(container)) return container.some((each) => equals(each, item));
  if (isDict(container)) return Object.hasOwn(container, text(item));
  throw new TaskFailure(`'in' needs a list, a dict or a string on its right, not ${typeName(container)}`);
}

/** What Python's `for` goes over: items of a list, keys of a dict, characters of a string. */
export function iterate(value: unknown): unknown[] {
  defined(value);
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (isDict(value)) return Object.keys(value);
  throw new TaskFailure(`${typeName(value)} cannot be iterated over`);
}

/** A list that is one, for filters that make no sense with a string's characters. */
export function list(value: unknown, what: string): unknown[] {
  defined(value);
  if (Array.isArray(value)) return value;
  if (isDict(value)) return Object.keys(value);
  throw new TaskFailure(`${what} needs a list, not ${typeName(value)}`);
}

export function dict(value: unknown, what: string): Dict {
  defined(value);
  if (isDict(value)) return value;
  throw new TaskFailure(`${what} needs a dict, not ${typeName(value)}`);
}
