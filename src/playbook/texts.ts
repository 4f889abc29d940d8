import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { placeOf } from '../yaml/located.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import type { Expression, Task } from './contract.ts';
import { loopWords } from './loop.ts';
import { sourceOf } from './sources.ts';

/** A text with Jinja in it. */
export interface Text {
  readonly text: string;
  readonly place: Place;
  readonly kind: 'template' | 'expression';
  /** An undefined variable does no harm here: task names, labels, what `debug: var` shows. */
  readonly lenient?: boolean;
}

export function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && /\{\{|\{%/.test(value);
}

/** Every template in a value, each with its own place. */
export function textsOf(value: unknown, place: Place): Text[] {
  if (typeof value === 'string') return isTemplate(value) ? [{ text: value, place, kind: 'template' }] : [];
  if (value === null || typeof value !== 'object' || value instanceof Unsafe) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    textsOf(item, placeOf(value, Array.isArray(value) ? Number(key) : key) ?? placeOf(value) ?? place),
  );
}

/** Every text in a value. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object' || value instanceof Unsafe) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Every template of a layer of variables. */
export function layerTexts(layer: Layer, fallback: Place): Text[] {
  return textsOf(layer.values, fallback);
}

/**
 * Every template and expression that belongs to a task itself.
 * @param expressions parameters of its module that hold expressions without braces
 */
export function taskTexts(task: Task, expressions: readonly string[]): Text[] {
  const node = sourceOf(task);
  // Most keywords are not there, or hold no text: their places would be looked for in vain.
  const of = (value: unknown, key: string): Text[] =>
    value === undefined || typeof value === 'boolean' ? [] : textsOf(value, placeOf(node, key) ?? task.place);
  const conditions = [
    ...task.when,
    ...(task.changedWhen ?? []),
    ...(task.failedWhen ?? []),
    ...(task.until ?? []),
    ...(task.loopControl.breakWhen ?? []),
  ];
  const loopWord = loopWords(node)[0] ?? 'loop';
  const lenient = (texts: Text[]): Text[] => texts.map((text) => ({ ...text, lenient: true }));
  return [
    ...lenient(of(task.name, 'name')),
    ...conditions.map(conditionText),
    ...of(task.loop?.value, loopWord),
    ...lenient(textsOf(task.loopControl.label, placeOf(node.loop_control, 'label') ?? task.place)),
    ...Object.entries(task.args).flatMap(([key, value]) => parameterTexts(task, key, value, expressions)),
    ...textsOf(task.argsBelow, placeOf(task.args) ?? task.place),
    ...of(task.delegateTo, 'delegate_to'),
    ...of(task.environment, 'environment'),
    ...of(task.become.become, 'become'),
    ...of(task.become.user, 'become_user'),
    ...of(task.ignoreErrors, 'ignore_errors'),
    ...of(task.noLog, 'no_log'),
    ...of(task.retries, 'retries'),
    ...of(task.delay, 'delay'),
    ...of(task.loopControl.pause, 'loop_control'),
    ...of(task.timeout, 'timeout'),
    ...of(task.async, 'async'),
    ...of(task.poll, 'poll'),
    ...of(task.throttle, 'throttle'),
    ...of(task.checkMode, 'check_mode'),
    ...of(task.diff, 'diff'),
    ...of(task.runOnce, 'run_once'),
    ...of(task.connect?.user, 'remote_user'),
    ...of(task.connect?.port, 'port'),
    ...lenient(of(task.notify, 'notify')),
  ];
}

function conditionText({ text, place }: Expression): Text {
  return { text, place, kind: isTemplate(text) ? 'template' : 'expression' };
}

function parameterTexts(task: Task, key: string, value: unknown, expressions: readonly string[]): Text[] {
  const place = placeOf(task.args, key) ?? task.place;
  if (!expressions.includes(key)) return textsOf(value, place);
  const lenient = task.module === 'debug';
  const items = Array.isArray(value) ? value : [value];
  return items.flatMap((item, index): Text[] => {
    if (typeof item !== 'string') return [];
    const kind = isTemplate(item) ? 'template' : 'expression';
    return [{ text: item, place: placeOf(value, index) ?? place, kind, lenient }];
  });
}

/**
 * Where a word stands inside a text, as near as the text's lines tell.
 * @param fromLine line of the text, from 1, at which to start looking
 */
export function placeInside(
  { text, place }: Pick<Text, 'text' | 'place'>,
  word: string,
  fromLine = 1,
): Place {
  const lines = insideBraces(text).split('\n');
  const quoted = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  for (const [index, line] of lines.entries()) {
    const found = index + 1 < fromLine ? null : new RegExp(`(?<![\\w.])${quoted}(?!\\w)`).exec(line);
    if (found !== null)
      return { file: place.file, line: place.line + index, column: place.column + found.index };
  }
  return place;
}

/** The text with everything outside Jinja's braces blanked, if it has braces at all. */
function insideBraces(text: string): string {
  if (!/\{[{%]/.test(text)) return text;
  const kept = [...text.matchAll(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g)];
  let result = '';
  for (const match of kept)
    result += text.slice(result.length, match.index).replace(/[^\n]/g, ' ') + match[0];
  return result;
}
