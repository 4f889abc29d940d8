import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TaskFailure } from '../errors.ts';

/** Ansible's search: in each folder what is in its folder of that kind, then itself; an absolute path stays. */
export function findFile(
  directories: readonly string[],
  kind: 'files' | 'templates' | 'vars',
  name: string,
): string {
  if (name.trim() === '')
    throw new TaskFailure('src is empty', 'It would mean the whole folder of the playbook.');
  if (name.startsWith('/')) {
    if (existsSync(name)) return name;
    throw new TaskFailure(`there is no file ${name} on this machine`);
  }
  const tried = directories.flatMap((directory) => [join(directory, kind, name), join(directory, name)]);
  const found = tried.find((path) => existsSync(path));
  if (found) return found;
  throw new TaskFailure(
    `there is no ${kind === 'templates' ? 'template' : 'file'} ${name}`,
    `Looked for ${tried.join(', ')}.`,
  );
}
