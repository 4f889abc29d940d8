import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { readDecrypted } from '../../vault/files.ts';
import type { Environment } from '../environment.ts';
import { type Dict, defined, isDict, iterate, text, typeName, Undefined } from '../python.ts';
import { findFile } from '../search.ts';
import { saysYes } from '../words.ts';
import type { Lookups } from './contract.ts';

type Kind = 'files' | 'templates' | 'vars';

/** The file of that name, looked for as Ansible does. */
export function existing(kind: Kind, name: string, environment: Environment): string {
  const { searchDirectories } = environment.variables.options;
  const path = findFile(kind, [atHome(name)], searchDirectories);
  if (path === undefined)
    throw new TaskFailure(
      `file '${name}' is not found`,
      `it is looked for in ${searchDirectories.join(', ')}`,
    );
  return path;
}

function atHome(name: string): string {
  return name.replace(/^~(?=\/|$)/, homedir());
}

function read(path: string): string {
  try {
    return readDecrypted(path).toString();
  } catch (error) {
    if (error instanceof TaskFailure) throw error;
    throw new TaskFailure(`cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Lookups of files on the controller. */
export const files: Lookups = {
  file: (terms, { options: { rstrip = true, lstrip = false }, environment }) =>
    terms.map((term) => {
      const content = read(existing('files', text(term), environment));
      const right = saysYes(rstrip) ? content.trimEnd() : content;
      return saysYes(lstrip) ? right.trimStart() : right;
    }),

  unvault: (terms, { environment }) => terms.map((term) => read(existing('files', text(term), environment))),

  template: (terms, { options, environment }) =>
    terms.map((term) => {
      const path = existing('templates', text(term), environment);
      return environment.renderFile(read(path), path, options);
    }),

  fileglob: (terms, { environment }) =>
    terms.flatMap((term) => {
      const pattern = atHome(text(term));
      const folders = isAbsolute(pattern)
        ? [dirname(pattern)]
        : environment.variables.options.searchDirectories.flatMap((each) => [
            join(each, 'files', dirname(pattern)),
            join(each, dirname(pattern)),
          ]);
      for (const folder of folders) {
        const hits = matching(folder, basename(pattern));
        if (hits.length > 0) return hits;
      }
      return [];
    }),

  first_found(terms, { options, environment, loop }) {
    const given = loop ? withoutUndefined(terms) : terms;
    const settings: Dict = { ...options };
    const wanted = candidates(given.length > 0 ? given : listOf(options.files), settings);
    const { searchDirectories } = environment.variables.options;
    const hit = wanted
      .map((name) => findFile(loop, [atHome(name)], searchDirectories))
      .find((path) => path !== undefined);
    if (hit !== undefined) return [hit];
    if (saysYes(settings.skip ?? false)) return [];
    throw new TaskFailure(
      `none of these files is found: ${wanted.join(', ')}`,
      `they are looked for in ${searchDirectories.join(', ')}`,
    );
  },
};

/** Names in the order in which they are tried. A dict among the terms sets options for what follows it. */
function candidates(terms: readonly unknown[], settings: Dict): string[] {
  return terms.flatMap((term) => {
    defined(term);
    if (Array.isArray(term)) return candidates(term, settings);
    if (isDict(term)) {
      for (const name of ['files', 'paths', 'skip']) delete settings[name];
      Object.assign(settings, term);
    } else if (typeof term !== 'string')
      throw new TaskFailure(`first_found takes names, lists and dicts, not ${typeName(term)}`);
    const names = separated(isDict(term) ? term.files : term, /[,;]/);
    const folders = separated(settings.paths, /[,:;]/);
    return folders.length === 0
      ? names
      : folders.flatMap((folder) => names.map((name) => (isAbsolute(name) ? name : join(folder, name))));
  });
}

function separated(value: unknown, separators: RegExp): string[] {
  return listOf(value).flatMap((each) => text(each).split(separators));
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return typeof value === 'string' ? [value] : iterate(value);
}

/** `with_first_found` leaves out names that hold an undefined variable. */
function withoutUndefined(terms: readonly unknown[]): unknown[] {
  return terms
    .filter((term) => !(term instanceof Undefined))
    .map((term) => {
      if (Array.isArray(term)) return withoutUndefined(term);
      if (!isDict(term)) return term;
      const kept = Object.entries(term).filter(([, value]) => !(value instanceof Undefined));
      return Object.fromEntries(
        kept.map(([name, value]) => [name, Array.isArray(value) ? withoutUndefined(value) : value]),
      );
    });
}

/** Files of a folder whose names fit a shell pattern; a name that begins with a dot needs one in the pattern. */
export function matching(folder: string, pattern: string): string[] {
  const expression = shellPattern(pattern);
  try {
    return readdirSync(folder)
      .filter((name) => expression.test(name) && (!name.startsWith('.') || pattern.startsWith('.')))
      .sort()
      .map((name) => join(folder, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  } catch {
    return [];
  }
}

function shellPattern(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return part.replace(/[.+^${}()|\\[\]]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}
