import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { on, play, scratch } from './play.ts';

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
const task = fc.oneof({ weight: 8, arbitrary: own }, { weight: 1, arbitrary: delegated }, flush);
const tasks = fc.array(task, { minLength: 3, maxLength: 14 });

const handlers = `
- { name: H, shell: "echo handled >>{{ mine }}/a", ignore_errors: true }
- { name: I, stat: { path: "{{ mine }}/b" }, register: seen }`;

/** Names, modes and contents below a folder. */
function tree(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path);
      const inside = stat.isDirectory() ? tree(path) : [readFileSync(path, 'utf8')];
      return [`${name} ${stat.mode.toString(8)}`, ...inside];
    });
}

it('looking ahead gives what one task after the other gives', async () => {
  await fc.assert(
    fc.asyncProperty(tasks, async (list) => {
      const named = list.map((each, index) => JSON.stringify({ name: `T${index}`, ...each }));
      const playbook = on(named.map((each) => `- ${each}`).join('\n'), handlers);
      const [slow, fast] = await Promise.all([play(playbook, { window: 1 }), play(playbook)]);
      const of = (host: string) => (line: string) => line.startsWith(host);
      for (const host of ['one', 'two'])
        expect(fast.told.filter(of(host))).toEqual(slow.told.filter(of(host)));
      expect(tree(fast.here)).toEqual(tree(slow.here));
      expect(fast.hosts).toEqual(slow.hosts);
    }),
    { numRuns: 20 },
  );
});
