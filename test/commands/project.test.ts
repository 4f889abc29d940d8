import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadProject } from '../../src/commands/project.ts';

const root = mkdtempSync(join(tmpdir(), 'foobar-project-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function projectOf(...files: string[]) {
  const folder = join(root, String(count++));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(
      join(folder, file),
      file.includes('hosts') ? 'all: {hosts: {here: }}\n' : '[{hosts: all}]\n',
    );
  }
  return folder;
}
const read = (inventory: string) => loadProject({ inventory, tags: [], skipTags: [], extraVars: [] });

describe('a playbook that nobody names', () => {
  it.each([
    [['hosts.yaml', 'site.yml'], 'hosts.yaml', 'site.yml'],
    [['hosts.yaml', 'site.yaml', 'site.yml'], 'hosts.yaml', 'site.yaml'],
    [['inventory/hosts.yaml', 'site.yml'], 'inventory/hosts.yaml', 'site.yml'],
    [
      ['inventory/hosts.yaml', 'playbooks/site.yml', 'site.yml'],
      'inventory/hosts.yaml',
      'playbooks/site.yml',
    ],
  ])('of %j with %s it is %s', async (files, inventory, playbook) => {
    const folder = projectOf(...files);
    // Where the tests run there is a playbook too: it would be found first.
    const before = process.cwd();
    process.chdir(root);
    try {
      expect((await read(join(folder, inventory))).playbook.file).toBe(join(folder, playbook));
    } finally {
      process.chdir(before);
    }
  });
});
