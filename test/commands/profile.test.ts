import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { provision } from '../../src/commands/provision.ts';
import { run } from '../../src/commands/run.ts';
import { ExitCode } from '../../src/errors.ts';
import { profileApart } from '../../src/flags.ts';
import type { Profile } from '../../src/profile/contract.ts';
import { rememberSecret } from '../../src/secrets.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const folder = site({
  'inventory.yaml': 'all: {vars: {ansible_connection: local}, hosts: {one: , two: }}\n',
  'site.yaml': `- hosts: all
  gather_facts: false
  tasks:
    - name: Look for </script> things
      stat: {path: "/{{ item }}"}
      loop: [hidden-argument, tmp]
      no_log: true
    - name: Talk of swordfish-9
      command: "true"
      check_mode: false
      changed_when: false
    - name: Fail on one
      assert: {that: "inventory_hostname != 'two'"}
`,
});
const scratch = mkdtempSync(join(tmpdir(), 'foobar-profile-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const options = {
  inventory: join(folder, 'inventory.yaml'),
  playbook: join(folder, 'site.yaml'),
  tags: [],
  skipTags: [],
  extraVars: [],
  // In check mode nothing of this machine is written or locked.
  check: true,
  diff: false,
  verbosity: 0,
  signal: new AbortController().signal,
};

describe('--profile', () => {
  it('tells where the time went, of a run that fails too', async () => {
    rememberSecret('swordfish-9');
    const { result, stdout } = await captured(() => provision({ ...options, output: 'plain', profile: '' }));
    expect(result).toBe(ExitCode.failed);
    const told = stdout.slice(stdout.indexOf('\nprofile: '));
    expect(told).toMatch(
      /^\nprofile: .* on 2 hosts; controller .* CPU, .* MB; at most \d+ round trips? a host/,
    );
    expect(told).toMatch(/^host +connect +read +fix +wait +idle +trips +out +in$/m);
    expect(told).toMatch(/^(one|two)( +\d+\.\d+){5} +[1-9]\d* +\d.*B +\d.*B$/m);
    expect(told).toMatch(/^slowest tasks$/m);
    expect(told).toMatch(/Look for <\/script> things \(2 rounds\) +.*site\.yaml:4$/m);
    expect(told).toContain('Talk of ********');
    expect(told).not.toMatch(/swordfish-9|hidden-argument/);
  });

  it('leaves the events of --output json alone', async () => {
    const { stdout, stderr } = await captured(() => provision({ ...options, output: 'json', profile: '' }));
    for (const line of stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
    expect(stderr).toContain('profile: ');
  });

  it('gives data in which the seconds of each host and of the critical path are those of the run', async () => {
    const file = join(scratch, 'profile.json');
    await captured(() => provision({ ...options, output: 'plain', profile: file }));
    const { wall, hosts, path, slowest, memory, cpu }: Profile = JSON.parse(readFileSync(file, 'utf8'));
    expect(hosts.map(({ host }) => host)).toEqual(['one', 'two']);
    for (const { connect, read, fix, wait, idle } of hosts)
      expect(connect + read + fix + wait + idle).toBeCloseTo(wall, 6);
    expect(path.reduce((sum, { from, to }) => sum + to - from, 0)).toBeCloseTo(wall, 6);
    expect(slowest.map(({ task }) => task).sort()).toEqual([
      'Fail on one',
      'Look for </script> things',
      'Talk of ********',
    ]);
    expect(cpu).toBeGreaterThan(0);
    expect(memory).toBeGreaterThan(1e6);
  });

  it('draws a page that holds all it needs, and nothing that a task name could begin', async () => {
    const file = join(scratch, 'profile.html');
    await captured(() => provision({ ...options, output: 'plain', profile: file }));
    const page = readFileSync(file, 'utf8');
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:|swordfish-9|hidden-argument/);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page).toContain('<td>Look for &lt;/script&gt; things (2 rounds)</td>');
  });

  it('says when the file cannot be written, and lets the run count', async () => {
    const { result, stderr } = await captured(() =>
      provision({
        ...options,
        playbook: join(folder, 'site.yaml'),
        output: 'plain',
        profile: '/dev/null/p.json',
      }),
    );
    expect(result).toBe(ExitCode.failed);
    expect(stderr).toMatch(/^warning: the profile cannot be written: .*\/dev\/null/m);
  });

  it('serves run too', async () => {
    const { stdout } = await captured(() =>
      run({ ...options, pattern: 'one', module: 'ping', output: 'plain', profile: '' }),
    );
    expect(stdout).toMatch(/SUCCESS.*\n\nprofile: .* on 1 host;/s);
  });
});

describe('the words behind --profile', () => {
  it.each<[string, string]>([
    ['provision --profile lab.yaml -v', 'provision --profile= lab.yaml -v'],
    ['provision lab.yaml --profile', 'provision lab.yaml --profile='],
    ['provision --profile out.html lab.yaml', 'provision --profile out.html lab.yaml'],
    ['provision --profile=out.json lab.yaml', 'provision --profile=out.json lab.yaml'],
    ['run lab.yaml web -- aws --profile x', 'run lab.yaml web -- aws --profile x'],
  ])('%s', (words, apart) => {
    expect(profileApart(words.split(' ')).join(' ')).toBe(apart);
  });
});
