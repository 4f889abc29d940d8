import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import type { Environment } from '../environment.ts';
import { type Dict, iterate, text } from '../python.ts';
import { findFile } from '../search.ts';

type Lookup = (terms: readonly unknown[], options: Dict, environment: Environment) => unknown[];

function found(kind: 'files' | 'templates', name: string, environment: Environment): string {
  const { searchDirectories } = environment.variables.options;
  const path = findFile(kind, [name], searchDirectories);
  if (path === undefined)
    throw new TaskFailure(
      `file '${name}' is not found`,
      `it is looked for in ${searchDirectories.join(', ')}`,
    );
  return path;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TaskFailure(`cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Lookups of files on the controller. */
export const files: Readonly<Record<string, Lookup>> = {
  file: (terms, { rstrip = true, lstrip = false }, environment) =>
    terms.map((term) => {
      const content = read(found('files', text(term), environment));
      const right = rstrip === false ? content : content.trimEnd();
      return lstrip === true ? right.trimStart() : right;
    }),

  template: (terms, _options, environment) =>
    terms.map((term) => {
      const path = found('templates', text(term), environment);
      return environment.renderFile(read(path), path);
    }),

  fileglob: (terms, _options, environment) =>
    terms.flatMap((term) => {
      const pattern = text(term);
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

  first_found: (terms, options, environment) => {
    const names = terms.flatMap((term) =>
      typeof term === 'object' && term !== null && 'files' in term
        ? named(term as Dict)
        : iterate(typeof term === 'string' ? [term] : term).map(text),
    );
    const wanted = names.length > 0 ? names : named(options);
    const hit = (['files', 'templates', 'vars'] as const)
      .map((kind) => findFile(kind, wanted, environment.variables.options.searchDirectories))
      .find((path) => path !== undefined);
    if (hit !== undefined) return [hit];
    const skip = options.skip === true || terms.some((term) => (term as Dict | null)?.skip === true);
    if (skip) return [];
    throw new TaskFailure(`none of these files is found: ${wanted.join(', ')}`);
  },
};

function named(options: Dict): string[] {
  const list = (value: unknown) => (typeof value === 'string' ? [value] : iterate(value ?? [])).map(text);
  const folders = list(options.paths);
  const names = list(options.files);
  return folders.length === 0 ? names : names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function matching(folder: string, pattern: string): string[] {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  try {
    return readdirSync(folder)
      .filter((name) => expression.test(name) && statSync(join(folder, name)).isFile())
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
