import { types } from 'node:util';
import { Unsafe } from '../yaml/unsafe.ts';
import type { Variables } from './environment.ts';
import { putOff } from './python.ts';
import { isTemplate, renderText } from './render.ts';

const known = new WeakMap<object, boolean>();

/**
 * A variable's value with the templates in it rendered: a text at once, what a dict or list holds each when it is first
 * read, so that one undefined value does no harm to the others. What holds no template is given back as it is.
 */
export function lazily(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return isTemplate(value) ? tried(value, variables) : value;
  if (value instanceof Unsafe) return value.text;
  if (typeof value !== 'object' || value === null || !holdsTemplates(value)) return value;
  const result: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  for (const [key, item] of Object.entries(value))
    if (typeof item === 'string' ? isTemplate(item) : typeof item === 'object' && item !== null)
      onFirstRead(result, key, () => lazily(item, variables));
    else (result as Record<string, unknown>)[key] = item;
  return result;
}

/** The value of a template; a failure is put off until the value is used. */
function tried(template: string, variables: Variables): unknown {
  try {
    return renderText(template, variables);
  } catch (error) {
    return putOff(error);
  }
}

function onFirstRead(target: object, name: string, read: () => unknown): void {
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = read();
      Object.defineProperty(target, name, { configurable: true, enumerable: true, writable: true, value });
      return value;
    },
    set(value: unknown) {
      Object.defineProperty(target, name, { configurable: true, enumerable: true, writable: true, value });
    },
  });
}

/** Whether a dict or list has templates in it. False for Proxies and objects with getters: they render themselves. */
export function holdsTemplates(value: object): boolean {
  const before = known.get(value);
  if (before !== undefined) return before;
  const result = !types.isProxy(value) && inspect(value);
  known.set(value, result);
  return result;
}

function inspect(value: object): boolean {
  if (value instanceof Unsafe) return true;
  if (Array.isArray(value)) return value.some(some);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const properties = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(
    ([, property]) => property.enumerable,
  );
  if (properties.some(([, property]) => property.get)) return false;
  return properties.some(([, property]) => some(property.value));
}

function some(value: unknown): boolean {
  if (typeof value === 'string') return isTemplate(value);
  return typeof value === 'object' && value !== null && holdsTemplates(value);
}
