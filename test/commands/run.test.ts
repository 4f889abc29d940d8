import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { facts } from '../../src/commands/facts.ts';
import type { RunOptions } from '../../src/commands/options.ts';
import { provision } from '../../src/commands/provision.ts';
import { type RunCommand, run } from '../../src/commands/run.ts';
import { ExitCode, ProjectError } from '../../src/errors.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const folder = site({
  'inventory.yaml': `all:
  vars: {ansible_connection: local, greeting: hello}
  children:
    web: {hosts: {web1: , web2: {greeting: hi}}}
    db: {hosts: {db1: }}
`,
  'site.yaml': `- hosts: all
  gather_facts: false
  tasks:
    - name: First
      debug: {msg: "{{ greeting }}"}
    - name: Second thing
      assert: {that: "inventory_hostname != 'web2'"}
    - name: Third
      debug: {msg: "{{ ansible_limit | default('none') }}"}
`,
});

const options = {
  inventory: join(folder, 'inventory.yaml'),
  tags: [],
  skipTags: [],
  extraVars: [],
  // In check mode nothing of this machine is written or locked.
  check: true,
  diff: false,
  verbosity: 0,
  signal: new AbortController().signal,
};

async function ran(pattern: string, given: Partial<RunCommand>) {
  const { result, stdout, stderr } = await captured(() => run({ ...options, pattern, ...given }));
  return { result, lines: stdout.trimEnd().split('\n').sort(), stderr };
}

describe('foobar run', () => {
  it('does one task on the hosts of a pattern', async () => {
    expect(
      await ran('web', { module: 'ansible.builtin.debug', args: 'msg="{{ greeting }} there"' }),
    ).toMatchObject({
      result: ExitCode.done,
      lines: [
        'web1 | SUCCESS => {"changed":false,"msg":"hello there"}',
        'web2 | SUCCESS => {"changed":false,"msg":"hi there"}',
      ],
    });
  });

  it('takes JSON, --limit and -e, and gives JSON', async () => {
    const { lines } = await ran('all', {
      module: 'debug',
      args: '{"msg": ["{{ greeting }}", 1]}',
      limit: 'db',
      extraVars: ['greeting=bye'],
      output: 'json',
    });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { host: 'db1', status: 'ok', msg: ['bye', 1], changed: false },
    ]);
  });

  it('says what a command would be, and runs none in check mode', async () => {
    const { lines, result } = await ran('db1', { command: ['touch', join(folder, 'made')] });
    expect(result).toBe(ExitCode.done);
    expect(lines[0]).toMatch(/^db1 \| WOULD CHANGE/);
    expect(await ran('db1', { module: 'stat', args: `path=${folder}/made` })).toMatchObject({
      lines: [expect.stringContaining('"exists":false')],
    });
  });

  it('tells failures by its exit code', async () => {
    const { lines, result } = await ran('web', { module: 'assert', args: 'that="greeting == \'hi\'"' });
    expect(result).toBe(ExitCode.failed);
    expect(lines[0]).toMatch(/^web1 \| FAILED! \| .*greeting == 'hi'/);
    expect(lines[1]).toMatch(/^web2 \| SUCCESS/);
  });

  it.each<[string, Partial<RunCommand>, string]>([
    ['wbe', { module: 'ping' }, 'no host or group is named wbe'],
    ['web', { module: 'pign' }, 'there is no module'],
    ['web', { module: 'file', args: 'pth=/x' }, 'file has no parameter pth'],
    ['web', { module: 'ansible.posix.apt' }, 'ansible.posix has no module apt'],
    ['web', { module: 'file', args: 'path="/x' }, 'a quote or brace is not closed'],
    ['web', { module: 'file', args: '/x' }, 'file takes name=value'],
    ['web', { module: 'ping', limit: 'db' }, 'no host is left of web with --limit db'],
  ])('%s %j is a mistake', async (pattern, given, message) => {
    const error: unknown = await ran(pattern, given).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProjectError);
    expect((error as ProjectError).message).toContain(message);
  });
});

describe('foobar facts', () => {
  it('shows what a host tells', async () => {
    const { stdout } = await captured(() => facts({ ...options, host: 'db1', filter: 'ansible_hostna*' }));
    expect(stdout).toMatch(/^ansible_hostname: \S+\n$/);
    const json = await captured(() => facts({ ...options, host: 'db1', filter: 'kernel', output: 'json' }));
    expect(Object.keys(JSON.parse(json.stdout))).toEqual(['ansible_kernel']);
  });
});

describe('foobar provision', () => {
  const provisioned = (given: Partial<RunOptions>) =>
    captured(() =>
      provision({ ...options, playbook: join(folder, 'site.yaml'), verbosity: 1, output: 'plain', ...given }),
    );

  it('begins at a task', async () => {
    const { stdout } = await provisioned({ startAtTask: 'Second*', limit: 'web1' });
    expect(stdout).not.toContain('First');
    expect(stdout).toContain('Second thing');
  });

  it('is a mistake when --limit leaves nobody', async () => {
    await expect(provisioned({ limit: 'web:&db' })).rejects.toThrow('--limit web:&db leaves no host');
  });

  it('notes the hosts that failed, and goes on with them', async () => {
    const retryFile = join(folder, 'site.retry');
    const { result, stderr } = await provisioned({ retryFile });
    expect(result).toBe(ExitCode.failed);
    expect(stderr).toContain(`--limit @${retryFile}`);
    const again = await provisioned({ limit: `@${retryFile}` });
    expect(again.stdout).toContain('web2');
    expect(again.stdout).not.toContain('web1');
  });
});
