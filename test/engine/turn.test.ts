import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type Options, on, play, scratch, tree } from './play.ts';

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;

/** A new `{{ here }}`, for what is written there from outside. */
function place(): string {
  const here = join(scratch, `turn-${count++}`);
  for (const host of ['one', 'two']) mkdirSync(join(here, host), { recursive: true });
  return here;
}

const sorted = (told: readonly string[]) => [...told].sort();
const copied = (path: string, content: string, more = '') =>
  `- { name: C, copy: { dest: "${path}", content: "${content}" }${more} }`;
const two = ', when: inventory_hostname == "two"';
const stat = '- { name: S, stat: { path: "{{ mine }}/pw" }, register: s }';
const password = `- { name: P, debug: { msg: "{{ lookup('password', mine ~ '/pw') | length }}" } }`;
const existed = copied('{{ mine }}/c', '{{ s.stat.exists }}');

describe('what is done in its turn only', () => {
  it('makes passwords', async () => {
    const { here } = await play(on(`${stat}\n${password}\n${existed}`));
    for (const host of ['one', 'two']) expect(readFileSync(join(here, host, 'c'), 'utf8')).toBe('false');
  });

  it('lets the next task see the password that was made', async () => {
    const kept = copied('{{ mine }}/c', "{{ lookup('password', mine ~ '/pw') }}");
    const forget = '- { name: F, file: { path: "{{ mine }}/pw", state: absent }, delegate_to: localhost }';
    const { here } = await play(on(`${copied('{{ mine }}/a', 'x')}\n${kept}\n${forget}`));
    expect(tree(here).filter((line) => line.includes('pw'))).toEqual([]);
  });

  it('runs commands for lookups, in loops and includes too', async () => {
    const touch = (name: string) => `{{ lookup('pipe', 'touch ' ~ mine ~ '/${name}') }}`;
    const { here, told } = await play(
      on(`
- { name: F, command: "false" }
- { name: P, debug: { msg: "${touch('p')}" } }
- { name: L, debug: { msg: x }, loop: "{{ query('pipe', 'touch ' ~ mine ~ '/l') }}" }
- { name: I, include_tasks: more.yaml, when: "'${touch('i')}' == ''" }`),
    );
    expect(sorted(told)).toEqual(['one F failed', 'two F failed']);
    expect(tree(here).filter((line) => / 100\d{3}$/.test(line))).toEqual([]);
  });

  it('reads the clock', async () => {
    const { here } = await play(
      on(
        copied(
          '{{ mine }}/{{ item }}',
          '{{ now().timestamp() }}',
          ', loop: [a, b], loop_control: { pause: 1 }',
        ),
      ),
      { hosts: ['one'] },
    );
    const [a = 0, b = 0] = ['a', 'b'].map((name) => Number(readFileSync(join(here, 'one', name), 'utf8')));
    expect(b - a).toBeGreaterThan(0.9);
  });

  it('renders files that use what earlier rounds registered', async () => {
    const task = `- { name: T, template: { src: t.j2, dest: "{{ mine }}/{{ item }}" }, loop: [a, b], register: seen }`;
    const files = { 'templates/t.j2': "{{ seen.changed | default('none') }}" };
    const { here, told } = await play(on(task), { files, hosts: ['one'] });
    expect(told).toEqual(['one T (a) changed', 'one T (b) changed']);
    expect(['a', 'b'].map((name) => readFileSync(join(here, 'one', name), 'utf8'))).toEqual(['none', 'True']);
  });
});

describe('what was asked is asked again', () => {
  const file = copied('{{ mine }}/c', "{{ lookup('file', here ~ '/src') }}", two);
  const one = 'when: inventory_hostname == "one"';

  it.each([
    ['copy', '- { name: W, copy: { dest: "{{ here }}/src", content: new }, ONE }'],
    ['command', '- { name: W, shell: "printf new >{{ here }}/src", changed_when: false, ONE }'],
  ])('after %s wrote to the controller', async (_module, write) => {
    const here = place();
    writeFileSync(join(here, 'src'), 'old');
    await play(on(`${write.replace('ONE', one)}\n${file}`), { here });
    expect(readFileSync(join(here, 'two', 'c'), 'utf8')).toBe('new');
  });

  it('after handlers, whichever host they reach', async () => {
    const { told } = await play(
      on(
        `
- { name: N, copy: { dest: "{{ mine }}/n", content: x }, notify: H, ${one} }
- { meta: flush_handlers }
${copied('{{ mine }}/a', 'y', two)}`,
        '- { name: H, shell: "printf y >{{ here }}/two/a" }',
      ),
    );
    expect(told).toContain('two C ok');
  });

  it('in the next play, when two names are one machine', async () => {
    const last = on(copied('{{ mine }}/a', 'x'));
    const write = on(`- { name: W, copy: { dest: "{{ here }}/one/a", content: y }${two} }`);
    const { here } = await play(last);
    const { told } = await play(on('- debug: { msg: x }') + write + last, { here });
    expect(sorted(told.slice(-2))).toEqual(['one C changed', 'two C ok']);
  });

  /** Somebody else makes the file while the run waits for something: then it is there. */
  const waits = (playbook: string, run: (make: () => void) => Options) => async () => {
    const here = place();
    const { told } = await play(playbook, { here, ...run(() => writeFileSync(join(here, 'two', 'c'), 'x')) });
    expect(told).toContain('two C ok');
  };
  const last = copied('{{ mine }}/c', 'x', two);

  it(
    'after a question of --step',
    waits(on(`- { name: A, copy: { dest: "{{ mine }}/a", content: x }${two} }\n${last}`), (make) => ({
      run: {
        confirm: async (task) => {
          if (task === 'C') make();
          return 'yes';
        },
      },
    })),
  );

  it(
    'after a question of vars_prompt',
    waits(
      `${on(`${last.replace('name: C', 'name: D')}`).replace('copy: {', 'check_mode: true, copy: {')}${on(last, '', 'vars_prompt: [{ name: v, prompt: v }]')}`,
      (make) => ({ run: { answer: async () => make() } }),
    ),
  );

  it('after retries of another host', async () => {
    const here = place();
    const until = `- { name: U, command: "test -e {{ here }}/one/flag", register: u, until: u.rc == 0, retries: 50, delay: 0.1, ${one} }`;
    const run = play(on(`${until}\n${last}`), { here });
    await sleep(1000);
    writeFileSync(join(here, 'two', 'c'), 'x');
    writeFileSync(join(here, 'one', 'flag'), '');
    expect((await run).told).toContain('two C ok');
  });
});
