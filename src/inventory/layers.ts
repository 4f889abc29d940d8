import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type Problem, ProjectError } from '../errors.ts';
import { nearest, shownPath } from '../problems.ts';
import { placeOf, readYamlFile } from '../yaml/located.ts';
import type { Layer } from './contract.ts';

const extensions = ['', '.yml', '.yaml', '.json'];

/**
 * Reads `group_vars/` or `host_vars/` of one folder, each file once.
 * Ansible: the first of NAME (file or folder), NAME.yml, NAME.yaml, NAME.json counts.
 */
export class VariableFolder {
  readonly #directory: string;
  readonly #problems: Problem[];
  #entries: ReadonlySet<string> | undefined;
  readonly #read = new Map<string, readonly Layer[]>();

  constructor(directory: string, problems: Problem[]) {
    this.#directory = directory;
    this.#problems = problems;
  }

  of(name: string): readonly Layer[] {
    let layers = this.#read.get(name);
    if (layers === undefined) {
      layers = this.#files(name).flatMap((file) => this.#layer(file));
      this.#read.set(name, layers);
    }
    return layers;
  }

  /** Files that look like a misspelt name of what this inventory has. Shared folders may hold names of others. */
  misspelt(known: readonly string[]): Problem[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory).flatMap((entry): Problem[] => {
      const name = entry.replace(/\.(ya?ml|json)$/, '');
      const meant = known.includes(name) || name.startsWith('.') ? undefined : nearest(name, known);
      if (meant === undefined || this.#files(meant).length > 0) return [];
      const file = join(this.#directory, entry);
      const what = basename(this.#directory) === 'group_vars' ? 'group' : 'host';
      const message = `${shownPath(file)} is read by nobody: no ${what} is named ${name}`;
      return [{ message, hint: `did you mean ${meant}?`, severity: 'warning' }];
    });
  }

  #files(name: string): string[] {
    // Thousands of hosts mostly have no file.
    this.#entries ??= existsSync(this.#directory) ? new Set(readdirSync(this.#directory)) : new Set();
    const entries = this.#entries;
    if (!name.includes('/') && !extensions.some((extension) => entries.has(name + extension))) return [];
    const found = extensions.map((extension) => join(this.#directory, name + extension)).filter(existsSync);
    const [first, ...others] = found;
    if (first === undefined) return [];
    for (const other of others) {
      const message = `${shownPath(other)} is not read, since ${shownPath(first)} is there too`;
      this.#problems.push({ message, hint: 'keep one of the two', severity: 'warning' });
    }
    return statSync(first).isDirectory() ? variableFiles(first) : [first];
  }

  #layer(file: string): Layer[] {
    try {
      const values = readYamlFile(file);
      if (values === null) return [];
      if (!isMapping(values)) {
        const message = 'a file of variables holds a mapping of names to values';
        throw new ProjectError([
          { message, place: placeOf(values) ?? { file, line: 1, column: 1 }, severity: 'error' },
        ]);
      }
      return [{ origin: shownPath(file), values }];
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      this.#problems.push(...error.problems);
      return [];
    }
  }
}

/**
 * All files of a folder of variables, sorted, folders inside included. As in Ansible hidden and backup files are left
 * out, and folders with a dot in their name (`conf.d`).
 */
function variableFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return extname(name) === '' ? variableFiles(path) : [];
      return stat?.isFile() && extensions.includes(extname(name)) ? [path] : [];
    });
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
}
