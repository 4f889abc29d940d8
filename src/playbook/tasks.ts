import { isMapping } from '../inventory/layers.ts';
import { placeOf } from '../yaml/located.ts';
import { actionOf } from './action.ts';
import type { Block, Task } from './contract.ts';
import { importRole, importTasks } from './imports.ts';
import { includeRole, includeTasks } from './includes.ts';
import type { Reading } from './reading.ts';
import { inside, type Scope } from './scope.ts';
import { buildTask, checkMeta } from './task.ts';
import { text } from './values.ts';

/** Whether a list of tasks is one of handlers; `included`: of a file that a handler includes. */
export type Among = 'tasks' | 'handlers' | 'included';

/** The tasks of a list, blocks opened and imports put in. */
export function readTasks(items: unknown, scope: Scope, reading: Reading, among: Among = 'tasks'): Task[] {
  if (items === null || items === undefined) return [];
  if (!Array.isArray(items)) {
    reading.report.mistake(placeOf(items), 'tasks are a list: each starts with a dash', '- name: ...');
    return [];
  }
  return items.flatMap((item, index) => {
    if (isMapping(item)) return readItem(item, scope, reading, among);
    const message = item === null ? 'this task is empty' : 'a task is a mapping: a name and a module';
    reading.report.mistake(placeOf(items, index) ?? placeOf(items), message);
    return [];
  });
}

function readItem(node: Record<string, unknown>, scope: Scope, reading: Reading, among: Among): Task[] {
  const { report } = reading;
  if ('block' in node || 'rescue' in node || 'always' in node) return readBlock(node, scope, reading, among);
  const handler = among !== 'tasks';
  const conditional = scope.when.length > 0 || (node.when !== undefined && node.when !== null);
  const action = actionOf(node, reading.modules, handler, conditional, report);
  if (action === undefined) return [];
  const { module } = action;
  if (handler && module.endsWith('_role')) {
    report.mistake(placeOf(node, action.key), `${module} cannot stand among handlers`);
    return [];
  }
  if (module === 'import_tasks') return importTasks(node, action, scope, reading, among);
  if (module === 'import_role') return importRole(node, action, scope, reading);
  if (among === 'handlers' && node.name === undefined && node.listen === undefined)
    report.mistake(placeOf(node), 'a handler needs a name or listen: nothing can notify it');
  if (module === 'include_tasks') return includeTasks(node, action, scope, reading, among);
  if (module === 'include_role') return includeRole(node, action, scope, reading);
  if (module === 'meta') checkMeta(node, action, scope, handler, report);
  return [buildTask(node, action, scope, reading)];
}

function readBlock(node: Record<string, unknown>, scope: Scope, reading: Reading, among: Among): Task[] {
  const { report } = reading;
  report.keys(node, 'block', 'a block');
  const parts = (['block', 'rescue', 'always'] as const).map((part) => {
    const items = node[part];
    if (items === null || items === undefined || Array.isArray(items)) return { part, items };
    report.mistake(placeOf(node, part), `${part} must be a list of tasks`);
    return { part, items: undefined };
  });
  const filled = (part: string) => Array.isArray(node[part]) && node[part].length > 0;
  for (const part of ['rescue', 'always'])
    if (filled(part) && !filled('block'))
      report.mistake(placeOf(node, part), `${part} needs a block with tasks`);
    else if (filled(part) && among !== 'tasks')
      report.mistake(placeOf(node, part), `Ansible runs no ${part} of a block among handlers`);
  if (among === 'handlers' && Array.isArray(node.block))
    for (const item of node.block)
      if (isMapping(item) && 'block' in item)
        report.mistake(placeOf(item), 'a block among handlers cannot hold another block');
  const within = inside(scope, node, 'block vars', report);
  const block: Block = {
    place: placeOf(node)!,
    ...(node.name === undefined || node.name === null ? {} : { name: text(node.name) }),
    rescue: filled('rescue'),
    always: filled('always'),
  };
  const framed = (part: 'block' | 'rescue' | 'always'): Scope =>
    block.rescue || block.always ? { ...within, frames: [...within.frames, { block, part }] } : within;
  return parts.flatMap(({ part, items }) => readTasks(items, framed(part), reading, among));
}
