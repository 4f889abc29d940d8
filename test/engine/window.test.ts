import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { counting, on, play, scratch, tree } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const path = fc.constantFrom('a', 'b', 'c').map((name) => `{{ mine }}/${name}`);
const content = fc.constantFrom(
  'x\n',
  'y\n',
  "{{ seen.changed | default('none') }}\n",
  '{{ said | default(0) }}\n',
);
const mode = fc.constantFrom('0600', '0644');
const module = fc.oneof(
  fc.record({ copy: fc.record({ dest: path, content, mode }) }),
  fc.record({ file: fc.record({ path, state: fc.constantFrom('absent', 'file', 'directory') }) }),
  fc.record({ lineinfile: fc.record({ path, line: fc.constantFrom('x', 'y'), create: fc.boolean() }) }),
  fc.record({ stat: fc.record({ path }) }),
  fc.record({
    command: fc.tuple(fc.constantFrom('touch', 'rm -r', 'test -e'), path).map((words) => words.join(' ')),
  }),
  fc.record({ shell: path.map((file) => `echo x >>${file}`) }),
  fc.record({ set_fact: fc.record({ said: fc.constantFrom(1, "{{ seen.changed | default('none') }}") }) }),
);
const keywords = fc.record(
  {
    register: fc.constant('seen'),
    when: fc.constantFrom('seen is not defined or seen.changed', 'said is defined'),
    notify: fc.constantFrom('H', 'I'),
    loop: fc.constantFrom([1, 2]),
    run_once: fc.constant(true),
  },
  { requiredKeys: [] },
);
const own = fc
  .tuple(module, keywords)
  .map(([first, second]) => ({ ...first, ...second, ignore_errors: true }));
/** On the files of host two, for all. */
const delegated = own.map((each) => ({
  ...(JSON.parse(JSON.stringify(each).replaceAll('{{ mine }}', '{{ here }}/two')) as object),
  delegate_to: 'two',
  run_once: true,
}));
const flush = fc.constant({ meta: 'flush_handlers' });
/** Whose failures are not ignored. */
const strict = own.map(({ ignore_errors: _ignored, ...each }) => each);
const part = fc.array(strict, { minLength: 1, maxLength: 3 });
const block = fc.record({ block: part, rescue: part, always: part }, { requiredKeys: ['block', 'rescue'] });
const include = fc.record({
  include_tasks: fc.constantFrom('more.yml', '{{ said | default("more") }}.yml', '{{ seen.nothing }}.yml'),
  when: fc.constantFrom('said is not defined', 'seen is not defined or not seen.changed', true),
  ignore_errors: fc.constant(true),
});
const task = fc.oneof(
  { weight: 8, arbitrary: own },
  { weight: 1, arbitrary: delegated },
  { weight: 2, arbitrary: block },
  { weight: 2, arbitrary: include },
  flush,
);
const tasks = fc.array(task, { minLength: 3, maxLength: 14 });

const handlers = `
- { name: H, shell: "echo handled >>{{ mine }}/a", ignore_errors: true }
- { name: I, stat: { path: "{{ mine }}/b" }, register: seen }`;

const files = {
  'more.yml': `
- { name: M0, copy: { dest: "{{ mine }}/b", content: "{{ seen.changed | default('none') }}" }, register: seen }
- { name: M1, set_fact: { said: 1 }, when: seen.changed }
- { name: M2, lineinfile: { path: "{{ mine }}/a", line: x, create: true }, notify: I }`,
};

it('looking ahead gives what one task after the other gives', async () => {
  await fc.assert(
    fc.asyncProperty(tasks, async (list) => {
      const named = list.map((each, index) => JSON.stringify({ name: `T${index}`, ...each }));
      const playbook = on(named.map((each) => `- ${each}`).join('\n'), handlers);
      const [slow, fast] = await Promise.all([
        play(playbook, { window: 1, files }),
        play(playbook, { files }),
      ]);
      const of = (host: string) => (line: string) => line.startsWith(host);
      for (const host of ['one', 'two'])
        expect(fast.told.filter(of(host))).toEqual(slow.told.filter(of(host)));
      expect(tree(fast.here)).toEqual(tree(slow.here));
      expect(fast.hosts).toEqual(slow.hosts);
    }),
    { numRuns: 20 },
  );
});

describe('a settled host', () => {
  const files = (from: number, length = 6) =>
    Array.from(
      { length },
      (_each, index) =>
        `- { name: F${from + index}, copy: { dest: "{{ mine }}/f${from + index}", content: x } }`,
    ).join('\n');
  const handlers = '- { name: H, debug: { msg: x } }';
  const included = { 'more.yml': `${files(20, 3)}\n- include_tasks: deeper.yml`, 'deeper.yml': files(30, 3) };
  const plays: Record<string, string> = {
    'a list of tasks': files(1),
    'blocks and conditions': `- block:\n${files(1).replaceAll(/^/gm, '    ')}\n  rescue: [{ debug: { msg: x } }]\n  when: mine is defined`,
    'handlers flushed in between': `${files(1)}\n- meta: flush_handlers\n${files(10)}`,
    'included files': `${files(1, 3)}\n- include_tasks: more.yml\n${files(10, 3)}`,
    'files that are included by host':
      '- { include_tasks: "more{{ suffix }}.yml", vars: { suffix: "" }, when: inventory_hostname == "one" }',
  };

  it.each(Object.entries(plays))('costs as much as one task, whatever there is: %s', async (_name, tasks) => {
    const settle = async (list: string, here?: string) => {
      const { connection, count } = counting();
      const options = { hosts: ['one'], files: included, connect: () => connection };
      const { told, here: there } = await play(on(list, handlers), { ...options, ...(here ? { here } : {}) });
      return { here: there, told, count: count() };
    };
    const { here } = await settle(tasks);
    const one = await settle(files(1).split('\n')[0] ?? '');
    const single = await settle(files(1).split('\n')[0] ?? '', one.here);
    const all = await settle(tasks, here);
    expect(all.told.length).toBeGreaterThan(5);
    expect(all.told.filter((line) => !line.endsWith(' ok'))).toEqual([]);
    expect(all.count).toBe(single.count);
  });
});
