import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { provision } from '../../src/commands/provision.ts';
import type { RunEvent } from '../../src/engine/events.ts';

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
    expect(await planned(before + last)).toEqual({ one: 'unknown', two: 'failed' });
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
    expect(await planned(before + last)).toEqual({ one: 'unknown', two: 'unknown' });
  });
});
