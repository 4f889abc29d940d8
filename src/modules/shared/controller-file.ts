import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import type { Context } from '../contract.ts';

/** The text of a file on the controller: an absolute path, or one that Ansible's search finds under `files/`. */
export async function readControllerFile(parameter: string, path: string, context: Context): Promise<string> {
  const file = isAbsolute(path) ? path : context.find('files', path);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new TaskFailure(`${parameter}: cannot read ${file} on the controller: ${why}`);
  }
}
