import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModule, moduleNames } from '../../src/modules/registry.ts';
import { expand } from '../../src/playbook/expand.ts';
import { readProject } from '../../src/playbook/project.ts';
import { writeLargeProject } from './large.ts';

it('finds nothing wrong with the project that the check is measured with', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'large-'));
  writeLargeProject(directory, 400, 5);
  const { inventory, playbook, problems } = await readProject({
    inventory: join(directory, 'inventory.yaml'),
    playbook: join(directory, 'site.yaml'),
    extraVars: {},
    registry: { moduleNames, loadModule },
  });
  rmSync(directory, { recursive: true });
  expect(problems).toEqual([]);
  expect(inventory.hosts.size).toBe(5);
  expect(expand(playbook).entries.length).toBeGreaterThanOrEqual(400);
});
