import { Float } from '../yaml/float.ts';
import { Unsafe } from '../yaml/unsafe.ts';

/** Whether a value can be known only when it is rendered. */
export function isOpen(value: unknown): boolean {
  return typeof value === 'string' && /\{[{%]/.test(value);
}

export function list(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function text(value: unknown): string {
  if (value instanceof Unsafe) return value.text;
  if (value instanceof Float) return String(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Ansible's booleans: `yes`, `on`, `1` and their like; undefined for everything else. */
export function boolean(value: unknown): boolean | undefined {
  const word = text(value).toLowerCase();
  if (['y', 'yes', 'on', '1', 'true', 't', '1.0'].includes(word)) return true;
  if (['n', 'no', 'off', '0', 'false', 'f', '0.0'].includes(word)) return false;
  return undefined;
}
