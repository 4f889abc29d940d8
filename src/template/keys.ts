import { TaskFailure } from '../errors.ts';
import { Float, floatText, isFloat } from './numbers.ts';
import { type Dict, defined, isDict, Tuple, typeName } from './python.ts';

/**
 * Keys of Python's dicts may be numbers, and keep their order; those of JavaScript's objects are texts, and texts
 * that look like whole numbers come first. So a key that is no text, or looks like a number, is written with a mark.
 */
const mark = '\0';
const numberLike = /^(?:0|[1-9]\d{0,9})$/;

/** How a key is written in an object that a template makes. */
export function keyOf(value: unknown): string {
  defined(value);
  if (typeof value === 'string') return numberLike.test(value) ? `${mark}s${value}` : value;
  if (typeof value === 'boolean') return `${mark}b${value}`;
  if (value === null) return `${mark}z`;
  if (isFloat(value) && !Number.isInteger(Number(value))) return `${mark}f${floatText(Number(value))}`;
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float)
    return `${mark}i${value instanceof Float ? value.value : value}`;
  if (value instanceof Tuple) return `${mark}t${JSON.stringify(value.map(keyOf))}`;
  throw new TaskFailure(`unhashable type: '${typeName(value)}'`, 'keys are texts and numbers');
}

/** The key that is written like this. */
export function keyValue(key: string): unknown {
  if (!key.startsWith(mark)) return key;
  const rest = key.slice(2);
  switch (key[1]) {
    case 's':
      return rest;
    case 'b':
      return rest === 'true';
    case 'z':
      return null;
    case 't':
      return Tuple.of(...(JSON.parse(rest) as string[]).map(keyValue));
    default:
      return Number(rest);
  }
}

/** How the key is written in this dict, if it is there. Dicts that come from files write numbers as they are. */
export function findKey(dict: Dict, value: unknown): string | undefined {
  const key = keyOf(value);
  if (holds(dict, key)) return key;
  if (!key.startsWith(mark)) return undefined;
  const others = [key.slice(2)];
  if (typeof value === 'boolean') others[0] = `${mark}i${Number(value)}`;
  else if (value === 1 || value === 0) others.push(`${mark}b${value === 1}`);
  return others.find((other) => other !== '' && holds(dict, other));
}

/** Also true for what a Proxy answers to; never for what JavaScript's own objects inherit. */
function holds(target: object, key: string): boolean {
  return Object.hasOwn(target, key) || (key in target && !(key in Object.prototype));
}

export function keysOf(dict: Dict): unknown[] {
  return Object.keys(dict).map(keyValue);
}

export function entriesOf(dict: Dict): [unknown, unknown][] {
  return Object.entries(dict).map(([key, value]) => [keyValue(key), value]);
}

export function put(dict: Dict, key: unknown, value: unknown): void {
  const name = findKey(dict, key) ?? keyOf(key);
  if (name !== '__proto__') dict[name] = value;
  else Object.defineProperty(dict, name, { value, writable: true, enumerable: true, configurable: true });
}

export function makeDict(entries: Iterable<readonly [unknown, unknown]>): Dict {
  const result: Dict = {};
  for (const [key, value] of entries) put(result, key, value);
  return result;
}

/** Python's dict(): a dict, or pairs. */
export function dictFrom(value: unknown): Dict {
  if (isDict(value)) return { ...value };
  if (!Array.isArray(value)) throw new TaskFailure(`'${typeName(value)}' object is not iterable`);
  return makeDict(
    value.map((pair) => {
      const items = typeof pair === 'string' ? [...pair] : pair;
      if (!Array.isArray(items) || items.length !== 2)
        throw new TaskFailure('a dict is made of pairs of a key and a value');
      return [items[0], items[1]] as const;
    }),
  );
}
