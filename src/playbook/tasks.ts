import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isMapping } from '../inventory/layers.ts';
import { didYouMean, shownPath } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Task } from './contract.ts';
import { blockKeywords, importKeywords } from './keywords.ts';
import type { Report } from './report.ts';
import type { RoleLoader } from './roles.ts';
import { inside, type Scope } from './scope.ts';
import { type Action, actionOf, buildTask } from './task.ts';

/** What reading tasks needs besides the tasks. */
export interface Reading {
  readonly report: Report;
  readonly modules: readonly string[];
  readonly roles: RoleLoader;
}

/** The tasks of a list, blocks opened and imports put in. */
export function readTasks(items: unknown, scope: Scope, reading: Reading, handler = false): Task[] {
  if (items === null || items === undefined) return [];
  if (!Array.isArray(items)) {
    reading.report.mistake(placeOf(items), 'tasks are a list: each starts with a dash', '- name: ...');
    return [];
  }
  return items.flatMap((item, index) => {
    if (isMapping(item)) return readItem(item, scope, reading, handler);
    const message = item === null ? 'this task is empty' : 'a task is a mapping: a name and a module';
    reading.report.mistake(placeOf(items, index) ?? placeOf(items), message);
    return [];
  });
}

function readItem(node: Record<string, unknown>, scope: Scope, reading: Reading, handler: boolean): Task[] {
  const { report } = reading;
  if ('block' in node || 'rescue' in node || 'always' in node) {
    report.keys(node, blockKeywords, 'block', 'a block');
    const block = node.block;
    if (block !== null && block !== undefined && !Array.isArray(block))
      report.mistake(placeOf(node, 'block'), 'block must be a list of tasks');
    return readTasks(
      Array.isArray(block) ? block : [],
      inside(scope, node, 'block vars', report),
      reading,
      handler,
    );
  }
  const action = actionOf(node, reading.modules, handler, report);
  if (action === undefined) return [];
  if (action.module === 'import_tasks') return importTasks(node, action, scope, reading, handler);
  if (action.module === 'import_role') return importRole(node, action, scope, reading, handler);
  if (handler && node.name === undefined && node.listen === undefined)
    report.mistake(placeOf(node), 'a handler needs a name or listen: nothing can notify it');
  return [buildTask(node, action, scope, report)];
}

function importWords(node: Record<string, unknown>, action: Action, report: Report): void {
  for (const key of Object.keys(node)) {
    if (importKeywords.includes(key) || key === action.key || key === 'args') continue;
    report.mistake(
      keyPlaceOf(node, key),
      `${action.module} cannot have ${key}`,
      'it belongs to the tasks inside',
    );
  }
}

function importTasks(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
  handler: boolean,
): Task[] {
  const { report } = reading;
  const place = placeOf(node, action.key);
  importWords(node, action, report);
  const value = node[action.key];
  const name = typeof value === 'string' ? value.trim() : action.args.file;
  if (typeof name !== 'string' || name === '') {
    report.mistake(place, 'import_tasks needs the name of a file', 'import_tasks: install.yaml');
    return [];
  }
  if (name.includes('{{')) {
    report.mistake(place, "Ansible's templated import_tasks is not supported yet");
    return [];
  }
  const file = scope.folders.map((folder) => (isAbsolute(name) ? name : join(folder, name))).find(existsSync);
  if (file === undefined) {
    report.mistake(
      place,
      `there is no file ${name}`,
      `looked in ${scope.folders.map((folder) => shownPath(folder)).join(', ')}`,
    );
    return [];
  }
  if (scope.open.includes(file)) {
    report.mistake(place, `${name} imports itself`);
    return [];
  }
  const within = inside(scope, node, 'import_tasks vars', report);
  const folders = [dirname(file), ...scope.folders.filter((folder) => folder !== dirname(file))];
  return readTasks(report.read(file), { ...within, folders, open: [...scope.open, file] }, reading, handler);
}

const importRoleParameters = [
  'name',
  'tasks_from',
  'vars_from',
  'defaults_from',
  'handlers_from',
  'allow_duplicates',
  'public',
  'rolespec_validate',
];

function importRole(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
  handler: boolean,
): Task[] {
  const { report, roles } = reading;
  importWords(node, action, report);
  const { args } = action;
  for (const key of Object.keys(args))
    if (!importRoleParameters.includes(key))
      report.mistake(
        keyPlaceOf(args, key),
        `import_role has no parameter ${key}`,
        didYouMean(key, importRoleParameters),
      );
  const name = args.name;
  if (handler) report.mistake(placeOf(node), "Ansible's import_role among handlers is not supported yet");
  if (typeof name !== 'string') {
    report.mistake(placeOf(node, action.key), 'import_role needs a name', 'import_role: name=nginx');
    return [];
  }
  if (name.includes('{{')) {
    report.mistake(keyPlaceOf(args, 'name'), "Ansible's templated import_role is not supported yet");
    return [];
  }
  const from = (key: string) => (typeof args[key] === 'string' ? { [key]: args[key] } : {});
  const files = {
    ...from('tasks_from'),
    ...from('vars_from'),
    ...from('defaults_from'),
    ...from('handlers_from'),
  };
  const within = inside(scope, node, 'import_role vars', report);
  return roles.load(
    { name, place: placeOf(args, 'name') ?? placeOf(node)!, files, repeat: true, outer: scope.layers.length },
    within,
  );
}
