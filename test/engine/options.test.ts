import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { TransportError } from '../../src/errors.ts';
import { localConnection } from '../../src/host/local-connection.ts';
import { on, play, scratch } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const one = { hosts: ['one'] };
const names = (told: readonly string[]) => told.map((line) => line.split(' ')[1]).join('');

describe('a run', () => {
  const tasks = `
- { name: A, debug: { msg: x } }
- { name: Bee, debug: { msg: x } }
- { name: C, debug: { msg: x } }`;

  it.each([
    ['Bee', 'BeeC'],
    ['B*', 'BeeC'],
    ['C', 'C'],
  ])('starts at the task %s', async (startAtTask, expected) => {
    const { told } = await play(`${on(tasks)}${on('- { name: D, debug: { msg: x } }')}`, {
      ...one,
      run: { startAtTask },
    });
    expect(names(told)).toBe(`${expected}D`);
  });

  it('does nothing when no task matches where to start, and says so', async () => {
    const { told, events } = await play(on(tasks), { ...one, run: { startAtTask: 'Zulu time' } });
    expect(told).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      event: 'warning',
      message: expect.stringMatching(/^no task matches --start-at-task Zulu time; .*include_tasks/),
    });
    const near = await play(on(tasks), { ...one, run: { startAtTask: 'Be' } });
    expect(near.events.at(-1)).toMatchObject({
      message: 'no task matches --start-at-task Be; did you mean Bee?',
    });
  });

  it('asks before each task, once for all hosts', async () => {
    const asked: string[] = [];
    const { told } = await play(on(tasks), {
      run: {
        confirm: async (task) => {
          asked.push(task);
          return task === 'A' ? 'no' : 'continue';
        },
      },
    });
    expect(asked).toEqual(['A', 'Bee']);
    expect(names(told)).toBe('BeeBeeCC');
  });

  it('asks what a play prompts for, above its vars and below vars_files', async () => {
    const playbook = on(
      `- { name: A, assert: { that: "asked == 'answer' and filed == 'file' and kept == 'extra'" } }`,
      '',
      `vars: { asked: play }
vars_files: [vars.yaml]
vars_prompt: [{ name: asked, prompt: "What?" }, { name: filed }, { name: kept }]`,
    );
    const prompts: string[] = [];
    const { told } = await play(playbook, {
      ...one,
      files: { 'vars.yaml': 'filed: file' },
      extraVars: { kept: 'extra' },
      run: {
        answer: async (prompt) => {
          prompts.push(prompt.name);
          return 'answer';
        },
      },
    });
    expect(told).toEqual(['one A ok']);
    expect(prompts).toEqual(['asked', 'filed']);
  });

  it('forces handlers when told to', async () => {
    const playbook = on(
      `- { name: A, command: "true", notify: H }
- { name: B, fail: { msg: x } }`,
      '- { name: H, debug: { msg: x } }',
    );
    expect(names((await play(playbook, one)).told)).toBe('AB');
    expect(names((await play(playbook, { ...one, run: { forceHandlers: true } })).told)).toBe('ABH');
  });
});

describe('hosts that cannot be reached', () => {
  const unreachable = (attempts: number) => {
    let count = 0;
    return async () => {
      if (count++ < attempts) throw new TransportError('one', 'unreachable', 'no route to one');
      return localConnection();
    };
  };

  it('are left out, without rescue, unless that is ignored or cleared', async () => {
    const block = `
- block:
    - { name: A, ping: }
  rescue:
    - { name: B, debug: { msg: x } }
- { name: C, ping: }`;
    const lost = await play(on(block), { ...one, connect: unreachable(9) });
    expect(lost.told).toEqual(['one A unreachable']);
    expect(lost.hosts.one).toMatchObject({ unreachable: 1, rescued: 0, failed: 0 });

    const ignored = await play(
      on(`
- { name: A, ping: , ignore_unreachable: true, register: a }
- { name: B, assert: { that: a is unreachable } }
- { name: C, ping: }`),
      { ...one, connect: unreachable(1) },
    );
    expect(ignored.told).toEqual(['one A unreachable, ignored', 'one B ok', 'one C ok']);
    expect(ignored.hosts.one).toMatchObject({ ok: 3, ignored: 1, unreachable: 0 });
  });

  it('go on where they were when their errors are cleared', async () => {
    const connect = unreachable(1);
    const { told } = await play(
      on(`
- { name: A, ping: , delegate_to: "{{ 'three' if inventory_hostname == 'one' else omit }}" }
- { name: B, debug: { msg: x } }
- { meta: clear_host_errors }
- { name: C, debug: { msg: x } }`),
      {
        hosts: ['one', 'two', 'three'],
        connect: (name) => (name === 'three' ? connect() : localConnection()),
      },
    );
    const of = (host: string) => told.filter((line) => line.startsWith(host)).join(', ');
    expect(of('two')).toBe('two A ok, two B ok, two C ok');
    expect(of('one')).toBe('one A unreachable, one B ok, one C ok');
  });
});

describe('what is told', () => {
  it('hides secrets of no_log in loops of includes, and shows no differences where diff is off', async () => {
    const { events } = await play(
      on(`
- { name: A, copy: { dest: "{{ mine }}/a", content: seen }, diff: false }
- { name: B, copy: { dest: "{{ mine }}/b", content: seen } }`),
      one,
    );
    const told = events.filter((event) => event.event === 'task');
    expect(told[0]?.changes).toBeUndefined();
    expect(told[1]?.changes).toBeDefined();
  });

  it('says which failures are rescued', async () => {
    const { events } = await play(
      on('- { block: [{ name: A, fail: { msg: x } }], rescue: [{ name: B, debug: { msg: x } }] }'),
      one,
    );
    expect(events.find((event) => event.event === 'task')).toMatchObject({ status: 'failed', rescued: true });
  });

  it('warns of a loop variable in use and of a handler that nobody has', async () => {
    const { events, told } = await play(
      on(
        `
- { name: A, debug: { msg: x }, loop: [1], vars: { item: 2 } }
- { name: B, command: "true", notify: "{{ hostvars.one.nothing | default('Nobody') }}" }`,
        '- { name: H, debug: { msg: x } }',
      ),
      one,
    );
    expect(events).toContainEqual(expect.objectContaining({ event: 'warning', host: 'one' }));
    expect(told.at(-1)).toBe('one B failed');
  });
});

describe('throttle', () => {
  it('lets some hosts at a task at the same time', async () => {
    const { here } = await play(
      on(`
- name: A
  shell: "echo in >>{{ here }}/log; sleep 0.05; echo out >>{{ here }}/log"
  throttle: 1`),
      { hosts: ['one', 'two', 'three'] },
    );
    expect(readFileSync(join(here, 'log'), 'utf8')).toBe('in\nout\n'.repeat(3));
  });
});

describe('a connection of a task of its own', () => {
  it('is the local one where the task says so and the inventory does not', async () => {
    const names: string[] = [];
    const { told } = await play(
      on(`
- { name: A, command: "true", connection: local }
- { name: B, command: "true", remote_user: somebody, vars: { ansible_port: 2222 } }`),
      {
        ...one,
        connection: 'ssh',
        connect: (_name, { connection, user, port }) => {
          names.push(`${connection} ${user} ${port}`);
          return localConnection();
        },
      },
    );
    expect(told).toEqual(['one A changed', 'one B changed']);
    expect(names).toEqual(['local login 22', 'ssh somebody 2222']);
  });
});

describe('a task in the background', () => {
  it('is waited for at the end of the run', async () => {
    const { here, events } = await play(
      on('- { name: A, shell: "sleep 0.5; touch {{ mine }}/done", async: 30, poll: 0 }'),
      one,
    );
    expect(existsSync(join(here, 'one/done'))).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ event: 'output', host: 'one' }));
  });

  it('that fails is told of', async () => {
    const { events } = await play(on('- { name: A, shell: "sleep 0.3; exit 3", async: 30, poll: 0 }'), one);
    expect(events.at(-1)).toMatchObject({ event: 'warning', host: 'one' });
  });
});

describe('what a task is there to tell', () => {
  const messages = (events: readonly RunEvent[]) =>
    events.flatMap((event) =>
      event.event === 'output' && event.message ? [`${event.host} ${event.task}: ${event.line}`] : [],
    );

  it('is told as such: by debug, in a loop, included, of a variable, not when no_log hides it', async () => {
    const tasks = `
- name: Greet
  debug: msg=hello
- debug: { msg: "{{ item }}" }
  loop: [1, 2]
- include_tasks: more.yaml
- debug: { msg: only with -v, verbosity: 1 }
- { name: Hide, debug: { msg: hidden-word }, no_log: true }
`;
    const files = { 'more.yaml': '- debug: { var: 1 + 1 }\n' };
    const { events } = await play(on(tasks), { hosts: ['one'], files });
    expect(messages(events)).toEqual([
      'one Greet: hello',
      'one debug: 1',
      'one debug: 2',
      'one debug: 1 + 1: 2',
      'one Hide: ********',
    ]);
  });
});

describe('a condition', () => {
  it.each([
    ['when', '- { debug: , when: \'"text"\' }'],
    ['until', "- { command: 'true', register: done, until: done.stdout_lines, retries: 1, delay: 0 }"],
    ['failed_when', '- { command: "true", failed_when: 1 }'],
    ['changed_when', '- { command: "true", register: out, changed_when: out.stdout }'],
    ['that', '- assert: { that: here }'],
  ])('must have a boolean result: %s', async (_keyword, task) => {
    const { hosts, events } = await play(on(task), one);
    expect(hosts.one).toMatchObject({ failed: 1 });
    expect(JSON.stringify(events)).toContain('Conditionals must have a boolean result');
  });

  it('that does not hold keeps those behind it from being looked at', async () => {
    const { events } = await play(on('- assert: { that: [here is not defined, here.x.y == 1] }'), one);
    expect(JSON.stringify(events)).toContain('Assertion failed: here is not defined');
  });
});

describe('a float', () => {
  it('stays one in set_fact and loops', async () => {
    const tasks = `
- set_fact: { half: "{{ 4 / 2 }}" }
- debug: { msg: "{{ half }} and {{ item }}" }
  loop: "{{ [6 / 2] }}"
`;
    const { events } = await play(on(tasks), one);
    expect(events).toContainEqual(expect.objectContaining({ line: '2.0 and 3.0' }));
  });
});
