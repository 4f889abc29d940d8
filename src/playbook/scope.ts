import type { Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { placeOf } from '../yaml/located.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import type { Become, Expression, Role } from './contract.ts';
import type { Report } from './report.ts';

/** What a task has from the play, role and blocks around it. */
export interface Scope {
  readonly when: readonly Expression[];
  readonly tags: readonly string[];
  readonly become: Become;
  readonly environment: readonly unknown[];
  readonly delegateTo?: unknown;
  readonly ignoreErrors: unknown;
  readonly noLog: unknown;
  readonly runOnce: boolean;
  readonly checkMode?: unknown;
  readonly role?: Role;
  readonly defaults: readonly Layer[];
  readonly layers: readonly Layer[];
  /** Folders in which an imported file is looked for, nearest first. */
  readonly folders: readonly string[];
  /** Files being imported, to notice a circle. */
  readonly open: readonly string[];
}

/** The scope inside a node: its own words added to what is handed down. */
export function inside(scope: Scope, node: Record<string, unknown>, origin: string, report: Report): Scope {
  const has = (key: string) => node[key] !== undefined && node[key] !== null;
  const vars = has('vars') ? variables(node, origin, report) : [];
  if (has('become_method') && node.become_method !== 'sudo')
    report.refuse(placeOf(node, 'become_method'), `become_method: ${String(node.become_method)}`);
  return {
    ...scope,
    when: [...scope.when, ...expressions(node, 'when')],
    tags: [...new Set([...scope.tags, ...tagList(node, report)])],
    become: {
      ...scope.become,
      ...(has('become') ? { become: node.become } : {}),
      ...(has('become_user') ? { user: node.become_user } : {}),
    },
    environment: has('environment') ? [...scope.environment, ...list(node.environment)] : scope.environment,
    ...(has('delegate_to') ? { delegateTo: node.delegate_to } : {}),
    ignoreErrors: has('ignore_errors') ? node.ignore_errors : scope.ignoreErrors,
    noLog: has('no_log') ? node.no_log : scope.noLog,
    runOnce: has('run_once') ? flag(node, 'run_once', report) : scope.runOnce,
    ...(has('check_mode') ? { checkMode: node.check_mode } : {}),
    layers: vars.length > 0 ? [...scope.layers, ...vars] : scope.layers,
  };
}

/** A `vars` mapping as a layer. */
export function variables(node: Record<string, unknown>, origin: string, report: Report): Layer[] {
  if (isMapping(node.vars)) return [{ origin, values: node.vars }];
  if (node.vars !== null && node.vars !== undefined)
    report.mistake(
      placeOf(node, 'vars'),
      'vars must be a mapping of names to values',
      'write vars: name: value',
    );
  return [];
}

/** One condition or a list of them. */
export function expressions(node: Record<string, unknown>, key: string): Expression[] {
  const value = node[key];
  if (value === undefined || value === null) return [];
  const file = { file: '', line: 1, column: 1 };
  if (Array.isArray(value))
    return value.map((item, index) => ({
      text: text(item),
      place: placeOf(value, index) ?? placeOf(node, key) ?? file,
    }));
  return [{ text: text(value), place: placeOf(node, key) ?? file }];
}

/** `tags: a, b` or a list. */
export function tagList(node: Record<string, unknown>, report: Report): string[] {
  const value = node.tags;
  if (isMapping(value)) {
    report.mistake(placeOf(node, 'tags'), 'tags must be a word or a list of words');
    return [];
  }
  return list(value)
    .flatMap((item) => text(item).split(','))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** One name or a list of names. */
export function names(node: Record<string, unknown>, key: string, report: Report): string[] {
  return list(node[key]).flatMap((item) => {
    if (typeof item === 'string' || typeof item === 'number') return [String(item)];
    report.mistake(placeOf(node, key), `${key} must be a name or a list of names`);
    return [];
  });
}

/** True or false; a template is refused, since the answer is needed before any host is asked. */
export function flag(node: Record<string, unknown>, key: string, report: Report): boolean {
  const value = node[key];
  if (typeof value === 'boolean') return value;
  const word = text(value).toLowerCase();
  if (['yes', 'true', 'on', '1'].includes(word)) return true;
  if (['no', 'false', 'off', '0'].includes(word)) return false;
  if (word.includes('{{')) report.refuse(placeOf(node, key), `templated ${key}`);
  else report.mistake(placeOf(node, key), `${key} must be true or false`);
  return false;
}

export function list(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function text(value: unknown): string {
  return value instanceof Unsafe
    ? value.text
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
}
