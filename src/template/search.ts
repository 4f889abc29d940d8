import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** The first of these names that exists, in the folder `kind` of a directory or in the directory itself. */
export function findFile(
  kind: 'files' | 'templates' | 'vars' | undefined,
  names: readonly string[],
  directories: readonly string[],
): string | undefined {
  for (const name of names)
    for (const path of candidates(kind, name, directories)) if (existsSync(path)) return path;
  return undefined;
}

function candidates(kind: string | undefined, name: string, directories: readonly string[]): string[] {
  if (isAbsolute(name)) return [name];
  return directories.flatMap((directory) => [
    ...(kind === undefined ? [] : [join(directory, kind, name)]),
    join(directory, name),
  ]);
}
