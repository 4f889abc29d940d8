import { TaskFailure } from '../errors.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import { NotKnownYet, Pending } from './failures.ts';
import { keyValue } from './keys.ts';
import { Float } from './numbers.ts';
import {
  Blank,
  Callable,
  Duration,
  defined,
  Namespace,
  omit,
  Range,
  Tuple,
  text,
  typeName,
} from './python.ts';

export type Values = 'plain' | 'python';

/**
 * Reads everything that is lazy in a value, and leaves out what is omitted; tuples become lists.
 * `python` keeps what only Python's types tell: that 2.0 is a float, and keys that are no texts.
 */
export function finalize(
  value: unknown,
  kind: Values,
  leaf: (text: string) => unknown = (same) => same,
): unknown {
  defined(value);
  if (typeof value === 'string') return leaf(value);
  if (typeof value !== 'object' || value === null) return scalar(value, kind);
  if (value instanceof Pending) throw new NotKnownYet(value.variable);
  if (value instanceof Unsafe) return value.text;
  if (value instanceof Float) return kind === 'plain' ? value.value : value;
  if (
    value instanceof Range ||
    value instanceof Callable ||
    value instanceof Namespace ||
    value instanceof Duration
  )
    throw new TaskFailure(`a value of the type '${typeName(value)}' cannot be a result`, advice(value));
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const settled = finalize(item, kind, leaf);
      if (settled !== omit) items.push(settled);
    }
    return items;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const settled = finalize(item, kind, leaf);
    if (settled === omit) continue;
    if (key.startsWith('\0t')) throw new TaskFailure('a tuple cannot be the key of a result');
    const name = kind === 'plain' && key.startsWith('\0') ? text(keyValue(key)) : key;
    if (name !== '__proto__') result[name] = settled;
    else
      Object.defineProperty(result, name, {
        value: settled,
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
  return result;
}

function scalar(value: unknown, kind: Values): unknown {
  if (typeof value === 'bigint' && kind === 'plain') return Number(value);
  return value;
}

function advice(value: unknown): string | undefined {
  if (value instanceof Range) return "make it a list with '| list'";
  if (value instanceof Callable)
    return `'${value.name}' is a function: call it, or write ['${value.name}'] for a key`;
  return undefined;
}

/** A value inside a text: as Python prints it, tuples as lists, without what is omitted. */
export function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Blank) return '';
  defined(value);
  return text(settled(value));
}

function settled(value: unknown): unknown {
  defined(value);
  if (Array.isArray(value) && !(value instanceof Range))
    return (value instanceof Tuple ? [...value] : value).filter((item) => item !== omit).map(settled);
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) if (item !== omit) result[key] = settled(item);
  return result;
}
