import type { Place } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { didYouMean, nearest } from '../problems.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import { firstWord, type ParsedText, parseText, UnbalancedText } from './arguments.ts';
import { homeOf, moduleName } from './collections.ts';
import { freeForm, inclusions, keywordsOf, rawParameter, rawWords } from './keywords.ts';
import type { Report } from './report.ts';
import { text } from './values.ts';

/** What a task asks for: the module's key in the task, its short name and its parameters. */
export interface Action {
  readonly key: string;
  readonly module: string;
  readonly args: Record<string, unknown>;
  /** Templates that give further parameters, lowest first: those in `args` count before them. */
  readonly templates?: readonly string[];
}

type Given = Pick<Action, 'args' | 'templates'>;

/**
 * The module of a task among its keys. Undefined when there is none, which is noted.
 * @param modules known names; none given means that every name may be one
 * @param conditional the task may never run: then a module that is not here is no mistake yet
 */
export function actionOf(
  node: Record<string, unknown>,
  modules: readonly string[],
  handler: boolean,
  conditional: boolean,
  report: Report,
): Action | undefined {
  const keywords = keywordsOf(handler ? 'handler' : 'task');
  const known = (key: string) => {
    const { short } = moduleName(key);
    return modules.includes(short) || inclusions.includes(short) || short === 'meta';
  };
  const isAction = (key: string) => key === 'action' || key === 'local_action';
  const candidates = Object.keys(node).filter(
    (key) => isAction(key) || !(keywords.includes(key) || key.startsWith('with_')),
  );
  const key =
    candidates.find((each) => isAction(each) || known(each)) ??
    candidates.find((each) => homeOf(moduleName(each).short) !== undefined) ??
    candidates.find((each) => nearest(each, modules)) ??
    candidates[0];
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
  const asked = { modules, keywords, conditional, report };
  if (isAction(key)) return indirectAction(node, key, asked);
  const place = keyPlaceOf(node, key) ?? placeOf(node)!;
  const module = named(key, place, asked);
  if (typeof module !== 'string') return module && { key, ...module };
  const args = argumentsOf(node, key, module, node[key], report);
  return args && { key, module, ...args };
}

interface Asked {
  readonly modules: readonly string[];
  readonly keywords: readonly string[];
  readonly conditional: boolean;
  readonly report: Report;
}

/**
 * The short name of a module that exists; the mistake is noted otherwise. What Ansible has and we have not may stand
 * where it is not reached: there it becomes a task that fails.
 */
function named(written: string, place: Place, asked: Asked): string | Omit<Action, 'key'> | undefined {
  const { modules, keywords, conditional, report } = asked;
  const { short, problem } = moduleName(written);
  const known = modules.length === 0 || [...modules, ...inclusions, 'meta'].includes(short);
  if (short === 'include')
    report.mistake(place, "Ansible's include is no more", 'write include_tasks or import_tasks');
  else if (short === 'import_playbook')
    report.mistake(place, 'import_playbook stands in the list of plays, not among tasks');
  else if (!known && (problem?.foreign || (problem === undefined && homeOf(short) !== undefined))) {
    const name = problem === undefined ? `${homeOf(short)}.${short}` : written;
    const message = `Ansible's module ${name} is not supported`;
    report.failsLater(place, message, conditional);
    return { module: 'fail', args: derived({ msg: message }, place) };
  } else if (known && problem === undefined) return short;
  else if (problem !== undefined && (known || problem.hint !== undefined))
    report.mistake(place, problem.message, problem.hint);
  else {
    const hint = didYouMean(short, [...modules, ...inclusions, ...keywords]);
    report.mistake(place, `there is no module or task keyword ${written}`, hint);
  }
  return undefined;
}

/** `action: apt name=x` and `local_action: {module: apt, name: x}`. */
function indirectAction(node: Record<string, unknown>, key: string, asked: Asked): Action | undefined {
  const { report } = asked;
  const value = node[key];
  const place = placeOf(node, key) ?? placeOf(node)!;
  const whole = isMapping(value) ? value.module : value;
  const [name, rest] = typeof whole === 'string' && whole.trim() !== '' ? words(whole) : ['', ''];
  if (name === '') {
    report.mistake(place, `${key} must name a module`, `${key}: apt name=nginx`);
    return undefined;
  }
  const module = named(name, place, { ...asked, keywords: [] });
  if (typeof module !== 'string') return module && { key, ...module };
  const args = argumentsOf(node, key, module, rest || null, report);
  if (args === undefined || !isMapping(value)) return args && { key, module, ...args };
  const { module: _, args: more, ...own } = value;
  const given = { ...own, ...(isMapping(more) ? more : {}) };
  const located = derived({ ...args.args, ...given }, place);
  for (const each of Object.keys(own)) copyPlace(value, each, located, each);
  if (isMapping(more)) for (const each of Object.keys(more)) copyPlace(more, each, located, each);
  return { ...args, key, module, args: located };
}

function words(whole: string): [string, string] {
  try {
    return firstWord(whole);
  } catch (error) {
    if (!(error instanceof UnbalancedText)) throw error;
    const at = whole.trim().search(/\s|$/);
    return [whole.trim().slice(0, at), whole.trim().slice(at)];
  }
}

function argumentsOf(
  node: Record<string, unknown>,
  key: string,
  module: string,
  value: unknown,
  report: Report,
): Given | undefined {
  const place = placeOf(node, key) ?? placeOf(node)!;
  let given: Given;
  if (isMapping(value)) given = { args: value };
  else if (value === null || value === undefined) given = { args: derived({}, place) };
  else if (value instanceof Unsafe && freeForm.includes(module))
    given = { args: derived({ [rawParameter]: value }, place) };
  else if (
    typeof value === 'string' ||
    value instanceof Unsafe ||
    (typeof value === 'number' && freeForm.includes(module))
  ) {
    const parsed = parsedText(module, text(value), place, report);
    if (parsed === undefined) return undefined;
    const { template, offsets, names } = parsed;
    const at = (offset = 0) => further(place, text(value), offset);
    const args = derived(
      parsed.args,
      place,
      (name) => at(offsets[name]),
      (name) => at(names[name] ?? offsets[name]),
    );
    given = template === undefined ? { args } : { args, templates: [template] };
  } else {
    const hint = typeof value === 'boolean' ? 'put it in quotes' : undefined;
    report.mistake(place, `${module} takes its parameters as a mapping or as text`, hint);
    given = { args: derived({}, place) };
  }
  if (given.templates !== undefined) warnOfTemplate(module, place, report);
  return node.args === undefined || node.args === null ? given : withArgs(node, module, given, place, report);
}

/** A text's parameters; a template among its words may give more. */
function parsedText(
  module: string,
  value: string,
  place: Place,
  report: Report,
): (ParsedText & { readonly template?: string }) | undefined {
  let parsed: ParsedText;
  try {
    parsed = parseText(value, freeForm.includes(module));
  } catch (error) {
    if (!(error instanceof UnbalancedText)) throw error;
    report.mistake(place, 'quotes or braces in this text do not close', 'write the parameters as a mapping');
    return undefined;
  }
  const { [rawParameter]: raw, ...args } = parsed.args;
  if (raw === undefined || rawWords.includes(module)) return parsed;
  const { offsets, names } = parsed;
  if (isWholeTemplate(raw)) return { args, offsets, names, template: raw };
  report.mistake(place, `${module} takes parameters as name=value, not ${JSON.stringify(raw)}`);
  return { args, offsets, names };
}

/** Whether a text begins and ends with Jinja's braces, as ansible-core asks. */
function isWholeTemplate(value: unknown): value is string {
  return typeof value === 'string' && /^\s*\{[{%#][\s\S]*[}%#]\}\s*$/.test(value);
}

function warnOfTemplate(module: string, place: Place | undefined, report: Report): void {
  report.warn(
    place,
    `the parameters of ${module} come from one template: whoever can set its variables can set them all`,
    'facts that a host tells are variables too; safer is a template for each parameter',
  );
}

/** The place of what stands at an offset of a text. */
function further(place: Place, whole: string, offset: number): Place {
  const lines = whole.slice(0, offset).split('\n');
  const column = place.column + (lines.at(-1)?.length ?? 0);
  return { file: place.file, line: place.line + lines.length - 1, column };
}

/** The keyword `args`: more parameters, or a template that gives them; those given with the module win. */
function withArgs(
  node: Record<string, unknown>,
  module: string,
  given: Given,
  place: Place,
  report: Report,
): Given | undefined {
  const more = node.args;
  const at = placeOf(node, 'args');
  if (isWholeTemplate(more) && !inclusions.includes(module) && module !== 'meta') {
    warnOfTemplate(module, at, report);
    return { ...given, templates: [more, ...(given.templates ?? [])] };
  }
  if (!isMapping(more)) {
    report.mistake(at, 'args must be a mapping', 'or a template that gives one');
    return undefined;
  }
  const merged = derived({ ...more, ...given.args }, place);
  for (const key of Object.keys(more)) copyPlace(more, key, merged, key);
  for (const key of Object.keys(given.args)) copyPlace(given.args, key, merged, key);
  return { ...given, args: merged };
}
