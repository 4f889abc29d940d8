import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { configured } from '../../src/commands/configured.ts';
import { openFleet, runVariables } from '../../src/commands/fleet.ts';
import { loadProject } from '../../src/commands/project.ts';
import { readConfiguration } from '../../src/config/configuration.ts';
import { ExitCode, ProjectError } from '../../src/errors.ts';
import { captured } from '../commands/output.ts';

const folder = fileURLToPath(new URL('project', import.meta.url));
const read = (environment: Record<string, string> = {}) =>
  readConfiguration({ workingDirectory: folder, home: '/none', environment });
const given = (environment?: Record<string, string>) => ({
  inventory: [],
  playbook: join(folder, 'playbooks', 'site.yml'),
  tags: [],
  skipTags: [],
  extraVars: [],
  configuration: read(environment),
});

describe('a project with an ansible.cfg', () => {
  it('is checked without naming its inventory', async () => {
    const { result, stdout } = await captured(() => check({ ...given(), verbosity: 1 }));
    expect(stdout).toContain('test/config/project/ansible.cfg is used as configuration of Ansible\n');
    expect(stdout).toContain(
      "ansible.cfg:17:1: warning: Ansible's host_key_checking = False is not supported\n",
    );
    expect(stdout).toContain('StrictHostKeyChecking=accept-new');
    expect(stdout).toContain('4 tasks on 3 hosts: no mistakes\n');
    expect(result).toBe(ExitCode.done);
  });

  it('finds no role where its configuration does not look', async () => {
    const { result, stdout } = await captured(() => check(given({ ANSIBLE_ROLES_PATH: '/nowhere:/none' })));
    expect(result).toBe(ExitCode.project);
    const playbooks = 'test/config/project/playbooks';
    expect(stdout).toContain(
      `there is no role base\n  3 |     - base\n    |       ^\n  looked in ${playbooks}/roles, /nowhere, /none, ${playbooks}\n`,
    );
  });

  it('needs an inventory from somewhere', async () => {
    const configuration = readConfiguration({ workingDirectory: '/none', home: '/none', environment: {} });
    const { result, stdout } = await captured(() => check({ ...given(), configuration, verbosity: 1 }));
    expect(stdout).toContain('no inventory is named\n  give it as an argument, or say inventory = FILE');
    expect(result).toBe(ExitCode.project);
  });

  it('gives plays what they do not say themselves', async () => {
    const [web, db] = (await loadProject(given())).playbook.plays;
    expect(web).toMatchObject({ gatherFacts: false, strategy: 'free', anyErrorsFatal: true });
    expect(db).toMatchObject({ gatherFacts: true, strategy: 'linear', anyErrorsFatal: false });
    const hidden = (play: typeof web) =>
      play?.tasks.filter(({ module }) => module !== 'meta').map(({ noLog }) => noLog);
    expect(hidden(web)).toEqual([true, true]);
    expect(hidden(db)).toEqual([false]);
  });

  it('gathers facts once', async () => {
    const { playbook } = await loadProject(given({ ANSIBLE_GATHERING: 'smart' }));
    expect(playbook.plays.map(({ gatherFacts, gathersOnce }) => [gatherFacts, gathersOnce])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('reaches hosts as it says, where the inventory does not', async () => {
    const project = await loadProject(given());
    const options = { forks: 1, readOnly: true, output: () => {} };
    const settings = (name: string, login: object) =>
      openFleet(runVariables(project, true), { ...options, login }).settings(name);
    expect(settings('web1', project)).toMatchObject({
      user: 'deploy',
      identityFiles: [join(folder, 'keys', 'deploy')],
      connectTimeout: 20,
      patience: { ask: 15 },
    });
    expect(settings('web2', project)).toMatchObject({ user: 'admin', port: 2222 });
    expect(settings('db1', project)).toMatchObject({ identityFiles: ['/keys/db1'], connectTimeout: 5 });
    expect(settings('web1', { ...project, privateKey: '/mine' }).identityFiles).toEqual(['/mine']);
  });

  it("hands its arguments to the system's ssh where a play or the configuration chooses that", async () => {
    const options = { forks: 1, readOnly: true, output: () => {} };
    const ssh = ['-o', 'Compression=yes'];
    const playing = await loadProject(given({ ANSIBLE_SSH_ARGS: ssh.join(' ') }));
    const fleet = openFleet(runVariables(playing, true), { ...options, login: playing });
    expect(fleet.settings('web1').sshWords).toBeUndefined();
    expect(fleet.settings('web1', { connection: 'openssh' }).sshWords).toEqual(ssh);
    const environment = { ANSIBLE_SSH_ARGS: '-o ForwardAgent=yes', ANSIBLE_TRANSPORT: 'openssh' };
    const all = await loadProject(given(environment));
    const other = openFleet(runVariables(all, true), { ...options, login: all });
    expect(other.settings('web1').sshWords).toEqual(['-o', 'ForwardAgent=yes']);
  });

  it('stands behind the command line', () => {
    const options = {
      ...given(),
      check: true,
      diff: false,
      verbosity: 0,
      signal: new AbortController().signal,
    };
    expect(configured(options)).toMatchObject({
      inventory: [join(folder, 'inventory', 'hosts.ini')],
      forks: 10,
      become: true,
      becomeUser: 'root',
    });
    const said = { inventory: ['mine'], forks: 3, becomeUser: 'me', tags: ['a'] };
    expect(configured({ ...options, ...said })).toMatchObject(said);
  });

  it.each([
    ['-o StrictHostKeyChecking=no', 'StrictHostKeyChecking=no would accept any host'],
    ['-o ForwardAgent=yes', 'the arguments of ssh hold "-o ForwardAgent=yes", which foobar does not follow'],
  ])('is refused with ssh_args %s', async (args, message) => {
    const problems = await loadProject(given({ ANSIBLE_SSH_ARGS: args })).catch((error: unknown) =>
      error instanceof ProjectError ? error.problems : error,
    );
    expect(problems).toContainEqual(expect.objectContaining({ message, severity: 'error' }));
  });
});
