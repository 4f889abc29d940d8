import type { Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { Float } from '../yaml/float.ts';
import { placeOf } from '../yaml/located.ts';
import type { Become, Connect, Expression, Frame, Role, Task } from './contract.ts';
import { keywords } from './keywords.ts';
import type { Report } from './report.ts';
import { boolean, isOpen, list, text } from './values.ts';

const isBecomeMethod = /^(?:ansible\.(?:builtin|legacy)\.|community\.general\.)?(?:sudo|su|doas)$/;

/** Keywords of which the innermost counts, under their names in a Task. */
const single = {
  any_errors_fatal: 'anyErrorsFatal',
  check_mode: 'checkMode',
  delegate_facts: 'delegateFacts',
  delegate_to: 'delegateTo',
  diff: 'diff',
  ignore_errors: 'ignoreErrors',
  ignore_unreachable: 'ignoreUnreachable',
  no_log: 'noLog',
  run_once: 'runOnce',
  throttle: 'throttle',
  timeout: 'timeout',
} as const;

type Words = Partial<Pick<Task, (typeof single)[keyof typeof single]>>;

/** Parameters of one module that `module_defaults` gives. */
export interface ModuleDefaults {
  /** Names of modules, or `group/...`, to parameters. */
  readonly modules: Readonly<Record<string, unknown>>;
}

/** What a task has from the play, role, blocks and includes around it. */
export interface Scope {
  readonly when: readonly Expression[];
  readonly tags: readonly string[];
  readonly become: Become;
  readonly connect: Connect;
  readonly environment: readonly unknown[];
  readonly notify: readonly string[];
  readonly words: Words;
  readonly moduleDefaults: readonly ModuleDefaults[];
  readonly frames: readonly Frame[];
  readonly role?: Role;
  /** Defaults of the role and of those above it. */
  readonly defaults: readonly Layer[];
  /** Vars of the role and of those above it: below those of blocks and tasks. */
  readonly roleVars: readonly Layer[];
  /** What roles inside it see of these. */
  readonly roleChain: readonly Layer[];
  /** Vars of blocks, imports and includes. */
  readonly layers: readonly Layer[];
  readonly roleParams: readonly Layer[];
  readonly includeParams: readonly Layer[];
  /** Variables that the loops of includes around it give. */
  readonly loopNames: readonly string[];
  /** Collections in which roles are looked for by their short names. */
  readonly collections: readonly string[];
  /** Folders in which an imported file is looked for, nearest first. */
  readonly folders: readonly string[];
  /** Files being imported, to notice a circle. */
  readonly open: readonly string[];
  /** Files and roles being included, to stop looking ahead in a circle. */
  readonly chain: readonly string[];
}

export const outermost: Scope = {
  when: [],
  tags: [],
  become: {},
  connect: {},
  environment: [],
  notify: [],
  words: {},
  moduleDefaults: [],
  frames: [],
  defaults: [],
  roleVars: [],
  roleChain: [],
  layers: [],
  roleParams: [],
  includeParams: [],
  loopNames: [],
  collections: [],
  folders: [],
  open: [],
  chain: [],
};

/** The scope inside a node: its own words added to what is handed down. */
export function inside(scope: Scope, node: Record<string, unknown>, origin: string, report: Report): Scope {
  const has = (key: string) => node[key] !== undefined && node[key] !== null;
  checkKinds(node, report);
  const vars = has('vars') ? variables(node, origin, report) : [];
  const words: Record<string, unknown> = { ...scope.words };
  for (const [key, name] of Object.entries(single)) if (has(key)) words[name] = node[key];
  const taken = <T extends object>(from: T, names: Readonly<Record<string, keyof T>>): T => {
    const given = Object.entries(names).filter(([key]) => has(key));
    if (given.length === 0) return from;
    return { ...from, ...Object.fromEntries(given.map(([key, name]) => [name, node[key]])) };
  };
  const connect = taken(scope.connect, { port: 'port', remote_user: 'user' });
  return {
    ...scope,
    when: has('when') ? [...scope.when, ...expressions(node, 'when')] : scope.when,
    tags: has('tags') ? [...new Set([...scope.tags, ...tagList(node, report)])] : scope.tags,
    become: taken(scope.become, becomeWords),
    connect: has('connection') ? { ...connect, connection: connectionOf(node, report) } : connect,
    environment: has('environment') ? [...scope.environment, ...list(node.environment)] : scope.environment,
    notify: has('notify') ? names(node, 'notify', report) : scope.notify,
    words: words as Words,
    moduleDefaults: has('module_defaults')
      ? [...scope.moduleDefaults, ...moduleDefaults(node, report)]
      : scope.moduleDefaults,
    collections: has('collections') ? list(node.collections).map(text) : scope.collections,
    layers: vars.length > 0 ? [...scope.layers, ...vars] : scope.layers,
  };
}

const becomeWords = {
  become: 'become',
  become_user: 'user',
  become_method: 'method',
  become_exe: 'exe',
  become_flags: 'flags',
} as const;

/** Values that are written out must be of their keyword's kind. */
function checkKinds(node: Record<string, unknown>, report: Report): void {
  for (const [key, value] of Object.entries(node)) {
    const kind = Object.hasOwn(keywords, key) ? keywords[key]?.kind : undefined;
    if (kind === undefined || kind === 'any' || value === null || isOpen(value)) continue;
    const right =
      kind === 'boolean'
        ? boolean(value) !== undefined
        : kind === 'number'
          ? /^\s*-?\d+(\.\d+)?\s*$/.test(text(value))
          : typeof value !== 'object' || value instanceof Float;
    const wanted = { boolean: 'true or false', number: 'a number', text: 'a text' }[kind];
    if (!right) report.mistake(placeOf(node, key), `${key} must be ${wanted}`);
  }
  const { become_method: method, debugger: word } = node;
  if (typeof method === 'string' && !isOpen(method) && !isBecomeMethod.test(method))
    report.refuse(placeOf(node, 'become_method'), `become_method: ${method}`, 'use sudo, su or doas');
  if (word === undefined || word === null || word === 'never') return;
  const words = ['always', 'never', 'on_failed', 'on_unreachable', 'on_skipped'];
  if (words.includes(text(word)))
    report.warn(placeOf(node, 'debugger'), 'there is no debugger here: it never starts');
  else report.mistake(placeOf(node, 'debugger'), `debugger must be one of ${words.join(', ')}`);
}

function connectionOf(node: Record<string, unknown>, report: Report): unknown {
  if (isOpen(node.connection)) return node.connection;
  const name = text(node.connection).replace(/^ansible\.(builtin|legacy)\./, '');
  if (name === 'smart') return 'ssh';
  if (!['ssh', 'openssh', 'local'].includes(name))
    report.refuse(placeOf(node, 'connection'), `connection: ${name}`);
  return name;
}

function moduleDefaults(node: Record<string, unknown>, report: Report): ModuleDefaults[] {
  const value = node.module_defaults;
  return list(value).flatMap((entry, index): ModuleDefaults[] => {
    if (isMapping(entry)) return [{ modules: entry }];
    const place = placeOf(value, index) ?? placeOf(node, 'module_defaults');
    const hint = isOpen(entry)
      ? 'Ansible takes templates for its values only: file: "{{ defaults }}"'
      : undefined;
    report.mistake(place, 'module_defaults must be a mapping of modules to parameters', hint);
    return [];
  });
}

/** A `vars` mapping as a layer. */
export function variables(node: Record<string, unknown>, origin: string, report: Report): Layer[] {
  const { vars } = node;
  if (vars === null || vars === undefined) return [];
  if (!isMapping(vars)) {
    const hint = 'write vars: name: value';
    report.mistake(placeOf(node, 'vars'), 'vars must be a mapping of names to values', hint);
    return [];
  }
  report.names(vars);
  return [{ origin, values: vars }];
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
