import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { provision } from '../../src/commands/provision.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { on, play } from './play.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foobar-check-mode-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** What each host says of the last task, when the plays are planned on two hosts. */
async function planned(playbook: string): Promise<Record<string, string>> {
  const inventory = join(folder, 'inventory.yaml');
  const file = join(folder, 'site.yaml');
  writeFileSync(
    inventory,
    'all: { hosts: { one: , two: }, vars: { ansible_connection: local, here: FOLDER } }'.replace(
      'FOLDER',
      folder,
    ),
  );
  writeFileSync(file, playbook);
  let written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
  await provision({
    inventory,
    playbook: file,
    tags: [],
    skipTags: [],
    extraVars: [],
    check: true,
    diff: false,
    verbosity: 0,
    output: 'json',
    signal: new AbortController().signal,
  });
  vi.restoreAllMocks();
  const events = written
    .trim()
    .split('\n')
    .map((line): RunEvent => JSON.parse(line));
  return Object.fromEntries(
    events.flatMap((event) =>
      event.event === 'task' && event.task === 'Last' ? [[event.host, event.status]] : [],
    ),
  );
}

const last = `
- name: Later
  hosts: all
  gather_facts: false
  tasks:
    - name: Last
      lineinfile: { path: "{{ here }}/made-before", line: x }
`;

describe('what cannot be known before earlier changes are made', () => {
  it('is a failure where nothing is planned', async () => {
    expect(await planned(last)).toEqual({ one: 'failed', two: 'failed' });
  });

  it('stays unknown in the plays after the change', async () => {
    const before = `
- name: Before
  hosts: one
  gather_facts: false
  tasks:
    - copy: { dest: "{{ here }}/made-before", content: y }
`;
    expect(await planned(before + last)).toEqual({ one: 'unforeseen', two: 'failed' });
  });

  it('is unknown on every host of a task that runs once for all', async () => {
    const before = `
- name: Before
  hosts: all
  gather_facts: false
  tasks:
    - copy: { dest: "{{ here }}/made-before", content: y }
      run_once: true
`;
    expect(await planned(before + last)).toEqual({ one: 'unforeseen', two: 'unforeseen' });
  });
});

describe('check_mode of a task', () => {
  const tasks = `
- { name: Folder, file: { path: "{{ mine }}/folder", state: directory }, check_mode: true }
- { name: Command, command: "touch {{ mine }}/command", check_mode: "{{ 'yes' }}", notify: Handle }
- block:
    - { name: Copy, copy: { dest: "{{ mine }}/copy", content: x }, notify: Handle }
    - { name: Loop, lineinfile: { path: "{{ mine }}/loop", line: "{{ item }}", create: true }, loop: [a, b] }
    - { name: Become, file: { path: "{{ mine }}/become", state: touch }, become: true, become_user: login }
    - { name: Own, file: { path: "{{ mine }}/own", state: touch }, check_mode: false }
  check_mode: true
- { name: Real, copy: { dest: "{{ mine }}/real", content: x } }
- { name: Missing, lineinfile: { path: "{{ mine }}/missing", line: x }, check_mode: true, ignore_errors: true }
`;
  const handlers = `
- { name: Handle, file: { path: "{{ mine }}/handled", state: touch }, check_mode: true }
`;

  it('changes nothing though the run does, in blocks, loops and handlers, as another user', async () => {
    const { here, told, events } = await play(on(tasks, handlers), { hosts: ['one'], user: 'login' });
    expect(readdirSync(join(here, 'one')).sort()).toEqual(['own', 'real']);
    expect(told).toEqual([
      'one Folder changed',
      'one Command changed',
      'one Copy changed',
      'one Loop (a) changed',
      'one Loop (b) changed',
      'one Become changed',
      'one Own changed',
      'one Real changed',
      'one Missing failed, ignored',
      'one Handle changed',
    ]);
    expect(events.filter(({ event }) => event === 'begin')).toHaveLength(2);
  });

  it('false: runs though the run changes nothing, and so does a handler that it notifies', async () => {
    const real = `
- { name: Folder, file: { path: "{{ mine }}/folder", state: directory }, check_mode: false, notify: [Handle, Plan] }
- { name: Command, shell: "echo x >{{ mine }}/command; echo y", check_mode: false, register: said, notify: Handle }
- { name: Said, file: { path: "{{ mine }}/{{ said.stdout }}", state: touch } }
`;
    const both = `
- { name: Handle, file: { path: "{{ mine }}/handled", state: touch }, check_mode: false }
- { name: Plan, file: { path: "{{ mine }}/planned", state: touch } }
`;
    const options = { hosts: ['one'], check: true, user: 'root' };
    const { here, told } = await play(on(real, both), options);
    expect(readdirSync(join(here, 'one')).sort()).toEqual(['command', 'folder', 'handled']);
    expect(existsSync(join(here, 'one', 'y'))).toBe(false);
    expect(told).toEqual([
      'one Folder changed',
      'one Command changed',
      'one Said changed',
      'one Handle changed',
      'one Plan changed',
    ]);
  });

  it('false: a program that changes before it would install is not there yet, which is no failure', async () => {
    const tasks = `
- { name: Query, command: foobar-missing --version, check_mode: false }
- { name: Shell, shell: foobar-missing --version, check_mode: false }
- { name: Ignored, command: foobar-missing, check_mode: false, ignore_errors: true, register: said }
- { name: Answer, assert: { that: said.rc == 2 } }
- { name: Other, command: "false", check_mode: false }
`;
    const install = `
- { name: Install, file: { path: "{{ mine }}/program", state: touch } }
`;
    const options = { hosts: ['one'], check: true, user: 'root' };
    const { told, events } = await play(on(install + tasks.trimStart()), options);
    expect(told).toEqual([
      'one Install changed',
      'one Query unforeseen',
      'one Shell unforeseen',
      'one Ignored failed, ignored',
      'one Answer ok',
      'one Other failed',
    ]);
    const said = events.map((event) => ('message' in event ? event.message : undefined));
    expect(said).toContain(
      "cannot be known before the changes above are made: [Errno 2] No such file or directory: b'foobar-missing'",
    );
    expect((await play(on(tasks), options)).told).toEqual(['one Query failed']);
  });
});
