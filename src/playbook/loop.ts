import { isMapping } from '../inventory/layers.ts';
import { didYouMean } from '../problems.ts';
import { lookups } from '../template/lookups/index.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Loop, LoopControl } from './contract.ts';
import type { Report } from './report.ts';
import { expressions } from './scope.ts';
import { isOpen, text } from './values.ts';

/** Lookups of Ansible that are not here. */
const foreign = ['config', 'filetree', 'unvault', 'dig', 'etcd', 'redis', 'hashi_vault', 'password_hash'];

/** The keyword of a task's loop, if it has one. */
export function loopWords(node: Record<string, unknown>): string[] {
  return Object.keys(node).filter((word) => word === 'loop' || word.startsWith('with_'));
}

/** The lookup behind `with_items` or `with_community.general.filetree`. */
function lookupOf(word: string): string {
  return word.slice('with_'.length).split('.').at(-1) as string;
}

/** What a task goes through. Undefined when it has no loop. */
export function loopOf(node: Record<string, unknown>, report: Report): Loop | undefined {
  const [word, ...more] = loopWords(node);
  if (word === undefined) return undefined;
  const place = keyPlaceOf(node, word);
  if (more.length > 0)
    report.mistake(place, `a task has one loop: ${[word, ...more].join(' and ')} cannot stand together`);
  const value = node[word];
  if (value === null) report.mistake(place, `${word} is empty`);
  if (word === 'loop') {
    const isList = Array.isArray(value) || isOpen(value);
    if (!isList && value !== null)
      report.mistake(place, 'loop must be a list or "{{ a list }}"', 'loop: "{{ name }}"');
    return { value: isList ? value : [] };
  }
  const lookup = lookupOf(word);
  if (!Object.hasOwn(lookups, lookup)) {
    if (foreign.includes(lookup)) report.refuse(place, word);
    else {
      const known = Object.keys(lookups).map((name) => `with_${name}`);
      report.mistake(place, `a task has no keyword ${word}`, didYouMean(word, ['loop', ...known]));
    }
  }
  return { lookup, value: value ?? [] };
}

const controls = ['loop_var', 'index_var', 'label', 'pause', 'extended', 'extended_allitems', 'break_when'];

export function loopControlOf(node: Record<string, unknown>, report: Report): LoopControl {
  const control = node.loop_control;
  if (control === undefined || control === null) return { loopVar: 'item' };
  if (!isMapping(control)) {
    report.mistake(placeOf(node, 'loop_control'), 'loop_control must be a mapping');
    return { loopVar: 'item' };
  }
  for (const key of Object.keys(control))
    if (!controls.includes(key))
      report.mistake(
        keyPlaceOf(control, key),
        `loop_control has no keyword ${key}`,
        didYouMean(key, controls),
      );
  const has = (key: string) => control[key] !== undefined && control[key] !== null;
  return {
    loopVar: has('loop_var') ? text(control.loop_var) : 'item',
    ...(has('index_var') ? { indexVar: text(control.index_var) } : {}),
    ...(has('label') ? { label: control.label } : {}),
    ...(has('pause') ? { pause: control.pause } : {}),
    ...(has('extended') ? { extended: control.extended } : {}),
    ...(has('extended_allitems') ? { extendedAllitems: control.extended_allitems } : {}),
    ...(has('break_when') ? { breakWhen: expressions(control, 'break_when') } : {}),
  };
}
