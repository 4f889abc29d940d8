import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TaskFailure } from '../errors.ts';
import { readDecrypted } from '../vault/files.ts';

/** Ansible's search: in each folder what is in its folder of that kind, then itself; an absolute path stays. */
function findFile(
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

let found = new WeakMap<readonly string[], Map<string, string>>();
let texts = new Map<string, string>();
let isForgetting = false;

/** What one tick found holds for all that is prepared in it: most tasks ask for the same for each host. */
function forgetSoon(): void {
  if (isForgetting) return;
  isForgetting = true;
  setImmediate(() => {
    forgetFound();
    isForgetting = false;
  });
}

/** After what may have changed files of the controller. */
export function forgetFound(): void {
  found = new WeakMap();
  texts = new Map();
}

/** As `findFile`, once in a tick. */
export function foundNow(
  directories: readonly string[],
  kind: 'files' | 'templates' | 'vars',
  name: string,
): string {
  const known = found.get(directories) ?? new Map<string, string>();
  found.set(directories, known);
  const key = `${kind}/${name}`;
  let path = known.get(key);
  if (path === undefined) {
    path = findFile(directories, kind, name);
    known.set(key, path);
    forgetSoon();
  }
  return path;
}

/** The text of a file of the controller, decrypted where it is encrypted; read once in a tick. */
export function readNow(path: string): string {
  let text = texts.get(path);
  if (text === undefined) {
    text = readDecrypted(path).toString();
    texts.set(path, text);
    forgetSoon();
  }
  return text;
}
