import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { kindOf } from '../inventory/groups.ts';
import { isMapping } from '../inventory/layers.ts';
import { copyPlace, derived, placeOf } from '../yaml/located.ts';
import type { Play, Task } from './contract.ts';
import { playKeywords } from './keywords.ts';
import type { Report } from './report.ts';
import { RoleLoader } from './roles.ts';
import { flag, inside, list, type Scope, text, variables } from './scope.ts';
import { rememberSource } from './sources.ts';
import { readTasks } from './tasks.ts';

export interface PlayOptions {
  readonly modules: readonly string[];
  readonly extraVars: Readonly<Record<string, unknown>>;
}

const top: Scope = {
  when: [],
  tags: [],
  become: {},
  environment: [],
  ignoreErrors: undefined,
  noLog: undefined,
  runOnce: false,
  defaults: [],
  layers: [],
  folders: [],
  open: [],
};

/** One play. `outer` is what an import_playbook hands down. */
export function readPlay(
  node: Record<string, unknown>,
  file: string,
  outer: Partial<Scope>,
  options: PlayOptions,
  report: Report,
): Play {
  const place = placeOf(node)!;
  const directory = dirname(file);
  if (!looksLikeTask(node)) report.keys(node, playKeywords, 'play', 'a play');
  checkWords(node, report);
  const hosts = hostPattern(node, report);
  const handed = inside(
    { ...top, ...outer, layers: [], folders: [directory] },
    withoutVars(node),
    'play',
    report,
  );
  const roles = new RoleLoader(directory, options.modules, report);

  const section = (key: string): Task[] => readTasks(node[key], handed, roles.reading);
  const pre = section('pre_tasks');
  const inRoles = roleEntries(node, report).flatMap(([entry, at]) => roles.loadEntry(entry, at, handed));
  const tasks = section('tasks');
  const post = section('post_tasks');
  const ownHandlers = readTasks(node.handlers, handed, roles.reading, true);

  const finish = finisher(roles);
  // An empty section flushes nothing: handlers that an earlier run left due wait until the tasks before them, which
  // may mend what they failed of, have run.
  const flushed = (tasks: readonly Task[]): Task[] =>
    tasks.length === 0 ? [] : [...tasks, flushTask(place, handed)];
  const play: Play = {
    name: node.name === undefined || node.name === null ? hosts : text(node.name),
    place,
    hosts,
    gatherFacts: node.gather_facts === undefined ? true : flag(node, 'gather_facts', report),
    serial: serialOf(node, report),
    become: handed.become,
    layers: [
      ...variables(node, 'play vars', report),
      ...prompted(node, options.extraVars, report),
      ...variableFiles(node, directory, report),
      ...(outer.layers ?? []),
    ],
    tasks: [...flushed(pre), ...flushed([...inRoles, ...tasks]), ...flushed(post)].map(finish),
    handlers: [...roles.handlers, ...ownHandlers].map(finish),
  };
  rememberSource(play, node);
  return play;
}

/** Every task sees the defaults and vars of all roles of its play, below those of its own role. */
function finisher(roles: RoleLoader): (task: Task) => Task {
  const shared = new Map<readonly Layer[], readonly Layer[]>();
  const join = (all: readonly Layer[], own: readonly Layer[]): readonly Layer[] => {
    let joined = shared.get(own);
    if (joined === undefined) {
      joined = [...all.filter((layer) => !own.includes(layer)), ...own];
      shared.set(own, joined);
    }
    return joined;
  };
  return (task) =>
    Object.assign(task, {
      defaults: join(roles.defaults, task.defaults),
      layers: join(roles.vars, task.layers),
    });
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

function checkWords(node: Record<string, unknown>, report: Report): void {
  const only = (key: string, value: unknown): void => {
    if (node[key] !== undefined && node[key] !== value)
      report.refuse(placeOf(node, key), `${key}: ${text(node[key])}`);
  };
  only('strategy', 'linear');
  only('order', 'inventory');
  only('force_handlers', false);
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

function serialOf(node: Record<string, unknown>, report: Report): (number | string)[] {
  return list(node.serial).flatMap((size) => {
    if (typeof size === 'number' && Number.isInteger(size) && size >= 0) return size === 0 ? [] : [size];
    if (typeof size === 'string' && /^\s*\d+%?\s*$|\{\{/.test(size))
      return [/^\d+$/.test(size) ? Number(size) : size];
    report.mistake(
      placeOf(node, 'serial'),
      'serial is a number of hosts, a percentage such as "30%", or a list of them',
    );
    return [];
  });
}

function roleEntries(node: Record<string, unknown>, report: Report): [unknown, Place][] {
  const { roles } = node;
  if (roles === undefined || roles === null) return [];
  if (Array.isArray(roles))
    return roles.map((entry, index) => [entry, placeOf(roles, index) ?? placeOf(node, 'roles')!]);
  report.mistake(placeOf(node, 'roles'), `roles must be a list, not a ${kindOf(roles)}`, '- nginx');
  return [];
}

/** foobar never asks: a prompt's value comes with -e or from its default. */
function prompted(
  node: Record<string, unknown>,
  extra: Readonly<Record<string, unknown>>,
  report: Report,
): Layer[] {
  const values: Record<string, unknown> = {};
  for (const prompt of list(node.vars_prompt)) {
    const name = isMapping(prompt) ? prompt.name : undefined;
    if (typeof name !== 'string')
      report.mistake(placeOf(node, 'vars_prompt'), 'each of vars_prompt needs a name');
    else if (isMapping(prompt) && prompt.default !== undefined) values[name] = prompt.default;
    else if (!(name in extra)) {
      const message = `Ansible's vars_prompt is not supported yet: nobody is asked for ${name}`;
      report.mistake(placeOf(prompt), message, `give it: -e ${name}=...`);
    }
  }
  return Object.keys(values).length > 0 ? [{ origin: 'vars_prompt', values }] : [];
}

function variableFiles(node: Record<string, unknown>, directory: string, report: Report): Layer[] {
  return list(node.vars_files).flatMap((entry, index): Layer[] => {
    const place = placeOf(node.vars_files, index) ?? placeOf(node, 'vars_files');
    const names = list(entry).map(text);
    if (names.some((name) => name.includes('{{'))) {
      report.mistake(
        place,
        "Ansible's templated vars_files are not supported yet",
        'use group_vars, or include_vars in a task',
      );
      return [];
    }
    const paths = names.map((name) => (isAbsolute(name) ? name : join(directory, name)));
    const file = paths.find(existsSync);
    if (file === undefined) {
      report.mistake(place, `there is no file ${names.join(' or ')}`);
      return [];
    }
    const values = report.read(file);
    if (isMapping(values)) return [{ origin: names[paths.indexOf(file)] as string, values }];
    if (values !== null && values !== undefined)
      report.mistake({ file, line: 1, column: 1 }, 'a file of variables holds a mapping of names to values');
    return [];
  });
}

/** The play's words without its vars, which have a precedence of their own. */
function withoutVars(node: Record<string, unknown>): Record<string, unknown> {
  const { vars: _vars, ...words } = node;
  const result = derived(words, placeOf(node)!);
  for (const key of Object.keys(words)) copyPlace(node, key, result, key);
  return result;
}
