import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { ExitCode } from '../../src/errors.ts';

const here = import.meta.dirname;
const none = { tags: [], skipTags: [], extraVars: [] };

function captured(): { text: () => string } {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  return { text: () => write.mock.calls.map(([chunk]) => String(chunk)).join('') };
}

afterEach(() => {
  vi.restoreAllMocks();
});

it('says in one line that nothing is wrong', async () => {
  const project = join(here, 'correct/idioms');
  const out = captured();
  const code = await check({
    ...none,
    inventory: join(project, 'inventory.yaml'),
    playbook: join(project, 'site.yaml'),
  });
  expect(out.text()).toMatch(/^checked \d+ files, 28 tasks on 4 hosts: no mistakes\n$/);
  expect(code).toBe(ExitCode.done);
});

it('shows the mistakes and exits 3', async () => {
  const project = join(here, 'mistakes/module-misspelt');
  const out = captured();
  const code = await check({
    ...none,
    inventory: join(project, 'inventory.yaml'),
    playbook: join(project, 'site.yaml'),
  });
  expect(out.text()).toContain('site.yaml:4:7: ansible.builtin has no module copi');
  expect(out.text()).toContain('did you mean copy?');
  expect(code).toBe(ExitCode.project);
});
