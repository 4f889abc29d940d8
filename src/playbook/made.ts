import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isMapping } from '../inventory/layers.ts';
import { readYamlFile } from '../yaml/located.ts';
import type { Play, Task } from './contract.ts';
import type { Expanded } from './expand.ts';
import { localFile } from './files.ts';
import { rawParameter } from './keywords.ts';
import { candidates } from './play-variables.ts';
import { possibleNames } from './possible.ts';
import { scopeOf } from './sources.ts';
import { textsIn } from './texts.ts';
import { isOpen, list, text } from './values.ts';

/** Facts that Ansible injects under names of their own. */
const gatheredBy: Readonly<Record<string, string>> = {
  package_facts: 'packages',
  service_facts: 'services',
  mount_facts: 'mount_points',
};

/** Parameters of add_host that are no variables. */
const hostWords = ['name', 'hostname', 'host', 'group', 'groups', 'groupname', rawParameter];

/** Modules that make variables after their parameters. */
const makers = ['set_fact', 'add_host', 'include_vars', 'getent'];

/** Variables that tasks make, whichever host they run on. */
export class MadeNames {
  readonly names = new Set<string>();
  readonly loopVariables = new Set<string>();
  /** True when some names are made from what only a run knows. */
  dynamic = false;
  readonly #playbook: string;
  readonly #under: (readonly string[])[] = [];
  readonly #files = new Map<string, readonly string[] | undefined>();

  constructor(expanded: Expanded, playbook: string) {
    this.#playbook = playbook;
    const plays = new Set<Play>();
    for (const { play, task } of expanded.entries) {
      plays.add(play);
      this.#note(task);
    }
    // The variables of a file under a name of its own are often made variables one by one, by a set_fact in a loop.
    if (this.dynamic) for (const names of this.#under) for (const name of names) this.names.add(name);
    for (const play of plays) for (const names of play.lateVarsFiles ?? []) this.#late(names);
  }

  #note(task: Task): void {
    const { loopVar, indexVar } = task.loopControl;
    if (task.loop !== undefined) this.loopVariables.add(loopVar);
    if (indexVar !== undefined) this.loopVariables.add(indexVar);
    if (task.register !== undefined) this.names.add(task.register);
    const gathered = gatheredBy[task.module];
    if (gathered !== undefined) this.names.add(gathered);
    if (task.module === 'getent') this.#database(task.args.database);
    if (task.argsBelow !== undefined && makers.includes(task.module)) this.dynamic = true;
    if (task.module === 'set_fact')
      for (const key of Object.keys(task.args)) {
        if (isOpen(key) || key === rawParameter) this.dynamic = true;
        this.names.add(key);
      }
    if (task.module === 'add_host')
      for (const key of Object.keys(task.args)) if (!hostWords.includes(key)) this.names.add(key);
    if (task.module === 'include_vars') this.#included(task);
  }

  #database(name: unknown): void {
    if (isOpen(name)) this.dynamic = true;
    else this.names.add(`getent_${text(name)}`);
  }

  #included(task: Task): void {
    const { name, [rawParameter]: raw, file = raw, dir } = task.args;
    if (name !== undefined) {
      if (isOpen(name)) this.dynamic = true;
      else this.names.add(text(name));
    }
    if (typeof dir === 'string' && !isOpen(dir)) {
      const folder = localFile(task, this.#playbook, 'vars', dir);
      const there = folder !== undefined && statSync(folder).isDirectory();
      this.#take(there ? this.#below(folder) : undefined, name !== undefined);
      return;
    }
    const folders = this.#folders(task);
    const written = typeof dir === 'string' ? undefined : file;
    if (typeof written === 'string' && !isOpen(written)) {
      const path = localFile(task, this.#playbook, 'vars', written);
      const names = path === undefined ? undefined : this.#in(path);
      this.#take(names === undefined ? undefined : [names], name !== undefined);
      return;
    }
    const patterns = typeof written === 'string' ? possibleNames(task, written, folders) : undefined;
    const names = patterns?.names ?? possibleNames(task, '{{ any }}', folders).names;
    const paths = names.flatMap((each) => folders.map((folder) => join(folder, each)).find(existsSync) ?? []);
    const found = paths.flatMap((path) => [this.#in(path) ?? []]);
    this.#take(found.length === 0 && !this.#isOptional(task) ? undefined : found, name !== undefined);
  }

  /** What files of variables define: for all to see, or under a name of its own. */
  #take(files: readonly (readonly string[])[] | undefined, named: boolean): void {
    if (named) this.#under.push(...(files ?? []));
    else if (files === undefined) this.dynamic = true;
    else for (const names of files) for (const name of names) this.names.add(name);
  }

  /** `skip: true` of first_found: it may well be that there is no file at all. */
  #isOptional(task: Task): boolean {
    const { loop } = task;
    return (
      loop?.lookup === 'first_found' && list(loop.value).some((each) => isMapping(each) && each.skip === true)
    );
  }

  /** Where a task's files of variables are, and the folders that its loop names. */
  #folders(task: Task): string[] {
    const roots = [
      ...(task.role === undefined ? [] : [task.role.directory]),
      dirname(task.place.file),
      dirname(this.#playbook),
    ];
    // The folders of first_found stand in its loop, or in variables of the task and the blocks around it.
    const near = scopeOf(task)?.layers.map((layer) => layer.values) ?? [];
    const named = textsIn([task.loop?.value, ...near])
      .map((each) => this.#known(each, task))
      .filter((each) => !isOpen(each) && !/\.(ya?ml|json)$|\n/.test(each));
    const below = ['vars', ...named].flatMap((folder) => roots.map((root) => resolve(root, folder)));
    const isInside = (path: string) => roots.some((root) => path.startsWith(`${root}/`));
    return [...new Set(below)].filter((path) => isInside(path) && existsSync(path));
  }

  /** A text with the folders that are known before a run put in. */
  #known(written: string, task: Task): string {
    return written
      .replaceAll(/\{\{\s*playbook_dir\s*\}\}/g, dirname(this.#playbook))
      .replaceAll(/\{\{\s*role_path\s*\}\}/g, task.role?.directory ?? '');
  }

  #late(names: readonly string[]): void {
    const directory = dirname(this.#playbook);
    const folders = [join(directory, 'vars'), directory];
    for (const name of names) {
      const { names: possible, sure } = possibleNames(bare, name, folders);
      const paths = possible.flatMap((each) => candidates(each, directory).find(existsSync) ?? []);
      this.#take(
        paths.map((path) => this.#in(path) ?? []),
        false,
      );
      if (sure === 'any') this.dynamic = true;
    }
  }

  /** The names in all files of a folder, however deep: which of them are read is not asked. */
  #below(folder: string): (readonly string[])[] {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (name) => this.#in(join(folder, name)) ?? [],
    );
  }

  /** The names in a file of variables; undefined when it cannot be read. */
  #in(path: string): readonly string[] | undefined {
    if (!this.#files.has(path)) this.#files.set(path, namesIn(path));
    return this.#files.get(path);
  }
}

/** A task without a loop, for names that belong to none. */
const bare = { loopControl: { loopVar: 'item' } } as Task;

function namesIn(path: string): string[] | undefined {
  try {
    return list(readYamlFile(path)).flatMap((values) => (isMapping(values) ? Object.keys(values) : []));
  } catch {
    return undefined;
  }
}
