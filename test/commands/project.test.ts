import { describe, expect, it } from 'vitest';
import { standardPlaybooks } from '../../src/commands/project.ts';

describe('a playbook that nobody names', () => {
  it('is looked for here, beside the inventory, and beside its folder', () => {
    expect(standardPlaybooks('/project/inventory/hosts.yaml', '/here')).toEqual([
      '/here/playbooks/site.yaml',
      '/here/playbooks/site.yml',
      '/here/site.yaml',
      '/here/site.yml',
      '/project/inventory/site.yaml',
      '/project/inventory/site.yml',
      '/project/playbooks/site.yaml',
      '/project/playbooks/site.yml',
      '/project/site.yaml',
      '/project/site.yml',
    ]);
  });

  it('is looked for in a place once', () => {
    const files = standardPlaybooks(['/project/hosts.yaml', '/other/hosts.yaml'], '/project');
    expect(files.slice(0, 4)).toEqual([
      '/project/playbooks/site.yaml',
      '/project/playbooks/site.yml',
      '/project/site.yaml',
      '/project/site.yml',
    ]);
    expect(new Set(files).size).toBe(files.length);
  });
});
