import { NotKnownYet, Pending } from './failures.ts';
import { findKey } from './keys.ts';
import { method } from './methods/index.ts';
import { isInt } from './numbers.ts';
import {
  Callable,
  characters,
  type Dict,
  defined,
  Group,
  isDict,
  Namespace,
  putOff,
  text,
  typeName,
  Undefined,
} from './python.ts';

/** `target.name`: what Python's type has under that name, or else the key. */
export function attribute(target: unknown, name: string): unknown {
  if (target instanceof Undefined) return target;
  const own = member(target, name);
  if (own !== undefined) return own;
  if (name.startsWith('__') && !isDict(target)) return unsafe(target, name);
  return isDict(target) ? key(target, name, name) : missing(target, name);
}

/** `target[index]`. */
export function item(target: unknown, index: unknown): unknown {
  if (target instanceof Undefined) return target;
  defined(index);
  if (Array.isArray(target) || typeof target === 'string') {
    const all = typeof target === 'string' ? characters(target) : target;
    const position = isInt(index) ? Number(index) : Number.NaN;
    const found = read(all as unknown as Dict, String(position < 0 ? all.length + position : position));
    if (found !== undefined) return found;
  } else if (isDict(target)) {
    const found = hashable(index) ? key(target, index, text(index)) : missing(target, text(index));
    if (!(found instanceof Undefined) || typeof index !== 'string' || found.cause) return found;
    return member(target, index) ?? found;
  }
  const own = typeof index === 'string' ? member(target, index) : undefined;
  return own ?? missing(target, index);
}

function hashable(value: unknown): boolean {
  return !Array.isArray(value) && !isDict(value);
}

/** What is no key: methods, attributes of dates and numbers, of `loop` and namespaces. */
export function member(target: unknown, name: string): unknown {
  if (target instanceof Callable)
    return Object.hasOwn(target.attributes, name) ? target.attributes[name] : undefined;
  if (target instanceof Namespace)
    return Object.hasOwn(target.values, name) ? target.values[name] : undefined;
  if (target instanceof Group && (name === 'grouper' || name === 'list')) return target[name];
  return method(target, name);
}

function key(target: Dict, wanted: unknown, name: string): unknown {
  const found = findKey(target, wanted);
  return found === undefined ? missing(target, name) : read(target, found);
}

/** The value under a key. It may be rendered only now: a failure is put off until the value is used. */
function read(target: Dict, name: string): unknown {
  let found: unknown;
  try {
    found = target[name];
  } catch (error) {
    return putOff(error);
  }
  if (found instanceof Pending) throw new NotKnownYet(found.variable);
  return found;
}

function unsafe(target: unknown, name: string): Undefined {
  return new Undefined(name, `access to attribute '${name}' of '${typeName(target)}' object is unsafe.`);
}

export function missing(target: unknown, name: unknown): Undefined {
  const shown = typeof name === 'string' ? `'${name}'` : text(name);
  return new Undefined(
    text(name),
    `object of type '${typeName(target)}' has no attribute ${shown}`,
    typeof name === 'string' ? nearby(target, name) : undefined,
  );
}

/** The keys that are there, when they are few enough to be of help. */
function nearby(target: unknown, name: string): string | undefined {
  if (!isDict(target)) return undefined;
  const keys = Object.keys(target);
  const alike = keys.find(
    (each) => each.toLowerCase() === name.toLowerCase() || each.replaceAll('-', '_') === name,
  );
  if (alike !== undefined) return `did you mean '${alike}'?`;
  return keys.length > 0 && keys.length <= 12 ? `it has ${keys.join(', ')}` : undefined;
}
