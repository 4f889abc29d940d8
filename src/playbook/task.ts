import type { Place } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { didYouMean, nearest } from '../problems.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import { parseText } from './arguments.ts';
import type { Task } from './contract.ts';
import {
  freeForm,
  handlerKeywords,
  imports,
  isRefused,
  refusedActions,
  refusedHints,
  shortName,
  taskKeywords,
} from './keywords.ts';
import { loopControlOf, loopOf } from './loop.ts';
import type { Report } from './report.ts';
import { expressions, inside, list, names, type Scope, text } from './scope.ts';
import { rememberSource } from './sources.ts';

/** What a task asks for: the module's key in the task, its short name and its parameters. */
export interface Action {
  readonly key: string;
  readonly module: string;
  readonly args: Record<string, unknown>;
}

/**
 * The module of a task among its keys. Undefined when there is none, which is noted.
 * @param modules known names; none given means that every name may be one
 */
export function actionOf(
  node: Record<string, unknown>,
  modules: readonly string[],
  handler: boolean,
  report: Report,
): Action | undefined {
  const keywords = handler ? handlerKeywords : taskKeywords;
  const known = (key: string) => [...modules, ...imports, 'meta'].includes(shortName(key));
  const candidates: string[] = [];
  for (const key of Object.keys(node)) {
    const refused = !known(key) && (isRefused(key, 'task') || refusedActions.includes(shortName(key)));
    if (refused && node[key] !== false) {
      report.mistake(
        keyPlaceOf(node, key),
        `Ansible's ${key} is not supported yet`,
        refusedHints[shortName(key)],
      );
      if (refusedActions.includes(shortName(key))) return undefined;
    } else if (!refused && (key === 'action' || key === 'local_action' || !keywords.includes(key)))
      candidates.push(key);
  }
  const key = candidates.find(known) ?? candidates.find((each) => nearest(each, modules)) ?? candidates[0];
  if (key === undefined) {
    report.mistake(placeOf(node), 'this task names no module', 'for example: apt: name=nginx');
    return undefined;
  }
  for (const other of candidates) {
    if (other === key) continue;
    const place = keyPlaceOf(node, other);
    if (known(other))
      report.mistake(
        place,
        `a task has one module: ${key} and ${other} cannot stand together`,
        'make two tasks',
      );
    else if (other === 'listen') report.mistake(place, 'listen belongs to handlers');
    else
      report.mistake(place, `a task has no keyword ${other}`, didYouMean(other, [...keywords, ...modules]));
  }
  if (key === 'action' || key === 'local_action') return indirectAction(node, key, report);
  if (modules.length > 0 && !known(key)) {
    const hint = didYouMean(shortName(key), [...modules, ...keywords]);
    report.mistake(keyPlaceOf(node, key), `there is no module or task keyword ${key}`, hint);
    return undefined;
  }
  return { key, module: shortName(key), args: argumentsOf(node, key, shortName(key), node[key], report) };
}

/** `action: apt name=x` and `local_action: {module: apt, name: x}`. */
function indirectAction(node: Record<string, unknown>, key: string, report: Report): Action | undefined {
  const value = node[key];
  if (isMapping(value) && typeof value.module === 'string') {
    const [name, ...rest] = value.module.split(' ');
    const { module: _, ...args } = value;
    const located = derived(args, placeOf(node, key)!);
    for (const each of Object.keys(args)) copyPlace(value, each, located, each);
    const module = shortName(name as string);
    return {
      key,
      module,
      args: { ...argumentsOf(node, key, module, rest.join(' ') || null, report), ...located },
    };
  }
  const found = typeof value === 'string' ? /^\s*(\S+)\s*([\s\S]*)$/.exec(value) : null;
  if (found === null) {
    report.mistake(placeOf(node, key), `${key} must name a module`, `${key}: apt name=nginx`);
    return undefined;
  }
  const module = shortName(found[1] as string);
  return { key, module, args: argumentsOf(node, key, module, found[2] || null, report) };
}

function argumentsOf(
  node: Record<string, unknown>,
  key: string,
  module: string,
  value: unknown,
  report: Report,
): Record<string, unknown> {
  const place = placeOf(node, key) ?? placeOf(node)!;
  let args: Record<string, unknown>;
  if (isMapping(value)) args = value;
  else if (value === null || value === undefined || module === 'import_tasks') args = derived({}, place);
  else if (value instanceof Unsafe && freeForm[module]) args = derived({ _raw_params: value }, place);
  else if (
    typeof value === 'string' ||
    value instanceof Unsafe ||
    (typeof value === 'number' && freeForm[module])
  ) {
    const parsed = parseText(module, text(value));
    if (parsed.extra.length > 0) {
      const words = parsed.extra.join(' ');
      if (/^\{\{[\s\S]*\}\}$/.test(words)) report.refuse(place, `templated parameters (${key}: "${words}")`);
      else report.mistake(place, `${module} takes parameters as name=value, not ${JSON.stringify(words)}`);
    }
    args = derived(parsed.args, place, (key) => further(place, text(value), parsed.offsets[key] ?? 0));
  } else {
    const hint = typeof value === 'boolean' ? 'put it in quotes' : undefined;
    report.mistake(place, `${module} takes its parameters as a mapping or as text`, hint);
    args = derived({}, place);
  }
  return node.args === undefined || node.args === null ? args : withArgs(node, args, place, report);
}

/** The place of what stands at an offset of a text. */
function further(place: Place, whole: string, offset: number): Place {
  const lines = whole.slice(0, offset).split('\n');
  const column = place.column + (lines.at(-1)?.length ?? 0);
  return { file: place.file, line: place.line + lines.length - 1, column };
}

/** The keyword `args`: more parameters; those given with the module win. */
function withArgs(
  node: Record<string, unknown>,
  args: Record<string, unknown>,
  place: NonNullable<ReturnType<typeof placeOf>>,
  report: Report,
): Record<string, unknown> {
  const more = node.args;
  if (!isMapping(more)) {
    report.mistake(placeOf(node, 'args'), 'args must be a mapping');
    return args;
  }
  const merged = derived({ ...more, ...args }, place);
  for (const key of Object.keys(more)) copyPlace(more, key, merged, key);
  for (const key of Object.keys(args)) copyPlace(args, key, merged, key);
  return merged;
}

/** One task with everything that the scope hands down merged in. */
export function buildTask(node: Record<string, unknown>, action: Action, scope: Scope, report: Report): Task {
  const place = placeOf(node)!;
  const own = inside(scope, node, 'task vars', report);
  const loop = loopOf(node, report);
  const register = node.register;
  if (register !== undefined && !(typeof register === 'string' && /^[A-Za-z_]\w*$/.test(register)))
    report.mistake(placeOf(node, 'register'), 'register must be a variable name: letters, digits and _');
  if (action.module === 'meta') checkMeta(node, action, report);
  const has = (key: string) => node[key] !== undefined && node[key] !== null;
  const task: Task = {
    name: has('name') ? text(node.name) : action.module,
    place,
    module: action.module,
    args: action.args,
    when: own.when,
    ...(loop === undefined ? {} : { loop: { value: loop } }),
    loopControl: loopControlOf(node, report),
    ...(typeof register === 'string' ? { register } : {}),
    notify: names(node, 'notify', report),
    listen: names(node, 'listen', report),
    ...(has('changed_when') ? { changedWhen: expressions(node, 'changed_when') } : {}),
    ...(has('failed_when') ? { failedWhen: expressions(node, 'failed_when') } : {}),
    ...(has('until') ? { until: expressions(node, 'until') } : {}),
    ...(has('retries') ? { retries: node.retries } : {}),
    ...(has('delay') ? { delay: node.delay } : {}),
    ...('delegateTo' in own ? { delegateTo: own.delegateTo } : {}),
    ...(action.key === 'local_action' ? { delegateTo: 'localhost' } : {}),
    runOnce: own.runOnce,
    ignoreErrors: own.ignoreErrors,
    noLog: own.noLog,
    ...('checkMode' in own ? { checkMode: own.checkMode } : {}),
    become: own.become,
    environment: own.environment,
    tags: own.tags,
    ...(own.role === undefined ? {} : { role: own.role }),
    defaults: own.defaults,
    layers: own.layers,
  };
  rememberSource(task, node);
  return task;
}

const metaActions = ['flush_handlers', 'noop'];
const refusedMeta = [
  'refresh_inventory',
  'clear_facts',
  'clear_host_errors',
  'end_play',
  'end_host',
  'end_batch',
  'end_role',
  'reset_connection',
];

function checkMeta(node: Record<string, unknown>, action: Action, report: Report): void {
  const word = text(list(action.args._raw_params)[0] ?? '');
  if (metaActions.includes(word)) return;
  const place = placeOf(node, action.key);
  if (refusedMeta.includes(word)) report.refuse(place, `meta: ${word}`);
  else report.mistake(place, `meta has no action ${JSON.stringify(word)}`, didYouMean(word, metaActions));
}
