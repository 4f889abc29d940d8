import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sh } from '../../src/host/sh.ts';
import { type Change, state } from '../../src/modules/contract.ts';
import { loadModule } from '../../src/modules/registry.ts';
import { on, play, scratch } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** In place of ping: `counted`, `quiet` and `matters` say what making a file that is not there comes to. */
const makes = state<{ data: string }, boolean>({
  summary: 'Make a file.',
  params: z.strictObject({ data: z.string() }),
  have: async ({ data }, host) => {
    const path = data.split(' ')[0] as string;
    const { code } = await host.look(sh`[ -e ${path} ]`, { expect: [0, 1] });
    return code === 0;
  },
  diff: ({ data }, there) =>
    there ? [] : [{ what: 'file', from: 'absent', to: 'there', ...uncounted(data) } satisfies Change],
  fix: async (_changes, { data }, _have, host) => {
    await host.run(sh`touch ${data.split(' ')[0] as string}`);
  },
  happened: ({ data }) => data.endsWith('matters'),
});

function uncounted(data: string): { uncounted?: true } {
  return data.endsWith('counted') ? {} : { uncounted: true };
}

describe('what Ansible does not count', () => {
  const run = {
    loadModule: async (name: string) => (name === 'ping' ? makes : await loadModule(name)),
  };
  const tasks = `
- { name: A, ping: { data: "{{ mine }}/a counted" } }
- { name: B, ping: { data: "{{ mine }}/b quiet" }, notify: H, register: b }
- { name: C, ping: { data: "{{ mine }}/c matters" } }
- assert: { that: not b.changed }
`;
  const handlers = '- { name: H, debug: }';

  it.each([
    [false, ['changed', 'ok', 'changed', 'ok']],
    [true, ['changed', 'ok', 'ok', 'ok']],
  ])('is done, but the task is ok unless something came of it (check mode: %s)', async (check, expected) => {
    const { told } = await play(on(tasks, handlers), { hosts: ['one'], run, check });
    expect(told.map((line) => line.split(' ').at(-1))).toEqual(expected);
  });
});

describe('a registered result', () => {
  it('is skipped where a state has nothing to look at', async () => {
    const tasks = `
- { name: A, unarchive: { src: /none.tgz, dest: /, remote_src: true, creates: /etc }, register: there }
- assert: { that: [there is skipped, there is not changed, "there.msg == 'skipped, since /etc exists'"] }
`;
    const { hosts, told } = await play(on(tasks), { hosts: ['one'] });
    expect([told[0], hosts.one?.failed, hosts.one?.skipped]).toEqual(['one A skipped', 0, 1]);
  });

  it('of what check mode does not run has the keys of a run', async () => {
    const tasks = `
- { name: A, command: touch x, register: plain }
- { name: B, shell: touch x, args: { creates: /nowhere/to/be/found }, register: conditional }
- { name: C, raw: touch x, register: low }
- assert:
    that:
      - plain is skipped and plain.rc == 0 and plain.stdout_lines == [] and plain.stderr == ''
      - plain.cmd == ['touch', 'x'] and plain.msg == 'Command would have run if not in check mode'
      - conditional is changed and conditional is not skipped and conditional.stdout == ''
      - low is skipped and low.stdout == '' and low.msg == 'Check mode is not supported for this task.'
`;
    const { hosts, told } = await play(on(tasks), { hosts: ['one'], check: true });
    expect(told.slice(0, 3)).toEqual(['one A changed', 'one B changed', 'one C changed']);
    expect(hosts.one).toMatchObject({ failed: 0, changed: 3, ok: 1 });
  });

  it('says why a condition, creates or a failure ended the task, and has its message with its type', async () => {
    const tasks = `
- { debug: , when: [here is defined, 1 > 2], register: skipped }
- { command: touch x, args: { creates: "{{ here }}" }, register: created }
- { shell: exit 3, register: failed, failed_when: false }
- { debug: { msg: "{{ 1 + 2 }}" }, register: number }
- assert:
    that:
      - skipped.skip_reason == 'Conditional result was False' and skipped.false_condition == '1 > 2'
      - created.rc == 0 and created.msg == "Did not run command since '" ~ here ~ "' exists"
      - failed.rc == 3 and failed.msg == 'non-zero return code'
      - number.msg + 1 == 4
- block:
    - { name: Break, command: "false", register: broken }
  rescue:
    - assert: { that: [ansible_failed_task.name == 'Break', ansible_failed_result.rc == 1] }
`;
    const { hosts } = await play(on(tasks), { hosts: ['one'] });
    expect(hosts.one).toMatchObject({ failed: 0, rescued: 1 });
  });
});

describe('inventory_hostname_short', () => {
  it('is the name up to the first dot, and the whole of an address', async () => {
    const { events } = await play(on('- debug: { var: inventory_hostname_short }'), {
      hosts: ['web.example.org', '198.51.100.7'],
    });
    const lines = events.flatMap((event) => (event.event === 'output' ? [event.line] : []));
    expect(lines.sort()).toEqual(['inventory_hostname_short: 198.51.100.7', 'inventory_hostname_short: web']);
  });
});
