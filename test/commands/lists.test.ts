import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../../src/commands/options.ts';
import { provision } from '../../src/commands/provision.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const folder = site({
  'inventory.yaml': `all:
  vars: {ansible_connection: local}
  children:
    web: {hosts: {web1: , web2: }}
    db: {hosts: {db1: }}
`,
  'site.yaml': `- name: Web servers
  hosts: web
  gather_facts: false
  tags: [front]
  pre_tasks:
    - name: Look first
      debug: {msg: a}
      tags: always
  roles:
    - role: app
      tags: [app]
  tasks:
    - ansible.builtin.debug: {msg: b}
    - block:
        - name: In a block
          command: "true"
      rescue:
        - name: When it fails
          debug: {msg: c}
      tags: [zz, aa]
    - meta: flush_handlers
    - include_tasks: more.yaml
    - name: Never here
      debug: {msg: d}
      tags: never
- hosts: [all, '!web']
  gather_facts: false
  tasks:
    - name: Last
      debug: {msg: e}
`,
  'more.yaml': '- name: Dynamic\n  debug: {msg: x}\n',
  'roles/app/tasks/main.yaml':
    '- name: Put it there\n  debug: {msg: r}\n  tags: [files]\n- command: "true"\n  notify: Restart\n',
  'roles/app/handlers/main.yaml': '- name: Restart\n  debug: {msg: h}\n',
});

async function listed(lists: RunOptions['lists'], more: Partial<RunOptions> = {}): Promise<string> {
  const { stdout } = await captured(() =>
    provision({
      inventory: join(folder, 'inventory.yaml'),
      playbook: join(folder, 'site.yaml'),
      tags: [],
      skipTags: [],
      extraVars: [],
      check: false,
      diff: false,
      verbosity: 0,
      signal: new AbortController().signal,
      ...(lists && { lists }),
      ...more,
    }),
  );
  return stdout.replaceAll(`${folder}/`, '');
}

// As ansible-playbook 2.19 lists the same project.
describe('--list-hosts, --list-tasks and --list-tags', () => {
  it('show all of a playbook', async () => {
    expect(await listed(['hosts', 'tasks', 'tags'])).toBe(`
playbook: site.yaml

  play #1 (web): Web servers\tTAGS: [front]
    pattern: ['web']
    hosts (2):
      web1
      web2
    tasks:
      Look first\tTAGS: [always, front]
      app : Put it there\tTAGS: [app, files, front]
      command\tTAGS: [app, front]
      ansible.builtin.debug\tTAGS: [front]
      In a block\tTAGS: [aa, front, zz]
      meta\tTAGS: [front]
      include_tasks\tTAGS: [front]
      Never here\tTAGS: [front, never]
      TASK TAGS: [aa, always, app, files, front, never, zz]

  play #2 (all,!web): all,!web\tTAGS: []
    pattern: ['all', '!web']
    hosts (1):
      db1
    tasks:
      Last\tTAGS: []
      TASK TAGS: []
`);
  });

  it('go by --tags and --limit', async () => {
    expect(await listed(['tasks'], { tags: ['app'] })).toBe(`
playbook: site.yaml

  play #1 (web): Web servers\tTAGS: [front]
    tasks:
      Look first\tTAGS: [always, front]
      app : Put it there\tTAGS: [app, files, front]
      command\tTAGS: [app, front]

  play #2 (all,!web): all,!web\tTAGS: []
    tasks:
`);
    expect(await listed(['hosts'], { limit: 'web1,db1' })).toMatch(
      /hosts \(1\):\n {6}web1\n[\s\S]*hosts \(1\):\n {6}db1/,
    );
  });
});
