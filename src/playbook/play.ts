import { dirname } from 'node:path';
import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { kindOf } from '../inventory/groups.ts';
import { copyPlace, derived, placeOf } from '../yaml/located.ts';
import type { Play, Task } from './contract.ts';
import { promptsOf, unanswered, variableFiles } from './play-variables.ts';
import { playWords } from './play-words.ts';
import type { Exports, Reading } from './reading.ts';
import type { Report } from './report.ts';
import type { RoleVariables } from './role-files.ts';
import { RoleLoader } from './roles.ts';
import { inside, outermost, type Scope, variables } from './scope.ts';
import { rememberSource } from './sources.ts';
import { readTasks } from './tasks.ts';
import { text } from './values.ts';

export interface PlayOptions {
  readonly modules: readonly string[];
  readonly extraVars: Readonly<Record<string, unknown>>;
  readonly rolesPath: readonly string[];
  readonly collectionsPath: readonly string[];
  readonly roleVariables: RoleVariables;
}

/** One play. `outer` is what an import_playbook hands down; its layers are those that it adds to the play's vars. */
export function readPlay(
  node: Record<string, unknown>,
  file: string,
  outer: Partial<Scope>,
  options: PlayOptions,
  report: Report,
): Play {
  const place = placeOf(node)!;
  const directory = dirname(file);
  if (!looksLikeTask(node)) report.keys(node, 'play', 'a play');
  const hosts = hostPattern(node, report);
  const handed = inside(
    { ...outermost, ...outer, layers: [], folders: [directory] },
    withoutVars(node),
    'play',
    report,
  );
  const files = variableFiles(node, directory, report);
  const prompts = promptsOf(node, options.extraVars, report);
  const layers = [
    ...variables(node, 'play vars', report),
    ...(outer.layers ?? []),
    ...unanswered(prompts),
    ...files.layers,
  ];
  const exports: Exports = { defaults: [], vars: [], handlers: [] };
  const finish = finisher(exports);
  const reading: Reading = {
    report,
    modules: options.modules,
    roles: new RoleLoader(
      { playbook: directory, path: options.rolesPath, collections: options.collectionsPath },
      options.roleVariables,
    ),
    exports,
    asked: new Map(),
    finish,
    known: { play: layers, extra: { origin: 'extra vars', values: options.extraVars }, directory },
  };

  const section = (key: string): Task[] => readTasks(node[key], handed, reading);
  const pre = section('pre_tasks');
  const inRoles = roleEntries(node, report).flatMap(([entry, at]) =>
    reading.roles.loadEntry(entry, at, handed, reading),
  );
  const tasks = section('tasks');
  const post = section('post_tasks');
  const ownHandlers = readTasks(node.handlers, handed, reading, 'handlers');

  // An empty section flushes nothing: handlers that an earlier run left due wait until the tasks before them, which
  // may mend what they failed of, have run.
  const flushed = (tasks: readonly Task[]): Task[] =>
    tasks.length === 0 ? [] : [...tasks, flushTask(place, handed)];
  const play: Play = {
    name: node.name === undefined || node.name === null ? hosts : text(node.name),
    place,
    hosts,
    ...playWords(node, handed, reading),
    ...(handed.tags.length > 0 ? { tags: handed.tags } : {}),
    ...(Object.keys(handed.connect).length > 0 ? { connect: handed.connect } : {}),
    ...(prompts.length > 0 ? { prompts } : {}),
    ...(files.late.length > 0 ? { lateVarsFiles: files.late } : {}),
    become: handed.become,
    layers,
    tasks: finish([...flushed(pre), ...flushed([...inRoles, ...tasks]), ...flushed(post)], exports),
    handlers: finish([...exports.handlers, ...ownHandlers], exports),
  };
  rememberSource(play, node);
  return play;
}

/**
 * Every task sees the defaults and vars of all roles of its play, and of those that came with its include, below those
 * of its own role.
 */
function finisher(play: Exports): Reading['finish'] {
  return (tasks, more) => {
    const shared = new Map<readonly Layer[], readonly Layer[]>();
    const join = (all: readonly Layer[], own: readonly Layer[]): readonly Layer[] => {
      if (all.length === 0) return own;
      let joined = shared.get(own);
      if (joined === undefined) {
        joined = [...all.filter((layer) => !own.includes(layer)), ...own];
        shared.set(own, joined);
      }
      return joined;
    };
    const both = (key: 'defaults' | 'vars') =>
      more === play ? play[key] : [...new Set([...play[key], ...more[key]])];
    const [defaults, vars] = [both('defaults'), both('vars')];
    return tasks.map((task) =>
      Object.assign(task, { defaults: join(defaults, task.defaults), layers: join(vars, task.layers) }),
    );
  };
}

function flushTask(place: Place, scope: Scope): Task {
  return {
    name: 'flush_handlers',
    place,
    module: 'meta',
    args: derived({ _raw_params: 'flush_handlers' }, place),
    when: [],
    loopControl: { loopVar: 'item' },
    notify: [],
    listen: [],
    runOnce: false,
    ignoreErrors: undefined,
    noLog: undefined,
    become: scope.become,
    environment: [],
    tags: ['always'],
    defaults: [],
    layers: [],
  };
}

function looksLikeTask(node: Record<string, unknown>): boolean {
  return !['hosts', 'tasks', 'roles', 'pre_tasks', 'post_tasks', 'handlers'].some((key) => key in node);
}

function hostPattern(node: Record<string, unknown>, report: Report): string {
  const { hosts } = node;
  if (typeof hosts === 'string' && hosts.trim() !== '') return hosts;
  if (Array.isArray(hosts) && hosts.length > 0) return hosts.map(text).join(',');
  if (hosts !== undefined)
    report.mistake(placeOf(node, 'hosts'), 'hosts must be a pattern of hosts or groups', 'hosts: web');
  else {
    const hint = looksLikeTask(node)
      ? 'this looks like a list of tasks: a playbook is a list of plays'
      : 'hosts: web';
    report.mistake(placeOf(node), 'this play does not say its hosts', hint);
  }
  return '';
}

function roleEntries(node: Record<string, unknown>, report: Report): [unknown, Place][] {
  const { roles } = node;
  if (roles === undefined || roles === null) return [];
  if (Array.isArray(roles))
    return roles.map((entry, index) => [entry, placeOf(roles, index) ?? placeOf(node, 'roles')!]);
  report.mistake(placeOf(node, 'roles'), `roles must be a list, not a ${kindOf(roles)}`, '- nginx');
  return [];
}

/** The play's words without its vars, which have a precedence of their own; `user` is an old word for remote_user. */
function withoutVars(node: Record<string, unknown>): Record<string, unknown> {
  const { vars: _vars, user, ...words } = node;
  const result = derived(user === undefined ? words : { remote_user: user, ...words }, placeOf(node)!);
  for (const key of Object.keys(words)) copyPlace(node, key, result, key);
  return result;
}
