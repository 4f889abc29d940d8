import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache');
const scratch = mkdtempSync(join(tmpdir(), 'foobar-cli-'));
/** Every test starts processes; the machine may be busy. */
const patiently = { timeout: 200_000 };
let built: string;

beforeAll(() => {
  mkdirSync(cache, { recursive: true });
  built = mkdtempSync(join(cache, 'foobar-cli-'));
  spawnSync(process.execPath, [join(root, 'scripts', 'build.js'), join(built, 'dist')], { stdio: 'inherit' });
  cpSync(join(root, 'package.json'), join(built, 'package.json'));
  for (const name of ['inventory', 'playbooks']) symlinkSync(join(root, name), join(built, name));
});

afterAll(() => {
  for (const folder of [built, scratch]) rmSync(folder, { recursive: true, force: true });
});

const program = () => join(built, 'dist', 'cli.js');

function foobar(...args: string[]) {
  const options = {
    cwd: scratch,
    encoding: 'utf8' as const,
    env: { ...process.env, NO_COLOR: '1', XDG_CACHE_HOME: join(scratch, 'cache') },
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program(), ...args], options);
  return { status, stdout, stderr };
}

describe('foobar', patiently, () => {
  it('says its version and its commands', () => {
    expect(foobar('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n' });
    const { status, stdout } = foobar('--help');
    expect(status).toBe(0);
    for (const name of ['provision', 'plan', 'verify', 'certificates', 'check', 'ping', 'lab', 'init'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it.each<[string[], string]>([
    [['provison', 'x'], "error: unknown command 'provison'\n(Did you mean provision?)"],
    [['provision'], 'no inventory is named'],
    [['provision', 'x', '--chek'], "error: unknown option '--chek'\n(Did you mean --check?)"],
    [['plan', 'x', '--forks', '0'], 'A number from 1 on is needed.'],
    [['plan', 'x', '--output', 'xml'], 'Allowed choices are live, plain, json.'],
    [['lab', 'upp'], "error: unknown command 'upp'\n(Did you mean up?)"],
    [['provision', 'gone.yaml', '--playbook', 'gone.yaml'], 'there is no playbook gone.yaml'],
  ])('%j is exit code 3 and says why', (args, message) => {
    const { status, stdout, stderr } = foobar(...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(status).toBe(3);
  });
});

describe('a project on this machine', patiently, () => {
  const project = (tasks: string) => {
    const folder = mkdtempSync(join(scratch, 'project-'));
    const inventory = join(folder, 'hosts.yaml');
    const playbook = join(folder, 'site.yaml');
    writeFileSync(inventory, 'all:\n  hosts:\n    here:\n      ansible_connection: local\n');
    writeFileSync(playbook, `- name: Here\n  hosts: all\n  gather_facts: false\n  tasks:\n${tasks}`);
    return { folder, args: [inventory, '--playbook', playbook] };
  };
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('is provisioned, planned and settled, each with its exit code', () => {
    const folder = mkdtempSync(join(scratch, 'target-'));
    const file = join(folder, 'made');
    const { args } = project(
      `    - name: Make a file\n      copy:\n        content: "one {{ what }}\\n"\n        dest: ${file}\n        mode: "0600"\n`,
    );
    const plan = foobar('plan', ...args, '-e', 'what=line');
    expect(plan).toMatchObject({ status: 2, stderr: '' });
    expect(plan.stdout).toContain('+one line');
    expect(readdirSync(folder)).not.toContain('made');
    const first = foobar('provision', ...args, '-e', 'what=line', '--output', 'json');
    expect(first.status).toBe(0);
    expect(lines(first.stdout).at(-1)).toMatchObject({
      event: 'recap',
      hosts: { here: { changed: 1, failed: 0 } },
    });
    const second = foobar('provision', ...args, '-e', 'what=line', '--output', 'json');
    expect(lines(second.stdout).at(-1)).toMatchObject({ hosts: { here: { ok: 1, changed: 0 } } });
    expect(foobar('plan', ...args, '-e', 'what=line').status).toBe(0);
  });

  it('that fails is exit code 1, with host, task and place', () => {
    const { args } = project('    - name: Refuse\n      fail:\n        msg: not today\n');
    const { status, stdout } = foobar('provision', ...args);
    expect(status).toBe(1);
    expect(stdout).toMatch(/here {2}failed {7}Refuse[^\n]*\n {4}[^\n]*site\.yaml:5\n {4}not today/);
  });

  it('that is wrong is exit code 3, with place and advice', () => {
    const { args } = project('    - name: Typo\n      copi:\n        dest: /x\n');
    for (const command of ['provision', 'check']) {
      const { status, stdout, stderr } = foobar(command, ...args);
      expect(status).toBe(3);
      expect(stdout + stderr).toMatch(/site\.yaml:6:7: .*copi[\s\S]*did you mean copy\?/);
    }
  });

  it('that is wrong tells it as JSON too, the recap last', () => {
    const { args } = project('    - name: Typo\n      copi:\n        dest: /x\n');
    const { status, stdout } = foobar('plan', ...args, '--output', 'json');
    expect(status).toBe(3);
    expect(lines(stdout)).toEqual([
      {
        event: 'mistake',
        severity: 'error',
        message: 'there is no module or task keyword copi',
        place: { file: args[2], line: 6, column: 7 },
        hint: 'did you mean copy?',
      },
      { event: 'recap', hosts: {}, seconds: expect.any(Number) },
    ]);
  });

  it.each(['word', 'name=a word', '[1]'])('with -e %s is exit code 3', (extra) => {
    const { args } = project('    - name: Nothing\n      debug:\n        msg: x\n');
    const { status, stderr } = foobar('provision', ...args, '-e', extra);
    expect(stderr).toContain(`-e ${extra}: not name=value, a mapping or @file`);
    expect(status).toBe(3);
  });

  it('answers a ping', () => {
    const { args } = project('    - name: Nothing\n      debug:\n        msg: x\n');
    const { status, stdout } = foobar('ping', ...args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^here +ok +\d\.\d s +root on /m);
    expect(stdout).toContain('1 of 1 host answered');
  });

  it('is exit code 4 when its host is not there', () => {
    const { folder, args } = project('    - name: Look\n      command: "true"\n');
    writeFileSync(
      join(folder, 'hosts.yaml'),
      'all:\n  hosts:\n    gone:\n      ansible_host: 127.0.0.1\n      ansible_port: 1\n      ansible_user: root\n',
    );
    expect(foobar('provision', ...args)).toMatchObject({ status: 4 });
    expect(foobar('ping', ...args)).toMatchObject({ status: 4 });
  });

  it.each([
    ['that ends in time is told as it ended', 'sleep 2', 'changed'],
    ['that does not is told as interrupted, its host not as unreachable', 'sleep 12', 'interrupted'],
  ])('is let go of by Ctrl-C with exit code 130; a step %s', async (_what, command, status) => {
    const { args } = project(`    - name: Sleep\n      command: ${command}\n`);
    const child = spawn(process.execPath, [program(), 'provision', ...args, '--output', 'json'], {
      cwd: scratch,
    });
    let said = '';
    const began = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        said += chunk;
        if (said.includes('"begin"')) resolve();
      });
    });
    const code = new Promise((resolve) => child.on('close', resolve));
    await began;
    child.kill('SIGINT');
    expect(await code).toBe(130);
    const events = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.find(({ event }) => event === 'task')).toMatchObject({ host: 'here', status });
    expect(events.at(-1)).toMatchObject({ event: 'recap', hosts: { here: { unreachable: 0, failed: 0 } } });
  });
});

describe('init', patiently, () => {
  it('copies a whole site into a new or an empty folder, and into no other', () => {
    const { status, stdout } = foobar('init', 'site');
    expect(status).toBe(0);
    expect(stdout).toContain(
      '  cd site\n  foobar check inventory/prod.yaml\n  foobar plan inventory/prod.yaml\n',
    );
    expect(readdirSync(join(scratch, 'site', 'inventory'))).toEqual(['prod.yaml']);
    expect(readdirSync(join(scratch, 'site', 'playbooks'))).toEqual(
      expect.arrayContaining(['roles', 'site.yaml']),
    );

    const again = foobar('init', 'site');
    expect(again.status).toBe(3);
    expect(again.stderr).toContain('is not empty: nothing was copied');

    mkdirSync(join(scratch, 'empty'));
    expect(foobar('init', 'empty').status).toBe(0);
    expect(readdirSync(join(scratch, 'empty')).sort()).toEqual(['.gitignore', 'inventory', 'playbooks']);
    expect(readdirSync(scratch).filter((name) => name.endsWith('.part'))).toEqual([]);

    writeFileSync(join(scratch, 'file'), '');
    expect(foobar('init', 'file').stderr).toContain('is there and is no folder');
  });
});
