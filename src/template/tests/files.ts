import { existsSync, lstatSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { typeName } from '../python.ts';

function path(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TaskFailure(`a path must be a text, not ${typeName(value)}`);
}

const asked = (test: (path: string) => boolean) => filter([], (value) => test(path(value)));
/** Python asks about open files by their numbers; a number is no path of ours. */
const onDisk = (read: (path: string) => Stats | undefined, test: (stats: Stats) => boolean) =>
  asked((name) => {
    const stats = name === '' ? undefined : read(name);
    return stats !== undefined && test(stats);
  });
const followed = (name: string) => statSync(name, { throwIfNoEntry: false });
const itself = (name: string) => lstatSync(name, { throwIfNoEntry: false });

const directory = onDisk(followed, (stats) => stats.isDirectory());
const file = onDisk(followed, (stats) => stats.isFile());
const link = onDisk(itself, (stats) => stats.isSymbolicLink());
const abs = asked(isAbsolute);
const mount = asked((name) => {
  const stats = itself(name);
  if (!stats?.isDirectory()) return false;
  const parent = lstatSync(join(name, '..'));
  return stats.dev !== parent.dev || stats.ino === parent.ino;
});
const sameFile = filter(['path!'], (value, [other]) => {
  for (const each of [value, other])
    if (!existsSync(path(each))) throw new TaskFailure(`there is no file ${path(each)}`);
  const [left, right] = [statSync(path(value)), statSync(path(other))];
  return left.ino === right.ino && left.dev === right.dev;
});

/** Tests of paths on the controller. */
export const files: Filters = {
  exists: asked(existsSync),
  link_exists: asked((name) => itself(name) !== undefined),
  directory,
  is_dir: directory,
  file,
  is_file: file,
  link,
  is_link: link,
  abs,
  is_abs: abs,
  mount,
  is_mount: mount,
  same_file: sameFile,
  is_same_file: sameFile,
};
