import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Problem } from '../errors.ts';
import { didYouMean, shownPath } from '../problems.ts';
import { placeOf } from '../yaml/located.ts';
import type { Task } from './contract.ts';

type Kind = 'files' | 'templates' | 'vars';

/** Where a task's local file is looked for, in Ansible's order: its role, then the folder of the playbook. */
function candidates(task: Task, playbook: string, kind: Kind, name: string): string[] {
  if (name.startsWith('~/')) return [join(homedir(), name.slice(2))];
  if (isAbsolute(name)) return [name];
  const near = dirname(task.place.file);
  const roots = [...(task.role === undefined ? [] : [task.role.directory]), near, dirname(playbook)];
  return [...new Set(roots.flatMap((root) => [join(root, kind, name), join(root, name)]))];
}

/** The file on the controller that a task's `src` names; undefined when there is none. */
export function localFile(task: Task, playbook: string, kind: Kind, name: string): string | undefined {
  return candidates(task, playbook, kind, name).find((path) => existsSync(path));
}

/** Modules that take a file of the controller: the parameter and the folder that it is looked for in. */
const readers: Readonly<Record<string, { parameter: string; kind: Kind }>> = {
  template: { parameter: 'src', kind: 'templates' },
  copy: { parameter: 'src', kind: 'files' },
  unarchive: { parameter: 'src', kind: 'files' },
  script: { parameter: '_raw_params', kind: 'files' },
  include_vars: { parameter: '_raw_params', kind: 'vars' },
};

/** The local file that a task names literally, found or not; undefined when it names none. */
export function namedFile(
  task: Task,
  playbook: string,
): { name: string; path: string | undefined; problem?: Problem } | undefined {
  const reader = readers[task.module];
  if (reader === undefined) return undefined;
  // `copy` of unarchive is the opposite of remote_src.
  const { remote_src: remote = false, copy: local = true } = task.args;
  if (!isNo(remote) || isNo(local)) return undefined;
  let key = reader.parameter;
  if (task.module === 'script' && 'cmd' in task.args) key = 'cmd';
  if (task.module === 'include_vars' && 'file' in task.args) key = 'file';
  const value = task.args[key];
  if (typeof value !== 'string' || value.includes('{{') || value.includes('://')) return undefined;
  const name = task.module === 'script' ? (value.trim().split(/\s+/)[0] ?? '') : value;
  if (name === '' || /^["']/.test(name)) return undefined;
  const path = localFile(task, playbook, reader.kind, name);
  if (path !== undefined) return { name, path };
  const looked = candidates(task, playbook, reader.kind, name);
  return {
    name,
    path,
    problem: {
      message: `there is no file ${name} for ${task.module}`,
      place: placeOf(task.args, key) ?? task.place,
      hint:
        didYouMean(name, neighbours(looked)) ??
        `looked for ${looked
          .slice(0, 2)
          .map((each) => shownPath(each))
          .join(' and ')}`,
      severity: 'error',
    },
  };
}

function isNo(value: unknown): boolean {
  return ['no', 'false', 'off', 'n', 'f', '0'].includes(String(value).toLowerCase());
}

function neighbours(paths: readonly string[]): string[] {
  return paths
    .map(dirname)
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder));
}
