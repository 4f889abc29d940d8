import { equals } from './comparison.ts';
import { keyOf } from './keys.ts';
import { isNumeric } from './numbers.ts';
import { isDict, Tuple } from './python.ts';

/** Values without those that are equal to one before, fast where Python could hash them. */
export class Seen {
  readonly #keys = new Set<string>();
  readonly #others: unknown[] = [];

  /** Whether it is new. */
  add(value: unknown): boolean {
    const key = hashOf(value);
    if (key === undefined) {
      if (this.#others.some((each) => equals(each, value))) return false;
      this.#others.push(value);
      return true;
    }
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }

  has(value: unknown): boolean {
    const key = hashOf(value);
    return key === undefined ? this.#others.some((each) => equals(each, value)) : this.#keys.has(key);
  }
}

export function seen(values: Iterable<unknown>): Seen {
  const result = new Seen();
  for (const value of values) result.add(value);
  return result;
}

export function isHashable(value: unknown): boolean {
  return (!Array.isArray(value) || value instanceof Tuple) && !isDict(value);
}

/** The same for values that are equal; none for those that only a comparison can tell. */
function hashOf(value: unknown): string | undefined {
  if (!isHashable(value)) return undefined;
  if (value instanceof Tuple)
    return value.every(isHashable) ? `t${value.map(hashOf).join('\0,')}` : undefined;
  if (value === null || typeof value === 'string') return keyOf(value);
  return isNumeric(value) ? keyOf(typeof value === 'boolean' ? Number(value) : value) : undefined;
}
