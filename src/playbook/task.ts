import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { didYouMean } from '../problems.ts';
import { placeOf } from '../yaml/located.ts';
import type { Action } from './action.ts';
import type { Include, Task } from './contract.ts';
import { loopControlOf, loopOf } from './loop.ts';
import { withModuleDefaults } from './module-defaults.ts';
import { type Reading, staticValue } from './reading.ts';
import type { Report } from './report.ts';
import { expressions, inside, names, type Scope } from './scope.ts';
import { rememberSource } from './sources.ts';
import { list, text } from './values.ts';

/** What Ansible calls a task without a name: its module, as written. */
function nameOf({ key, module }: Action): string {
  return key === 'action' || key === 'local_action' ? module : key;
}

/** One task with everything that the scope hands down merged in. */
export function buildTask(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  reading: Reading,
  include?: Include,
): Task {
  const { report } = reading;
  const place = placeOf(node)!;
  const own = inside(scope, node, 'task vars', report);
  const loop = loopOf(node, report);
  const register = node.register;
  if (register !== undefined && !(typeof register === 'string' && /^[A-Za-z_]\w*$/.test(register)))
    report.mistake(placeOf(node, 'register'), 'register must be a variable name: letters, digits and _');
  const has = (key: string) => node[key] !== undefined && node[key] !== null;
  const task: Task = {
    name: has('name') ? text(node.name) : nameOf(action),
    place,
    module: action.module,
    ...withModuleDefaults(action, own.moduleDefaults),
    when: own.when,
    ...(loop === undefined ? {} : { loop }),
    loopControl: loopControlOf(node, report),
    ...(typeof register === 'string' ? { register } : {}),
    notify: own.notify,
    listen: names(node, 'listen', report),
    ...(has('changed_when') ? { changedWhen: expressions(node, 'changed_when') } : {}),
    ...(has('failed_when') ? { failedWhen: expressions(node, 'failed_when') } : {}),
    ...(has('until') ? { until: expressions(node, 'until') } : {}),
    ...(has('retries') ? { retries: node.retries } : {}),
    ...(has('delay') ? { delay: node.delay } : {}),
    ...(has('async') ? { async: node.async } : {}),
    ...(has('poll') ? { poll: node.poll } : {}),
    runOnce: false,
    ignoreErrors: undefined,
    noLog: undefined,
    ...own.words,
    ...(action.key === 'local_action' ? { delegateTo: 'localhost' } : {}),
    become: own.become,
    ...(Object.keys(own.connect).length > 0 ? { connect: own.connect } : {}),
    environment: own.environment,
    tags: knownTags(own, place, reading),
    ...(own.role === undefined ? {} : { role: own.role }),
    ...(own.frames.length > 0 ? { frames: own.frames } : {}),
    ...(include === undefined ? {} : { include }),
    defaults: own.defaults,
    layers: joined(own.roleVars, own.layers),
    ...(own.roleParams.length + own.includeParams.length > 0
      ? { params: [...own.roleParams, ...own.includeParams] }
      : {}),
  };
  rememberSource(task, node, own);
  return task;
}

/** The tags with their templates rendered, as far as that needs no host. */
function knownTags(scope: Scope, place: Place, reading: Reading): string[] {
  return scope.tags.flatMap((tag) => {
    const value = staticValue(tag, scope, reading);
    if (value !== undefined) return list(value).map(text);
    const hint = 'it sees only -e, play vars, vars_files and vars of roles and tasks';
    reading.report.warn(place, `the tag ${JSON.stringify(tag)} cannot be known before a host is asked`, hint);
    return [tag];
  });
}

const joinedLayers = new WeakMap<readonly Layer[], WeakMap<readonly Layer[], readonly Layer[]>>();

/** Two lists as one; the same one for the same two, since many tasks share them. */
function joined(below: readonly Layer[], above: readonly Layer[]): readonly Layer[] {
  if (below.length === 0) return above;
  if (above.length === 0) return below;
  const known = joinedLayers.get(below) ?? new WeakMap<readonly Layer[], readonly Layer[]>();
  joinedLayers.set(below, known);
  const before = known.get(above);
  if (before !== undefined) return before;
  const both = [...below, ...above];
  known.set(above, both);
  return both;
}

const metaActions = [
  'flush_handlers',
  'noop',
  'refresh_inventory',
  'clear_facts',
  'clear_host_errors',
  'end_play',
  'end_batch',
  'end_host',
  'end_role',
  'reset_connection',
];

/** Notes a meta task that asks for what there is not, or for what its place does not allow. */
export function checkMeta(
  node: Record<string, unknown>,
  action: Action,
  scope: Scope,
  handler: boolean,
  report: Report,
): void {
  const word = text(list(action.args._raw_params)[0] ?? '').trim();
  const place = placeOf(node, action.key);
  if (!metaActions.includes(word))
    report.mistake(place, `meta has no action ${JSON.stringify(word)}`, didYouMean(word, metaActions));
  else if (word === 'end_role' && handler) report.mistake(place, 'end_role cannot be used in a handler');
  else if (word === 'end_role' && scope.role === undefined)
    report.mistake(place, 'end_role cannot be used outside of a role');
}
