import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withUsers } from '../../src/commands/defaults.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { site } from './site.ts';

it('users of the command line reach the tasks that an include brings in, where they name none', () => {
  const folder = site({
    'site.yaml': '- hosts: all\n  tasks:\n    - include_tasks: more.yaml\n',
    'more.yaml':
      '- command: id\n- include_tasks: most.yaml\n- command: id\n  become: true\n  become_user: web\n',
    'most.yaml': '- command: id\n',
  });
  const playbook = loadPlaybook(join(folder, 'site.yaml'));
  const [play] = withUsers(playbook, { become: true, becomeUser: 'app' }).plays;
  const include = play!.tasks.find(({ module }) => module === 'include_tasks')!.include!;
  const [first, further, last] = include.read({ _raw_params: 'more.yaml' }).tasks;
  expect(first!.become).toMatchObject({ become: true, user: 'app' });
  expect(last!.become).toMatchObject({ become: true, user: 'web' });
  const [innermost] = further!.include!.read({ _raw_params: 'most.yaml' }).tasks;
  expect(innermost!.become).toMatchObject({ become: true, user: 'app' });
});
