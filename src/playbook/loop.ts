import { isMapping } from '../inventory/layers.ts';
import { didYouMean } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Task } from './contract.ts';
import type { Report } from './report.ts';
import { text } from './scope.ts';

const whole = /^\s*\{\{([\s\S]*)\}\}\s*$/;

/** The expression of a text that is nothing but one `{{ expression }}`. */
function wholeExpression(value: unknown): string | undefined {
  const found = typeof value === 'string' ? whole.exec(value) : null;
  const inner = found?.[1]?.trim();
  return inner === undefined || inner.includes('}}') ? undefined : inner;
}

/** `loop`, or an old `with_` word in today's terms. Undefined when the task has none. */
export function loopOf(node: Record<string, unknown>, report: Report): unknown {
  const words = ['loop', 'with_items', 'with_list', 'with_dict'].filter((word) => word in node);
  const word = words[0];
  if (word === undefined) return undefined;
  const place = keyPlaceOf(node, word);
  if (words.length > 1)
    report.mistake(place, `a task has one loop: ${words.join(' and ')} cannot stand together`);
  const value = node[word];
  const template = wholeExpression(value);
  if (!Array.isArray(value) && template === undefined && !(word === 'with_dict' && isMapping(value))) {
    if (value === null) report.mistake(place, `${word} is empty`);
    else if (word === 'with_items' && typeof value !== 'object') return [value];
    else report.mistake(place, `${word} must be a list or "{{ a list }}"`, 'loop: "{{ name }}"');
    return [];
  }
  if (word === 'with_dict') {
    if (template !== undefined) return `{{ (${template}) | dict2items }}`;
    return Object.entries(isMapping(value) ? value : {}).map(([key, item]) => ({ key, value: item }));
  }
  if (word !== 'with_items') return value;
  return template !== undefined
    ? `{{ (${template}) | flatten(levels=1) }}`
    : flattened(value as unknown[], node, report);
}

/** with_items opens lists inside its list, once. */
function flattened(items: unknown[], node: Record<string, unknown>, report: Report): unknown {
  if (!items.some((item) => wholeExpression(item) !== undefined)) {
    return items.some(Array.isArray) ? items.flat(1) : items;
  }
  const parts = items.map((item) => wholeExpression(item) ?? literal(item));
  if (parts.every((part) => part !== undefined)) return `{{ [${parts.join(', ')}] | flatten(levels=1) }}`;
  report.mistake(
    placeOf(node, 'with_items'),
    'this mixture of templates in with_items is not supported',
    'write loop with a list',
  );
  return [];
}

function literal(item: unknown): string | undefined {
  if (typeof item === 'number' || typeof item === 'boolean') return String(item);
  return typeof item === 'string' && !/\{[{%]/.test(item) ? JSON.stringify(item) : undefined;
}

const controls = ['loop_var', 'index_var', 'label'];
const refusedControls = ['pause', 'extended', 'extended_allitems', 'break_when'];

export function loopControlOf(node: Record<string, unknown>, report: Report): Task['loopControl'] {
  const control = node.loop_control;
  if (control === undefined || control === null) return { loopVar: 'item' };
  if (!isMapping(control)) {
    report.mistake(placeOf(node, 'loop_control'), 'loop_control must be a mapping');
    return { loopVar: 'item' };
  }
  for (const key of Object.keys(control)) {
    if (controls.includes(key)) continue;
    const place = keyPlaceOf(control, key);
    if (refusedControls.includes(key)) report.refuse(place, `loop_control ${key}`);
    else report.mistake(place, `loop_control has no keyword ${key}`, didYouMean(key, controls));
  }
  return {
    loopVar: control.loop_var === undefined ? 'item' : text(control.loop_var),
    ...(control.index_var === undefined ? {} : { indexVar: text(control.index_var) }),
    ...(control.label === undefined ? {} : { label: control.label }),
  };
}
