import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { counting, on, play, scratch, tree } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const copied = (name: string, more = '') =>
  `- { name: ${name}, copy: { dest: "{{ mine }}/${name}", content: x }${more} }`;

describe('plays to come', () => {
  it('are asked with the first where nothing changes', async () => {
    const plays = ['a', 'b', 'c', 'd'].map((name) => on(copied(name), '', name === 'c' ? 'serial: 1' : ''));
    const { here } = await play(plays.join(''));
    const settle = async (playbook: string) => {
      const lines = new Map(['one', 'two'].map((host) => [host, counting()]));
      const { told } = await play(playbook, { here, connect: (name) => lines.get(name)!.connection });
      return { told, counts: [...lines.values()].map(({ count }) => count()) };
    };
    const some = await settle(plays.slice(0, 2).join(''));
    const all = await settle(plays.join(''));
    expect(all.told).toHaveLength(8);
    expect(all.told.every((line) => line.endsWith(' ok'))).toBe(true);
    expect(all.counts).toEqual(some.counts);
  });

  it('see what was written before them on another host, whoever says that it changed nothing', async () => {
    const write = `- { name: W, shell: "echo y >{{ here }}/one/a", changed_when: false, when: inventory_hostname == "two" }`;
    const first = on(copied('a'));
    const { here } = await play(first);
    const { told } = await play(`${on('- debug: { msg: x }')}${on(write)}${first}`, { here });
    expect(told.slice(-2).sort()).toEqual(['one a changed', 'two a ok']);
  });

  it('know what others have registered and set before them', async () => {
    const set = `
- { name: S, set_fact: { said: "{{ inventory_hostname }}" } }
- { name: R, stat: { path: "{{ mine }}" }, register: seen }`;
    const words = "{{ hostvars.two.said | default('-') }} {{ hostvars.one.seen.stat.isdir | default('-') }}";
    const tell = `- { name: T, copy: { dest: "{{ mine }}/t", content: "${words}" } }`;
    const playbook = on(set, '', 'strategy: free') + on(tell, '', 'serial: 1') + on(tell);
    const { here, told } = await play(playbook);
    expect(tree(here).filter((line) => line.includes('two'))).toEqual(
      expect.arrayContaining([expect.stringContaining('two')]),
    );
    const ends = told.filter((line) => line.includes(' T '));
    expect(ends.slice(0, 2)).toEqual(['one T changed', 'two T changed']);
    expect(ends.slice(2).sort()).toEqual(['one T ok', 'two T ok']);
    const again = await play(playbook, { here });
    expect(again.told.filter((line) => line.includes(' T '))).toEqual(
      ['one', 'two', 'one', 'two'].map((host) => `${host} T ok`),
    );
  });
});

const path = fc.constantFrom('a', 'b').map((name) => `{{ mine }}/${name}`);
/** What the other host is known to have done: with strategy free not to be foretold, so the host tells of itself. */
const ofOthers = "{{ hostvars.two.said | default(0) }} {{ ansible_play_batch | join(' ') }}";
const ofItself = '{{ said | default(0) }}';
const content = fc.constantFrom('x\n', "{{ seen.changed | default('none') }}\n", `${ofOthers}\n`);
const module = fc.oneof(
  fc.record({ copy: fc.record({ dest: path, content }) }),
  fc.record({ file: fc.record({ path, state: fc.constantFrom('touch', 'absent') }) }),
  fc.record({ lineinfile: fc.record({ path, line: fc.constant('y'), create: fc.constant(true) }) }),
  fc.record({ set_fact: fc.record({ said: fc.constantFrom(1, "{{ seen.changed | default('none') }}") }) }),
  fc.record({ shell: path.map((file) => `echo z >>${file}`), changed_when: fc.constant(false) }),
);
const task = fc
  .tuple(
    module,
    fc.record(
      {
        register: fc.constant('seen'),
        when: fc.constantFrom('said is not defined', 'inventory_hostname == "two"'),
        failed_when: fc.constant('seen is defined and inventory_hostname == "one"'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([first, second]) => ({ ...first, ...second }));
const calm = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ copy: { dest: '{{ mine }}/c', content: 'x' } }) },
  { weight: 1, arbitrary: task },
);
const words = fc.constantFrom('', 'serial: 1', 'strategy: free', 'gather_facts: false');

it('looking ahead over plays gives what one task after the other gives', async () => {
  const plays = fc.array(fc.tuple(fc.array(calm, { minLength: 1, maxLength: 4 }), words), {
    minLength: 2,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(plays, async (list) => {
      const playbook = list
        .map(([tasks, more], number) => {
          const named = tasks
            .map((each, index) => `- ${JSON.stringify({ name: `T${number}${index}`, ...each })}`)
            .join('\n');
          const told = more === 'strategy: free' ? named.replaceAll(ofOthers, ofItself) : named;
          return on(told, '', more === 'gather_facts: false' ? '' : more);
        })
        .join('');
      const [slow, fast] = await Promise.all([play(playbook, { window: 1 }), play(playbook)]);
      const twice = await Promise.all([
        play(playbook, { window: 1, here: slow.here }),
        play(playbook, { here: fast.here }),
      ]);
      for (const [one, other] of [[slow, fast] as const, twice]) {
        for (const host of ['one', 'two']) {
          const own = (line: string) => line.startsWith(host);
          expect(other.told.filter(own)).toEqual(one.told.filter(own));
        }
        expect(tree(other.here)).toEqual(tree(one.here));
        expect(other.hosts).toEqual(one.hosts);
      }
    }),
    { numRuns: 8 },
  );
});
