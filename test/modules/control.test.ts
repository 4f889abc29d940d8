import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import pause from '../../src/modules/pause.ts';
import validate from '../../src/modules/validate_argument_spec.ts';
import { Bench } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

describe('add_host', () => {
  const cases: [Record<string, unknown>, unknown][] = [
    [
      { name: 'new', groups: 'a, b', foo: 1 },
      { host: 'new', groups: ['a', 'b'], variables: { foo: 1 } },
    ],
    [
      { hostname: 'new:2222', groupname: ['a', 'a'] },
      { host: 'new', groups: ['a'], variables: { ansible_ssh_port: 2222 } },
    ],
    [{ name: '[fd00::1]:22' }, { host: 'fd00::1', groups: [], variables: { ansible_ssh_port: 22 } }],
    [{ name: 'fd00::1' }, { host: 'fd00::1', groups: [], variables: {} }],
    [
      { host: 'x', group: 'g' },
      { host: 'x', groups: ['g'], variables: { host: 'x', group: ['g'] } },
    ],
  ];
  test.each(cases)('%j', async (args, joins) => {
    expect((await bench.act('add_host', args)).joins).toEqual(joins);
  });
});

test('group_by makes names of groups without blanks', async () => {
  const { joins, values } = await bench.act('group_by', { key: 'os Debian 13', parents: ['by os'] });
  expect(joins).toEqual({ host: 'localhost', groups: ['os-Debian-13'], parents: ['by-os'] });
  expect(values).toEqual({ add_group: 'os-Debian-13', parent_groups: ['by-os'] });
});

test('set_stats', async () => {
  const { statistics } = await bench.act('set_stats', { data: { packages: 3 }, per_host: 'yes' });
  expect(statistics).toEqual({ data: { packages: 3 }, perHost: true, aggregate: true });
  await expect(bench.act('set_stats', { data: { 'a-b': 1 } })).rejects.toThrow(/Invalid variable name "a-b"/);
});

describe('pause', () => {
  test('waits, and says for how long', async () => {
    const { values } = await bench.act('pause', { seconds: 0, prompt: 'hold on' });
    expect(values).toMatchObject({ rc: 0, delta: 1, echo: true, user_input: '' });
    expect(values?.stdout).toMatch(/^Paused for 1\.\d+ seconds$/);
    expect(bench.said).toEqual(['hold on', 'Pausing for 1 seconds']);
  });

  test('goes on without a terminal, and asks where there is one', async () => {
    expect((await bench.act('pause', {})).values).toMatchObject({ user_input: '', delta: 0 });
    const asked: unknown[] = [];
    const context = {
      ...bench.context(),
      prompt: async (question: unknown) => {
        asked.push(question);
        return 'go';
      },
    };
    const want = pause.params.parse({ prompt: 'Which', echo: false });
    const { values } = await pause.run(want, bench.host, context);
    expect(asked).toEqual([{ text: 'Which (output is hidden):', echo: false }]);
    expect(values?.user_input).toBe('go');
  });
});

test('validate_argument_spec takes from the variables what is not given', async () => {
  const variables: Record<string, unknown> = { port: 'x', name: 'n', other: 1 };
  const context = { ...bench.context(), variable: (name: string) => variables[name] };
  const want = validate.params.parse({
    argument_spec: { port: { type: 'int' }, name: { required: true }, role: { required: true } },
    provided_arguments: { name: 'm' },
  });
  const { failed, values } = await validate.run(want, bench.host, context);
  expect(failed).toBe(
    'Validation of arguments failed:\nmissing required arguments: role\n' +
      `argument 'port' is of type str and we were unable to convert to int: "'x'" cannot be converted to an int`,
  );
  expect(values?.argument_errors).toHaveLength(2);
});
