import { TaskFailure } from '../errors.ts';
import { entriesOf, findKey } from './keys.ts';
import { isNumeric } from './numbers.ts';
import { Duration, defined, isDict, surrogate, Tuple, typeName } from './python.ts';

/** Python's `==`. */
export function equals(left: unknown, right: unknown): boolean {
  defined(left);
  defined(right);
  if (left === right) return true;
  // biome-ignore lint/suspicious/noDoubleEquals: it compares bigints and numbers by size
  if (isNumeric(left) && isNumeric(right)) return left.valueOf() == right.valueOf();
  if (Array.isArray(left) && Array.isArray(right))
    return (
      left instanceof Tuple === right instanceof Tuple &&
      left.length === right.length &&
      left.every((item, index) => equals(item, right[index]))
    );
  if (left instanceof Date && right instanceof Date) return left.getTime() === right.getTime();
  if (left instanceof Duration && right instanceof Duration) return left.seconds === right.seconds;
  if (!isDict(left) || !isDict(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    entriesOf(left).every(([key, value]) => {
      const other = findKey(right, key);
      return other !== undefined && equals(value, right[other]);
    })
  );
}

/** Below zero, zero or above it, as Python orders values of one type. Throws a TaskFailure for types without order. */
export function compare(left: unknown, right: unknown, operator = '<'): number {
  defined(left);
  defined(right);
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [left.valueOf() as number, right.valueOf() as number];
    // biome-ignore lint/suspicious/noDoubleEquals: it compares bigints and numbers by size
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : Number.NaN;
  }
  if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right);
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  if (left instanceof Duration && right instanceof Duration) return left.seconds - right.seconds;
  if (Array.isArray(left) && Array.isArray(right) && left instanceof Tuple === right instanceof Tuple) {
    for (let index = 0; index < Math.min(left.length, right.length); index += 1)
      if (!equals(left[index], right[index])) return compare(left[index], right[index], operator);
    return left.length - right.length;
  }
  throw new TaskFailure(
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
    castHint(left, right),
  );
}

/** By code points: JavaScript's own order differs where surrogates come in. */
function compareTexts(left: string, right: string): number {
  if (surrogate.test(left) || surrogate.test(right)) {
    const [a, b] = [[...left], [...right]];
    for (let index = 0; index < Math.min(a.length, b.length); index += 1)
      if (a[index] !== b[index]) return a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!;
    return a.length - b.length;
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

function castHint(left: unknown, right: unknown): string | undefined {
  const mixed = [left, right].some(isNumeric) && [left, right].some((value) => typeof value === 'string');
  return mixed ? "make the text a number with '| int' or '| float'" : undefined;
}

/** Python's `item in container`. */
export function contains(container: unknown, item: unknown): boolean {
  defined(container);
  defined(item);
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item);
    throw new TaskFailure(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (Array.isArray(container)) return container.some((each) => equals(each, item));
  if (isDict(container)) return findKey(container, item) !== undefined;
  throw new TaskFailure(`argument of type '${typeName(container)}' is not iterable`);
}
