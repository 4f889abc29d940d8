import { TaskFailure } from '../errors.ts';
import { compare, contains, equals } from './comparison.ts';
import { formatPercent } from './format.ts';
import { Float, isFloat, isNumeric, type Numeric, real, whole } from './numbers.ts';
import { characters, Duration, defined, Range, Tuple, text, typeName } from './python.ts';

type Operator = (left: unknown, right: unknown) => unknown;

/** Python's binary operators. */
export const binaryOperators: Readonly<Record<string, Operator>> = {
  '~': (left, right) => text(left) + text(right),

  '+'(left, right) {
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    if (isPlainList(left) && isPlainList(right) && sameKind(left, right)) return joined(left, right);
    if (left instanceof Date && right instanceof Duration)
      return new Date(left.getTime() + right.seconds * 1000);
    if (left instanceof Duration && right instanceof Duration)
      return new Duration(left.seconds + right.seconds);
    return calculate(
      '+',
      left,
      right,
      (a, b) => a + b,
      (a, b) => a + b,
    );
  },

  '-'(left, right) {
    if (left instanceof Date && right instanceof Date)
      return new Duration((left.getTime() - right.getTime()) / 1000);
    if (left instanceof Date && right instanceof Duration)
      return new Date(left.getTime() - right.seconds * 1000);
    if (left instanceof Duration && right instanceof Duration)
      return new Duration(left.seconds - right.seconds);
    return calculate(
      '-',
      left,
      right,
      (a, b) => a - b,
      (a, b) => a - b,
    );
  },

  '*'(left, right) {
    const [repeated, count] = isNumeric(left) ? [right, left] : [left, right];
    if ((typeof repeated === 'string' || isPlainList(repeated)) && isNumeric(count) && !isFloat(count)) {
      const times = Math.max(0, Number(count));
      if (typeof repeated === 'string') return repeated.repeat(times);
      const items = Array.from({ length: times }, () => [...repeated]).flat();
      return repeated instanceof Tuple ? Tuple.of(...items) : items;
    }
    return calculate(
      '*',
      left,
      right,
      (a, b) => a * b,
      (a, b) => a * b,
    );
  },

  '/'(left, right) {
    const [a, b] = numbers('/', left, right);
    if (Number(b) === 0) throw new TaskFailure('division by zero');
    return real(Number(a) / Number(b));
  },

  '//': (left, right) =>
    calculate(
      '//',
      left,
      right,
      (a, b) => Math.floor(a / divisor(b)),
      (a, b) => floorDivision(a, divisor(b)),
    ),

  '%'(left, right) {
    if (typeof left === 'string') return formatPercent(left, defined(right));
    return calculate(
      '%',
      left,
      right,
      (a, b) => modulo(a, divisor(b)),
      (a, b) => a - floorDivision(a, divisor(b)) * b,
    );
  },

  '**'(left, right) {
    const [a, b] = numbers('**', left, right);
    if (Number(a) === 0 && Number(b) < 0) throw new TaskFailure('0.0 cannot be raised to a negative power');
    if (isFloat(a) || isFloat(b) || Number(b) < 0) {
      const power = Number(a) ** Number(b);
      if (Number.isNaN(power) && Number(a) < 0) throw new TaskFailure('a negative number has no such power');
      return real(power);
    }
    const result = Number(a) ** Number(b);
    if (Number.isSafeInteger(result)) return result;
    if (Number(b) > 10_000) throw new TaskFailure('the number is too large');
    return whole(BigInt(a as bigint) ** BigInt(b as bigint));
  },
};

export const comparisonOperators: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  '<': (left, right) => compare(left, right, '<') < 0,
  '>': (left, right) => compare(left, right, '>') > 0,
  '<=': (left, right) => compare(left, right, '<=') <= 0,
  '>=': (left, right) => compare(left, right, '>=') >= 0,
  in: (left, right) => contains(right, left),
  'not in': (left, right) => !contains(right, left),
};

/** Unary `-` and `+`. */
export function signed(operator: '-' | '+', value: unknown): unknown {
  defined(value);
  if (!isNumeric(value))
    throw new TaskFailure(`bad operand type for unary ${operator}: '${typeName(value)}'`);
  const plain = typeof value === 'boolean' ? Number(value) : value;
  if (operator === '+') return plain;
  if (plain instanceof Float) return new Float(-plain.value);
  return plain === 0 ? 0 : -plain;
}

function isPlainList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !(value instanceof Range);
}

function sameKind(left: unknown[], right: unknown[]): boolean {
  return left instanceof Tuple === right instanceof Tuple;
}

function joined(left: unknown[], right: unknown[]): unknown[] {
  const items = [...left, ...right];
  return left instanceof Tuple ? Tuple.of(...items) : items;
}

function numbers(operator: string, left: unknown, right: unknown): [Numeric, Numeric] {
  for (const value of [defined(left), defined(right)])
    if (!isNumeric(value))
      throw new TaskFailure(
        `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
        hint(operator, left, right),
      );
  return [left as Numeric, right as Numeric];
}

function calculate(
  operator: string,
  left: unknown,
  right: unknown,
  floats: (a: number, b: number) => number,
  exact: (a: bigint, b: bigint) => bigint,
): unknown {
  const [a, b] = numbers(operator, left, right);
  if (isFloat(a) || isFloat(b)) return real(floats(Number(a), Number(b)));
  if (typeof a !== 'bigint' && typeof b !== 'bigint') {
    const result = floats(Number(a), Number(b));
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
  }
  return whole(exact(BigInt(a as bigint), BigInt(b as bigint)));
}

function hint(operator: string, left: unknown, right: unknown): string | undefined {
  const strings = [left, right].filter((value) => typeof value === 'string').length;
  if (strings === 0) return undefined;
  return operator === '+' ? "put texts together with '~'" : "make the text a number with '| int'";
}

function divisor<T extends number | bigint>(value: T): T {
  if (Number(value) === 0) throw new TaskFailure('division by zero');
  return value;
}

function floorDivision(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** The sign is the divisor's. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return b < 0 ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

/** `target[start:stop:step]`. */
export function slice(target: unknown, start: unknown, stop: unknown, step: unknown): unknown {
  defined(target);
  if (typeof target !== 'string' && !Array.isArray(target))
    throw new TaskFailure(`'${typeName(target)}' object cannot be sliced`);
  const all = typeof target === 'string' ? characters(target) : target;
  const by = bound(step) ?? 1;
  if (by === 0) throw new TaskFailure('slice step cannot be zero');
  const { length } = all;
  const clip = (value: number) =>
    by > 0
      ? Math.min(Math.max(value < 0 ? value + length : value, 0), length)
      : Math.min(Math.max(value < 0 ? value + length : value, -1), length - 1);
  const from = bound(start);
  const to = bound(stop);
  const first = from === undefined ? (by > 0 ? 0 : length - 1) : clip(from);
  const end = to === undefined ? (by > 0 ? length : -1) : clip(to);
  const items: unknown[] = [];
  for (let index = first; by > 0 ? index < end : index > end; index += by) items.push(all[index]);
  if (typeof target === 'string') return items.join('');
  return target instanceof Tuple ? Tuple.of(...items) : items;
}

function bound(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  defined(value);
  if (isNumeric(value) && !isFloat(value)) return Number(value);
  throw new TaskFailure(`a slice goes by whole numbers, not ${typeName(value)}`);
}
