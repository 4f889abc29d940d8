import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { Task } from './contract.ts';
import { textsIn } from './texts.ts';
import { isOpen } from './values.ts';

/** How well the files that a name may mean are known. */
export interface Possible {
  readonly names: readonly string[];
  /** `one`: written out. `some`: parts are. `any`: nothing is, all that may be meant is here. */
  readonly sure: 'one' | 'some' | 'any';
}

/** A text with templates in it as a pattern; undefined when nothing but templates is in it. */
export function patternOf(text: string): RegExp | undefined {
  const parts = text.split(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/);
  if (parts.every((part) => /^[\s/.]*$/.test(part) || /^\.(ya?ml|json)$/.test(part.trim()))) return undefined;
  const quoted = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${quoted.join('.*')}$`);
}

/**
 * The names that a task's parameter may have: as written, the texts of its loop where it is the loop's variable, or
 * the files of folders that its pattern matches.
 * @param folders where files are looked for; names are relative to them
 */
export function possibleNames(task: Task, written: string, folders: readonly string[]): Possible {
  if (!isOpen(written)) return { names: [written], sure: 'one' };
  const { loop } = task;
  const named = loop === undefined || loop.lookup === 'first_found' ? undefined : filledIn(task, written);
  if (named !== undefined) return { names: named, sure: 'one' };
  const whole = /^\s*\{\{\s*([\s\S]*?)\s*\}\}\s*$/.exec(written)?.[1];
  if (loop !== undefined && whole?.split(/[.|[\s]/)[0] === task.loopControl.loopVar) {
    const texts = textsIn(loop.value);
    const names = texts.flatMap((text) => matching(text, folders));
    const isAny = texts.some((text) => isOpen(text) && patternOf(text) === undefined);
    if (names.length > 0 && !isAny) return { names: [...new Set(names)], sure: 'some' };
  }
  const pattern = patternOf(written);
  if (pattern !== undefined) return { names: matching(written, folders), sure: 'some' };
  return { names: [...new Set(folders.flatMap((folder) => filesOf(folder)))], sure: 'any' };
}

/** The name for each item of a loop over texts; undefined when anything else is in it. */
function filledIn(task: Task, written: string): string[] | undefined {
  const items = task.loop?.value;
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'string' && !isOpen(item)))
    return undefined;
  const variable = new RegExp(`\\{\\{\\s*${task.loopControl.loopVar}\\s*\\}\\}`, 'g');
  const names = items.map((item: string) => written.replace(variable, () => item));
  return names.some(isOpen) ? undefined : names;
}

/** The files of folders that a text with templates in it may mean. */
function matching(text: string, folders: readonly string[]): string[] {
  if (!isOpen(text)) {
    const there = isAbsolute(text) ? existsSync(text) : folders.some((folder) => isFile(join(folder, text)));
    return there ? [text] : [];
  }
  const pattern = patternOf(text);
  if (pattern === undefined) return [];
  const found = folders.flatMap((folder) => {
    const below = join(folder, dirname(`${text.split('{')[0]}x`));
    const deep = text.slice(text.indexOf('{')).includes('/');
    return filesOf(below, deep).map((name) => relative(folder, join(below, name)));
  });
  return [...new Set(found)].filter((name) => pattern.test(name) || pattern.test(`./${name}`));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The YAML files of a folder, and when `deep` of the two levels below. */
function filesOf(folder: string, deep = false): string[] {
  return listed(folder, deep ? 2 : 0).sort();
}

function listed(folder: string, levels: number): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory() && levels > 0 && !/^\.|^node_modules$/.test(entry.name))
      return listed(join(folder, entry.name), levels - 1).map((name) => join(entry.name, name));
    return entry.isDirectory() || !/\.(ya?ml|json)$/.test(entry.name) ? [] : [entry.name];
  });
}
