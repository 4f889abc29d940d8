import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { play, scratch } from './play.ts';

it('shows nothing of the long work of a task with no_log while it runs, as of any other', async () => {
  const repository = mkdtempSync(join(scratch, 'repository-'));
  const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args]);
  git('init', '--quiet');
  git(...'-c user.name=x -c user.email=x@example.org commit --quiet --allow-empty -m x'.split(' '));
  const tasks = (noLog: boolean) => `
- hosts: one
  tasks:
    - git: { repo: ${repository}, dest: "{{ mine }}/clone" }
      no_log: ${noLog}`;
  const shown = async (noLog: boolean) => {
    const { events, hosts } = await play(tasks(noLog), { hosts: ['one'] });
    expect(hosts.one).toMatchObject({ changed: 1 });
    return JSON.stringify(events).includes('Cloning into');
  };
  expect([await shown(false), await shown(true)]).toEqual([true, false]);
});
