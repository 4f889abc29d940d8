import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import { loadModule, moduleNames } from '../../src/modules/registry.ts';
import { readProject } from '../../src/playbook/project.ts';
import { problemText } from '../../src/problems.ts';

const corpus = join(import.meta.dirname, 'correct');
const root = join(import.meta.dirname, '../..');

async function said(inventory: string, playbook: string): Promise<string> {
  try {
    const registry = { moduleNames, loadModule };
    return problemText((await readProject({ inventory, playbook, extraVars: {}, registry })).problems);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return problemText(error.problems);
  }
}

/** Projects as people write them for Ansible: nothing is wrong with them, so nothing may be said. */
describe('correct projects', () => {
  for (const name of readdirSync(corpus))
    it(name, async () =>
      expect(await said(join(corpus, name, 'inventory.yaml'), join(corpus, name, 'site.yaml'))).toBe(''),
    );
});

describe('the site that comes with foobar', () => {
  for (const name of ['lab', 'prod', 'split'])
    it(name, async () =>
      expect(await said(join(root, `inventory/${name}.yaml`), join(root, 'playbooks/site.yaml'))).toBe(''),
    );
});
