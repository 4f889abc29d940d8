import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { didYouMean, didYouMeanFile, shownPath } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { Play, Prompt } from './contract.ts';
import type { Report } from './report.ts';
import { boolean, isOpen, list, text } from './values.ts';

const promptKeywords = 'name prompt default private confirm encrypt salt_size salt unsafe'.split(' ');

/** The questions of `vars_prompt`, without those that -e answers. */
export function promptsOf(
  node: Record<string, unknown>,
  extra: Readonly<Record<string, unknown>>,
  report: Report,
): Prompt[] {
  return list(node.vars_prompt).flatMap((entry, index): Prompt[] => {
    const place = placeOf(node.vars_prompt, index) ?? placeOf(node, 'vars_prompt')!;
    const name = isMapping(entry) ? entry.name : undefined;
    if (!isMapping(entry) || typeof name !== 'string') {
      report.mistake(place, 'each of vars_prompt needs a name', '- name: version');
      return [];
    }
    for (const key of Object.keys(entry))
      if (!promptKeywords.includes(key))
        report.mistake(
          keyPlaceOf(entry, key),
          `vars_prompt has no keyword ${key}`,
          didYouMean(key, promptKeywords),
        );
    if (Object.hasOwn(extra, name)) return [];
    const flag = (key: string, otherwise: boolean) =>
      entry[key] === undefined ? otherwise : (boolean(entry[key]) ?? otherwise);
    const has = (key: string) => entry[key] !== undefined && entry[key] !== null;
    return [
      {
        name,
        place,
        prompt: has('prompt') ? text(entry.prompt) : name,
        private: flag('private', true),
        confirm: flag('confirm', false),
        ...(has('default') ? { default: entry.default } : {}),
        ...(has('encrypt') ? { encrypt: text(entry.encrypt) } : {}),
        ...(has('salt') ? { salt: text(entry.salt) } : {}),
        ...(has('salt_size') ? { saltSize: Number(entry.salt_size) } : {}),
        unsafe: flag('unsafe', false),
      },
    ];
  });
}

/** Where answers of `vars_prompt` stand among the layers of a play. */
const promptLayer = 'vars_prompt';

/** Prompts as variables, before anybody answered: their defaults. */
export function unanswered(prompts: readonly Prompt[]): Layer[] {
  if (prompts.length === 0) return [];
  const values = Object.fromEntries(prompts.map((prompt) => [prompt.name, prompt.default ?? null]));
  return [{ origin: promptLayer, values }];
}

/** The play with what was answered to its prompts in the place that Ansible gives it: above vars, below vars_files. */
export function withAnswers(play: Play, answers: Readonly<Record<string, unknown>>): Play {
  const layers = play.layers.map((layer) =>
    layer.origin === promptLayer ? { ...layer, values: { ...layer.values, ...answers } } : layer,
  );
  return Object.assign(play, { layers });
}

export interface VariableFiles {
  readonly layers: readonly Layer[];
  /** From the first entry with a template on: which file counts is known only on a host. */
  readonly late: readonly (readonly string[])[];
}

/** `vars_files`: each entry is a file, or a list of files of which the first that exists counts. */
export function variableFiles(
  node: Record<string, unknown>,
  directory: string,
  report: Report,
): VariableFiles {
  const layers: Layer[] = [];
  const late: string[][] = [];
  for (const [index, entry] of list(node.vars_files).entries()) {
    const place = placeOf(node.vars_files, index) ?? placeOf(node, 'vars_files');
    const names = list(entry).map(text);
    if (late.length > 0 || names.some(isOpen)) {
      late.push(names);
      continue;
    }
    const path = names.flatMap((name) => candidates(name, directory)).find(existsSync);
    if (path !== undefined) layers.push(...fileLayers(path, report));
    // Ansible goes on without a word.
    else
      report.warn(
        place,
        `there is no file ${names.join(' or ')}`,
        didYouMeanFile(candidates(names[0] ?? '', directory).at(-1) as string),
      );
  }
  return { layers, late };
}

/** Where a file of vars_files is looked for, in Ansible's order. */
export function candidates(name: string, directory: string): string[] {
  return isAbsolute(name) ? [name] : [join(directory, 'vars', name), join(directory, name)];
}

/** The variables of a file: a mapping, or a list of mappings. */
export function fileLayers(file: string, report: Report): Layer[] {
  const values = report.read(file);
  return list(values).flatMap((each): Layer[] => {
    if (isMapping(each)) {
      report.names(each);
      return [{ origin: shownPath(file), values: each }];
    }
    report.mistake({ file, line: 1, column: 1 }, 'a file of variables holds a mapping of names to values');
    return [];
  });
}
