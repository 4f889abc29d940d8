import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** The first of these names that exists, in `files/` or `templates/` of a folder or in the folder itself. */
export function findFile(
  kind: 'files' | 'templates' | 'vars',
  names: readonly string[],
  directories: readonly string[],
): string | undefined {
  for (const name of names)
    for (const path of candidates(kind, name, directories)) if (existsSync(path)) return path;
  return undefined;
}

function candidates(kind: string, name: string, directories: readonly string[]): string[] {
  if (isAbsolute(name)) return [name];
  return directories.flatMap((directory) => [join(directory, kind, name), join(directory, name)]);
}
