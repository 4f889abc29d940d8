import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { on, play, scratch } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const one = { hosts: ['one'] };

describe('tasks', () => {
  it('go over the hosts side by side, task after task', async () => {
    const { told, hosts } = await play(
      on(`
- { name: A, copy: { dest: "{{ mine }}/a", content: a } }
- { name: B, command: "sleep {{ 0.2 if inventory_hostname == 'one' else 0 }}" }
- { name: C, copy: { dest: "{{ mine }}/a", content: a } }`),
    );
    expect(told.slice(0, 2).sort()).toEqual(['one A changed', 'two A changed']);
    expect(told.slice(2, 4)).toEqual(['two B changed', 'one B changed']);
    expect(told.slice(4).sort()).toEqual(['one C ok', 'two C ok']);
    expect(hosts.one).toMatchObject({ ok: 1, changed: 2, skipped: 0, failed: 0, unreachable: 0 });
  });

  it('loop, with conditions on each item, and register all results', async () => {
    const { told } = await play(
      on(`
- { name: Loop, command: "echo {{ item }}", loop: [a, b, c], when: item != 'b', register: said }
- { name: None, debug: { msg: x }, loop: [] }
- name: Seen
  assert: { that: "said.results | map(attribute='stdout', default='-') | list == ['a', '-', 'c']" }`),
      one,
    );
    expect(told).toEqual([
      'one Loop (a) changed',
      'one Loop (b) skipped',
      'one Loop (c) changed',
      'one None skipped',
      'one Seen ok',
    ]);
  });

  it('run once for all, and what they register is known everywhere, in the tasks ahead too', async () => {
    const { told } = await play(
      on(`
- { name: Once, stat: { path: / }, register: root, run_once: true }
- name: Known
  copy: { dest: "{{ mine }}/known", content: "{{ root.stat.isdir | default('unknown') }}" }
- { name: Seen, command: "grep -xi true {{ mine }}/known" }`),
    );
    expect(told[0]).toBe('one Once ok');
    expect(told.slice(-2).sort()).toEqual(['one Seen changed', 'two Seen changed']);
  });

  it('with templates see what tasks before them set', async () => {
    const { told, here } = await play(
      on(`
- { name: First, set_fact: { said: [a] } }
- { name: Condition, set_fact: { more: b }, when: said | length > 0 }
- { name: Written, template: { src: said.j2, dest: "{{ mine }}/said" } }`),
      { ...one, files: { 'said.j2': '{{ said | join }}{{ more }}\n' } },
    );
    expect(told.at(-1)).toBe('one Written changed');
    expect(readFileSync(join(here, 'one/said'), 'utf8')).toBe('ab\n');
  });

  it('that run once and fail stop every host', async () => {
    const { told, hosts } = await play(
      on(`
- { name: Ignored, fail: { msg: no }, run_once: true, ignore_errors: true }
- { name: Once, fail: { msg: no }, run_once: true }
- { name: Never, debug: { msg: x } }`),
    );
    expect(told).toEqual(['one Ignored failed, ignored', 'one Once failed']);
    expect(hosts.one?.failed).toBe(1);
  });

  it('are delegated, and what they leave here is read by those after them', async () => {
    const { told, here } = await play(
      on(`
- { name: There, copy: { dest: "{{ here }}/two/file", content: "{{ inventory_hostname }}" }, delegate_to: two, when: inventory_hostname == 'one' }
- { name: Again, copy: { dest: "{{ mine }}/copy", content: "{{ lookup('file', here ~ '/two/file') }}" } }`),
    );
    expect(told.filter((line) => line.includes('Again')).sort()).toEqual([
      'one Again changed',
      'two Again changed',
    ]);
    expect(readFileSync(join(here, 'one/copy'), 'utf8')).toBe('one');
  });

  it('are taken in batches, and a batch that fails as a whole ends the run', async () => {
    const hosts = ['one', 'two', 'three'];
    const playbook = on(
      `- { name: A, debug: { msg: x } }
- { name: B, fail: { msg: x }, when: inventory_hostname == 'two' }`,
      '',
      'serial: 1',
    );
    const { told } = await play(playbook, { hosts });
    expect(told).toEqual(['one A ok', 'one B skipped', 'two A ok', 'two B failed']);
  });

  it('see what the task under way registers, not what it registered before', async () => {
    const { told } = await play(
      on(`
- { name: First, stat: { path: / }, register: seen }
- { name: Change, copy: { dest: "{{ mine }}/a", content: a }, register: seen }
- { name: Later, copy: { dest: "{{ mine }}/b", content: "{{ seen.changed }}" } }
- { name: Seen, command: "grep -xi true {{ mine }}/b" }`),
      one,
    );
    expect(told.at(-1)).toBe('one Seen changed');
  });
});

describe('a failure', () => {
  it('stops its host and no other, unless ignored', async () => {
    const { told, hosts } = await play(
      on(`
- { name: Ignored, fail: { msg: x }, ignore_errors: true, register: bad }
- { name: Seen, assert: { that: bad is failed } }
- { name: Fail, fail: { msg: x }, when: inventory_hostname == 'one' }
- { name: Last, debug: { msg: x } }`),
    );
    expect(told.filter((line) => line.startsWith('one'))).toEqual([
      'one Ignored failed, ignored',
      'one Seen ok',
      'one Fail failed',
    ]);
    expect(told.at(-1)).toBe('two Last ok');
    expect(hosts.one).toMatchObject({ failed: 1, ok: 2 });
  });

  it('is what failed_when says, of every module', async () => {
    const { told } = await play(
      on(`
- { name: A, command: "false", failed_when: false }
- { name: B, command: "true", register: r, failed_when: r.rc == 0, ignore_errors: true }
- { name: C, lineinfile: { path: "{{ mine }}/none", line: x }, failed_when: false, register: r }
- { name: D, assert: { that: [r is not failed, "'none' in r.msg"] } }
- { name: E, command: "true", changed_when: "'x' in 'y'" }`),
      one,
    );
    expect(told).toEqual(['one A changed', 'one B failed, ignored', 'one C ok', 'one D ok', 'one E ok']);
  });

  it('of a keyword fails the task and not the run', async () => {
    const { told } = await play(
      on(`
- { name: A, debug: { msg: x }, ignore_errors: "{{ hostvars[inventory_hostname].nothing }}" }
- { name: B, fail: { msg: x }, ignore_errors: "{{ hostvars[inventory_hostname].nothing }}", when: inventory_hostname == 'one' }
- { name: C, debug: { msg: secret-word }, no_log: "{{ hostvars[inventory_hostname].nothing }}" }`),
    );
    expect(told).toContain('two C ok');
    expect(told).toContain('one B failed');
  });

  it('is tried again until it is well, whatever the module', async () => {
    const { told, here } = await play(
      on(`
- { name: A, shell: "echo x >>{{ mine }}/tries; test $(wc -l <{{ mine }}/tries) = 3", register: r, until: r is succeeded, retries: 5, delay: 0 }
- { name: B, shell: "echo y >>{{ mine }}/more; wc -l <{{ mine }}/more", register: r, failed_when: r.stdout != '2', until: r is not failed, retries: 5, delay: 0 }
- { name: C, lineinfile: { path: "{{ mine }}/none", line: x }, register: r, until: r is succeeded, retries: 1, delay: 0 }`),
      one,
    );
    expect(told).toEqual(['one A changed', 'one B changed', 'one C failed']);
    expect(readFileSync(join(here, 'one/more'), 'utf8')).toBe('y\ny\n');
  });
});

describe('handlers', () => {
  const handlers = `
- { name: First, shell: "echo first >>{{ mine }}/log" }
- { name: Second, shell: "echo second >>{{ mine }}/log", listen: [both] }
- { name: Third, shell: "echo third >>{{ mine }}/log", listen: [both], notify: Fourth }
- { name: Fourth, shell: "echo fourth >>{{ mine }}/log" }`;
  const log = (here: string) => readFileSync(join(here, 'one/log'), 'utf8').trim().split('\n');

  it('run once in the order of their definition, when something changed', async () => {
    const { here } = await play(
      on(
        `
- { name: A, copy: { dest: "{{ mine }}/a", content: a }, notify: both }
- { name: B, copy: { dest: "{{ mine }}/b", content: b }, notify: [both, First] }
- { name: C, copy: { dest: "{{ mine }}/b", content: b }, notify: Fifth }`,
        `${handlers}\n- { name: Fifth, shell: "echo fifth >>{{ mine }}/log" }`,
      ),
      one,
    );
    expect(log(here)).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('run where they are flushed, and a failure that is ignored is not repeated', async () => {
    const { told } = await play(
      on(
        `
- { name: A, copy: { dest: "{{ mine }}/a", content: a }, notify: Bad }
- { meta: flush_handlers }
- { name: B, debug: { msg: "{{ seen.rc | default('none') }}" }, failed_when: seen is not defined }`,
        '- { name: Bad, command: "false", register: seen, ignore_errors: true }',
      ),
      one,
    );
    expect(told).toEqual(['one A changed', 'one Bad failed, ignored', 'one B ok']);
  });

  it('that run once do so on one host', async () => {
    const { told } = await play(
      on(
        '- { name: A, copy: { dest: "{{ mine }}/a", content: a }, notify: Once }',
        '- { name: Once, debug: { msg: x }, run_once: true }',
      ),
    );
    expect(told.slice(2)).toEqual(['one Once ok']);
  });

  const journal = '/var/lib/foobar/pending';
  const owed = () => (existsSync(journal) ? readFileSync(journal, 'utf8') : '');

  it('are owed from before the change until they ran, and not for what changed nothing', async () => {
    const seen: string[] = [];
    const options = { ...one, user: 'root' };
    const notified = `
- { name: A, command: "cp ${journal} {{ mine }}/owed", changed_when: false, notify: Engine test }
- { name: B, command: "cat ${journal}", changed_when: false, failed_when: false, notify: Engine test }
- { name: C, copy: { dest: "{{ mine }}/a", content: a }, notify: Engine test }`;
    const { here, told } = await play(on(notified, '- { name: Engine test, debug: { msg: x } }'), {
      ...options,
      onEvent: (event) => {
        if (event.event === 'task') seen.push(`${event.task}: ${owed().includes('Engine test')}`);
      },
    });
    expect(readFileSync(join(here, 'one/owed'), 'utf8')).toContain('Engine test');
    expect(told.at(-1)).toBe('one Engine test ok');
    expect(seen[2]).toBe('C: true');
    expect(owed()).not.toContain('Engine test');

    await play(
      on(notified.replace(/\n- \{ name: C.*/, ''), '- { name: Engine test, debug: { msg: x } }'),
      options,
    );
    expect(owed()).not.toContain('Engine test');
  });

  it('of a run that failed in between run in the next', async () => {
    const options = { ...one, user: 'root' };
    const handler = '- { name: Engine test, debug: { msg: x } }';
    const tasks = `- { name: A, copy: { dest: "{{ mine }}/a", content: a }, notify: Engine test }`;
    const { here, told } = await play(on(`${tasks}\n- { name: B, fail: { msg: x } }`, handler), options);
    expect(told).toEqual(['one A changed', 'one B failed']);
    expect((await play(on(tasks, handler), { ...options, here })).told).toEqual([
      'one A ok',
      'one Engine test ok',
    ]);
    expect(owed()).not.toContain('Engine test');
  });
});

describe('check mode', () => {
  it('writes nothing and says what it cannot know', async () => {
    const { told, here } = await play(
      on(
        `
- { name: A, copy: { dest: "{{ mine }}/a", content: a }, notify: H }
- { name: B, lineinfile: { path: "{{ mine }}/b", line: x } }
- { name: C, command: "touch {{ mine }}/c" }
- { name: D, command: "echo {{ mine }}", check_mode: false, register: d, changed_when: false }
- { name: E, assert: { that: d.stdout == mine } }`,
        '- { name: H, command: "touch {{ mine }}/h" }',
      ),
      { ...one, check: true },
    );
    expect(told).toEqual([
      'one A changed',
      'one B unforeseen',
      'one C changed',
      'one D ok',
      'one E ok',
      'one H changed',
    ]);
    for (const name of ['a', 'b', 'c', 'h']) expect(existsSync(join(here, 'one', name))).toBe(false);
  });
});

describe('no_log', () => {
  it('hides arguments, items and messages, with a condition on the item too', async () => {
    const { events } = await play(
      on(`
- { name: A, fail: { msg: hidden-1 }, no_log: true, ignore_errors: true }
- { name: B, command: "echo hidden-{{ item.n }}", loop: [{ n: 2, quiet: true }, { n: 3, quiet: true }], no_log: "{{ item.quiet }}" }
- { name: C, copy: { dest: "{{ mine }}/a", content: hidden-4 }, no_log: true }`),
      one,
    );
    expect(JSON.stringify(events)).not.toContain('hidden-');
    expect(events.filter((event) => event.event === 'task')).toHaveLength(4);
  });
});

it('reads what another program wrote between two runs', async () => {
  const playbook = on('- { name: A, copy: { dest: "{{ mine }}/a", content: a } }');
  const { here } = await play(playbook, one);
  expect((await play(playbook, { ...one, here })).told).toEqual(['one A ok']);
  writeFileSync(join(here, 'one/a'), 'b');
  expect((await play(playbook, { ...one, here })).told).toEqual(['one A changed']);
});
