import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { counting, on, type Played, play, scratch, tree } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Files beside each other, in directories, and in a directory under another name. */
const path = fc.constantFrom('a', 'b', 'd', 'l', 'd/x', 'l/x', 'd/y').map((name) => `{{ mine }}/${name}`);
const inside = fc.constantFrom('a', 'b', 'd/x', 'l/x', 'd/y').map((name) => `{{ mine }}/${name}`);
const mode = fc.constantFrom('0600', '0644', '0755');
/** It refuses, changes what it looks at, or changes another file behind the back of whoever looked before. */
const validate = fc.constantFrom(
  'grep -q x %s',
  'printf more >>%s',
  'cat %s >{{ mine }}/a',
  'rm -rf {{ mine }}/l # %s',
  'chmod 0700 {{ mine }}/d # %s',
);
const content = fc.constantFrom('x\n', 'y\n', "{{ seen.changed | default('none') }}\n");
const file = (state: string) => fc.record({ file: fc.record({ path, state: fc.constant(state) }) });
const module = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      copy: fc.record({ dest: inside, content, mode, validate }, { requiredKeys: ['dest', 'content'] }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ template: fc.record({ dest: inside, src: fc.constant('t.j2') }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      lineinfile: fc.record({ path: inside, line: fc.constantFrom('x', 'y'), create: fc.boolean() }),
    }),
  },
  fc.record({ blockinfile: fc.record({ path: inside, block: content, create: fc.boolean() }) }),
  fc.record({
    replace: fc.record({ path: inside, regexp: fc.constant('x'), replace: fc.constantFrom('y', 'xx') }),
  }),
  { weight: 2, arbitrary: file('directory') },
  file('absent'),
  fc.record({ file: fc.record({ path, mode }) }),
  fc.record({ file: fc.record({ path, state: fc.constant('touch') }) }),
  {
    weight: 2,
    arbitrary: fc.record({
      file: fc.record({
        path,
        src: fc.constantFrom('d', 'a', 'none'),
        state: fc.constant('link'),
        force: fc.boolean(),
      }),
    }),
  },
  fc.record({ shell: inside.map((name) => `echo x >>${name}`) }),
);
const keywords = fc.record(
  {
    register: fc.constant('seen'),
    when: fc.constantFrom('seen is not defined', 'seen is not defined or seen.changed', 'mine is defined'),
    notify: fc.constantFrom('H', 'I', '{{ "Z" if seen.changed | default(false) else "H" }}'),
    loop: fc.constantFrom(['x', 'y'], ['a', 'b', 'x']),
    changed_when: fc.constant(false),
    failed_when: fc.constant('1 == 2'),
    ignore_errors: fc.constant(true),
    run_once: fc.constant(true),
  },
  { requiredKeys: [] },
);
const own = fc.tuple(module, keywords).map(([first, second]) => {
  const looped = second.loop
    ? JSON.stringify(first).replaceAll('x\\n', '{{ item }}\\n')
    : JSON.stringify(first);
  return { ...(JSON.parse(looped) as object), ...second };
});
const part = fc.array(own, { minLength: 1, maxLength: 3 });
const task = fc.oneof(
  { weight: 10, arbitrary: own },
  {
    weight: 1,
    arbitrary: fc.record({ block: part, rescue: part, always: part }, { requiredKeys: ['block', 'rescue'] }),
  },
  { weight: 1, arbitrary: fc.constant({ meta: 'flush_handlers' }) },
);
const tasks = fc.array(task, { minLength: 4, maxLength: 16 });
const handlers = `
- { name: H, shell: "echo handled >>{{ mine }}/handled" }
- { name: I, lineinfile: { path: "{{ mine }}/handled", line: once, create: true } }`;
const files = { 'templates/t.j2': '{{ inventory_hostname }} of {{ ansible_play_hosts }}\n' };

/** All that a user is told, with the differences. */
function told({ events, here }: Played, host: string): unknown[] {
  return events
    .filter((event) => event.event === 'task' && event.host === host)
    .map((event) =>
      JSON.parse(
        JSON.stringify({ ...event, seconds: 0, place: 0 })
          .replaceAll(here, '')
          .replaceAll(/\.foobar[.-]\w+|\d{4}-\d\d-\d\dT[\d:.]+Z/g, ''),
      ),
    );
}

describe('changes that travel together', () => {
  it.each([['one'], ['one', 'two']])(
    'come out as one after the other: on %s %s',
    async (...hosts) => {
      await fc.assert(
        fc.asyncProperty(tasks, fc.boolean(), async (list, fatal) => {
          const named = list.map((each, index) => `- ${JSON.stringify({ name: `T${index}`, ...each })}`);
          const playbook = on(named.join('\n'), handlers, fatal ? 'any_errors_fatal: true' : '');
          const [slow, fast] = await Promise.all([
            play(playbook, { hosts, files, window: 1 }),
            play(playbook, { hosts, files }),
          ]);
          for (const host of hosts) expect(told(fast, host)).toEqual(told(slow, host));
          expect(tree(fast.here)).toEqual(tree(slow.here));
          expect(fast.hosts).toEqual(slow.hosts);
        }),
        { numRuns: 8 },
      );
    },
    240_000,
  );

  const copies = (count: number, more = '') =>
    Array.from(
      { length: count },
      (_each, index) => `- { name: F${index}, copy: { dest: "{{ mine }}/f${index}", content: x }${more} }`,
    ).join('\n');
  const cost = async (tasks: string, more = '', hosts = ['one']) => {
    const { connection, count } = counting();
    const { told, here } = await play(on(tasks, '', more), { hosts, connect: () => connection });
    return { told, here, count: count() };
  };

  it.each([
    ['tasks', copies(40)],
    [
      'rounds of a loop',
      '- { copy: { dest: "{{ mine }}/f{{ item }}", content: x }, loop: "{{ range(40) | list }}" }',
    ],
    [
      'tasks with settled ones between',
      copies(40).replaceAll(/\n/g, '\n- file: { path: "{{ mine }}", state: directory }\n'),
    ],
  ])('take few round trips, however many they are: %s', async (_name, list) => {
    const { told, count } = await cost(list);
    expect(told.filter((line) => line.endsWith(' changed'))).toHaveLength(40);
    expect(count).toBeLessThanOrEqual(3);
  });

  it('wait where the failure of another host ends it for all', async () => {
    const fatal = await cost(copies(6), 'any_errors_fatal: true', ['one', 'two']);
    const free = await cost(copies(6), '', ['one', 'two']);
    expect(fatal.count).toBeGreaterThanOrEqual(2 * 6);
    expect(free.count).toBeLessThanOrEqual(2 * 3);
  });

  it('are told when the run is interrupted, and nothing else is begun', async () => {
    const stop = new AbortController();
    const list = `${copies(8)}\n- shell: "touch {{ mine }}/late"`;
    const { told, here } = await play(on(list), {
      hosts: ['one'],
      run: { signal: stop.signal },
      onEvent: (event) => event.event === 'task' && stop.abort(),
    });
    expect(readdirSync(join(here, 'one')).sort()).toEqual(told.map((_line, index) => `f${index}`));
    expect(told).toHaveLength(8);
  });

  it('claim nothing of those behind the one in which the connection was lost; the next run goes on', async () => {
    const lost = copies(6).replace(/(F3.*content: x)/, '$1, validate: "kill -9 $$$$ # %s"');
    const first = await play(on(lost), { hosts: ['one'] });
    expect(first.told.slice(0, 2)).toEqual(['one F0 changed', 'one F1 changed']);
    expect(first.hosts.one).toMatchObject({ failed: 0, unreachable: 0 });
    expect(first.hosts.one?.unknown).toBeGreaterThan(0);
    expect(first.told.some((line) => /F[345] changed/.test(line))).toBe(false);
    const second = await play(on(copies(6)), { hosts: ['one'], here: first.here });
    // The one under way was ended by nobody: it may have come to its end.
    expect(second.told.map((line) => line.replace(/(F3) (ok|changed)/, '$1'))).toEqual([
      ...['one F0 ok', 'one F1 ok', 'one F2 ok', 'one F3', 'one F4 changed', 'one F5 changed'],
    ]);
    expect(readFileSync(join(first.here, 'one/f5'), 'utf8')).toBe('x');
    expect(statSync(join(first.here, 'one/f5')).mode & 0o777).toBe(0o644);
  });
});
