import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { counting, on, play, scratch } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a handler that nothing is known of until the run', () => {
  const tasks = `
- block:
    - { name: A, command: "true", notify: "{{ word }}", ignore_errors: true }
  rescue:
    - { name: B, debug: }
- { name: C, debug: }
`;
  it('ends the run for all hosts, whatever rescues or ignores failures', async () => {
    const { told, hosts, events } = await play(`${on(tasks)}${on('- { name: D, debug: }')}`, {
      extraVars: { word: 'No such thing' },
    });
    expect(told.filter((line) => /[BCD] /.test(line.replace(/^\w+ /, '')))).toEqual([]);
    expect(hosts.one?.failed).toBe(1);
    const failure = events.find(
      (event): event is Extract<RunEvent, { event: 'task' }> =>
        event.event === 'task' && event.status === 'failed',
    );
    expect(failure?.message).toContain("the requested handler 'No such thing' was not found");
    expect(failure?.place.line).toBe(6);
  });
});

describe('gathering facts', () => {
  const playbook = `
- hosts: one
  tags: [web]
  tasks:
    - { name: A, debug: }
    - { name: B, debug: , tags: other }
- hosts: one
  gather_subset: min
  tasks: [{ name: C, debug: , tags: other }]
`;
  it.each([
    [{ tags: ['web'] }, ['Gathering Facts', 'A', 'B', 'Gathering Facts']],
    [{ tags: ['other'] }, ['B', 'Gathering Facts', 'C']],
    [{ skipTags: ['web'] }, ['Gathering Facts', 'C']],
  ])('has the tags of its play, or always runs: %j', async (options, expected) => {
    const { told } = await play(playbook, { hosts: ['one'], ...options });
    expect(told.map((line) => line.replace(/^one (.*) ok$/, '$1'))).toEqual(expected);
  });
});

describe('serial', () => {
  const batches = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.event === 'output' ? [event.line] : []));
  const tasks = '- debug: { msg: "{{ ansible_play_batch | join }}" }';

  it.each([
    ['serial: "{{ size }}"', ['a', 'b', 'c']],
    ['serial: "{{ [size, size + 1] }}"', ['a', 'bc', 'bc']],
    ['serial: [1, "{{ size * 100 }}%"]', ['a', 'bc', 'bc']],
  ])('takes templates: %s', async (serial, expected) => {
    const { events } = await play(on(tasks, '', `${serial}\nvars: { size: 1 }`), { hosts: ['a', 'b', 'c'] });
    expect(batches(events)).toEqual(expected);
  });

  const met = on('- file: { path: "{{ mine }}", state: directory }');

  it('asks hosts that are known while the first is at work', async () => {
    const lines = new Map(['a', 'b', 'c'].map((host) => [host, counting()]));
    const sent = () => ['b', 'c'].map((host) => lines.get(host)!.count());
    let meanwhile: number[] | undefined;
    const { told } = await play(
      met + on('- file: { path: "{{ here }}", state: directory }', '', 'serial: 1'),
      {
        hosts: ['a', 'b', 'c'],
        connect: (name) => lines.get(name)!.connection,
        onEvent: (event) => {
          if (event.event === 'task' && event.host === 'a') meanwhile = sent();
        },
      },
    );
    expect(told).toHaveLength(6);
    expect(meanwhile).toEqual(sent());
  });

  it('asks again once an earlier batch has written something', async () => {
    const write = '- copy: { dest: "{{ here }}/shared", content: "{{ inventory_hostname }}", force: false }';
    const { told } = await play(met + on(write, '', 'serial: 1'), { hosts: ['a', 'b'] });
    expect(told.map((line) => line.split(' ').at(-1))).toEqual(['ok', 'ok', 'changed', 'ok']);
  });

  it('that cannot be told is a mistake of the playbook', async () => {
    const wrong = play(on(tasks, '', 'serial: "{{ size }}"\nvars: { size: few }'));
    await expect(wrong).rejects.toThrow('serial: "few" is no number of hosts');
  });
});

describe('what was asked for', () => {
  it('is known as how many hosts at once, and from which ansible.cfg', async () => {
    const tasks = '- debug: { msg: "{{ ansible_forks }} {{ ansible_config_file }}" }\n';
    const lineOf = async (asked: { forks?: number; configFile?: string }) => {
      const { events } = await play(on(tasks), { hosts: ['one'], asked });
      return events.flatMap((event) => (event.event === 'output' ? [event.line] : []));
    };
    expect(await lineOf({ forks: 7, configFile: '/srv/ansible.cfg' })).toEqual(['7 /srv/ansible.cfg']);
    expect(await lineOf({})).toEqual(['50 ']);
  });
});

describe('the names of roles', () => {
  it('tell those of the play from those that others depend on', async () => {
    const files = {
      'roles/top/meta/main.yaml': 'dependencies: [below]\n',
      'roles/top/tasks/main.yaml':
        '- debug: { msg: "{{ ansible_play_role_names }} {{ ansible_dependent_role_names }} {{ ansible_role_names | sort }}" }\n',
      'roles/below/tasks/main.yaml': '- debug:\n',
    };
    const playbook = '- { hosts: one, gather_facts: false, roles: [top] }\n';
    const { events } = await play(playbook, { hosts: ['one'], files });
    expect(events).toContainEqual(expect.objectContaining({ line: "['top'] ['below'] ['below', 'top']" }));
  });
});
