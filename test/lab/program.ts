import { join } from 'node:path';
import { build } from 'esbuild';
import { testFolder } from './support.ts';

/** Makes a script out of TypeScript that uses this folder's support, to run as a process of its own. */
export async function program(name: string, contents: string, folder = testFolder): Promise<string> {
  // In a folder of tests the lab's recipes are where they are from src/lab: two folders up.
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return outfile;
}
