import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import { loadModule, moduleNames } from '../../src/modules/registry.ts';
import { readProject } from '../../src/playbook/project.ts';
import { problemText } from '../../src/problems.ts';

const corpus = join(import.meta.dirname, 'mistakes');

/** What `foobar check` would print for a project folder. */
async function said(folder: string): Promise<string> {
  const files = { inventory: join(folder, 'inventory.yaml'), playbook: join(folder, 'site.yaml') };
  try {
    const project = await readProject({ ...files, extraVars: {}, registry: { moduleNames, loadModule } });
    return `${problemText(project.problems, folder)}\n`;
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return `${problemText(error.problems, folder)}\n`.replaceAll(`${folder}/`, '');
  }
}

/** Each folder is a project with one mistake (or a few); `expected.txt` is all that is said about it. */
describe('mistakes', () => {
  for (const name of readdirSync(corpus))
    it(name, async () => {
      const folder = join(corpus, name);
      await expect(await said(folder)).toMatchFileSnapshot(join(folder, 'expected.txt'));
    });
});
