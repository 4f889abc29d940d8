import { TaskFailure } from '../errors.ts';
import { NotKnownYet, Pending } from './failures.ts';
import { formatPercent } from './format.ts';
import { compare, contains, defined, equals, isDict, text, typeName, Undefined } from './python.ts';

type Operator = (left: unknown, right: unknown) => unknown;

/** Python's binary operators. Division gives whole numbers without `.0`, since there is one type of number here. */
export const binaryOperators: Readonly<Record<string, Operator>> = {
  '~': (left, right) => text(left) + text(right),

  '+'(left, right) {
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
    return calculate('+', left, right, (a, b) => a + b);
  },

  '-'(left, right) {
    if (left instanceof Date && right instanceof Date)
      return duration((left.getTime() - right.getTime()) / 1000);
    return calculate('-', left, right, (a, b) => a - b);
  },

  '*'(left, right) {
    const [repeated, count] = typeof left === 'number' ? [right, left] : [left, right];
    if (typeof repeated === 'string' && typeof count === 'number') return repeated.repeat(Math.max(0, count));
    if (Array.isArray(repeated) && typeof count === 'number')
      return Array.from({ length: Math.max(0, count) }, () => repeated).flat();
    return calculate('*', left, right, (a, b) => a * b);
  },

  '/': (left, right) => calculate('/', left, right, (a, b) => a / divisor(b)),
  '//': (left, right) => calculate('//', left, right, (a, b) => Math.floor(a / divisor(b))),
  '**': (left, right) => calculate('**', left, right, (a, b) => a ** b),

  '%'(left, right) {
    if (typeof left === 'string') return formatPercent(left, defined(right));
    return calculate('%', left, right, (a, b) => a - Math.floor(a / divisor(b)) * b);
  },
};

export const comparisonOperators: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  '<': (left, right) => compare(left, right) < 0,
  '>': (left, right) => compare(left, right) > 0,
  '<=': (left, right) => compare(left, right) <= 0,
  '>=': (left, right) => compare(left, right) >= 0,
  in: (left, right) => contains(right, left),
  'not in': (left, right) => !contains(right, left),
};

function calculate(
  operator: string,
  left: unknown,
  right: unknown,
  operation: (a: number, b: number) => number,
): number {
  for (const value of [defined(left), defined(right)])
    if (typeof value !== 'number' && typeof value !== 'boolean')
      throw new TaskFailure(
        `${typeName(left)} ${operator} ${typeName(right)} has no meaning`,
        hint(operator, left, right),
      );
  return operation(Number(left), Number(right));
}

function hint(operator: string, left: unknown, right: unknown): string | undefined {
  const strings = [left, right].filter((value) => typeof value === 'string').length;
  if (strings === 0) return undefined;
  return operator === '+' ? "put texts together with '~'" : "make the text a number with '| int'";
}

function divisor(value: number): number {
  if (value === 0) throw new TaskFailure('division by zero');
  return value;
}

/** What Python's timedelta says of itself. */
function duration(seconds: number): Record<string, unknown> {
  return {
    days: Math.floor(seconds / 86400),
    seconds: seconds - Math.floor(seconds / 86400) * 86400,
    total_seconds: () => seconds,
  };
}

/** `target[index]`. */
export function item(target: unknown, index: unknown): unknown {
  if (target instanceof Undefined) return target;
  defined(index);
  if (Array.isArray(target) || typeof target === 'string') {
    const position = typeof index === 'number' ? index : Number.NaN;
    const found = target[position < 0 ? target.length + position : position];
    if (found !== undefined) return found;
    const what = Array.isArray(target) ? 'list object' : 'str object';
    return new Undefined(text(index), `'${what}' has no element ${text(index)}`);
  }
  const key = text(index);
  const found = isDict(target) && holds(target, key) ? target[key] : undefined;
  if (found instanceof Pending) throw new NotKnownYet(found.variable);
  return found === undefined ? missing(target, key) : found;
}

/** Also true for what a Proxy answers to; never for what JavaScript's own objects inherit. */
function holds(target: object, key: string): boolean {
  return Object.hasOwn(target, key) || (key in target && !(key in Object.prototype));
}

export function missing(target: unknown, name: string): Undefined {
  return new Undefined(name, `'${typeName(target)} object' has no attribute '${name}'`, nearby(target, name));
}

/** The keys that are there, when they are few enough to be of help. */
function nearby(target: unknown, name: string): string | undefined {
  if (!isDict(target)) return undefined;
  const keys = Object.keys(target);
  const alike = keys.find(
    (key) => key.toLowerCase() === name.toLowerCase() || key.replaceAll('-', '_') === name,
  );
  if (alike !== undefined) return `did you mean '${alike}'?`;
  return keys.length > 0 && keys.length <= 12 ? `it has ${keys.join(', ')}` : undefined;
}

/** `target[start:stop:step]`. */
export function slice(target: unknown, start: unknown, stop: unknown, step: unknown): unknown {
  defined(target);
  if (typeof target !== 'string' && !Array.isArray(target))
    throw new TaskFailure(`${typeName(target)} cannot be sliced`);
  const by = bound(step) ?? 1;
  if (by === 0) throw new TaskFailure('the step of a slice cannot be 0');
  const { length } = target;
  const clip = (value: number) =>
    by > 0
      ? Math.min(Math.max(value < 0 ? value + length : value, 0), length)
      : Math.min(Math.max(value < 0 ? value + length : value, -1), length - 1);
  const from = bound(start);
  const to = bound(stop);
  const first = from === undefined ? (by > 0 ? 0 : length - 1) : clip(from);
  const end = to === undefined ? (by > 0 ? length : -1) : clip(to);
  const items: unknown[] = [];
  for (let index = first; by > 0 ? index < end : index > end; index += by) items.push(target[index]);
  return typeof target === 'string' ? items.join('') : items;
}

function bound(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof defined(value) === 'number') return value as number;
  throw new TaskFailure(`a slice goes by whole numbers, not ${typeName(value)}`);
}
