import { expect, it } from 'vitest';
import { parameters, WrongParameters } from '../../src/engine/parameters.ts';
import { gatherTask } from '../../src/engine/setup-task.ts';
import file from '../../src/modules/file.ts';
import type { Play, Task } from '../../src/playbook/contract.ts';
import { Scope } from '../../src/template/scope.ts';

const play = { place: { file: '/p.yaml', line: 1, column: 1 }, become: {} } as unknown as Play;
const task = (args: Record<string, unknown>): Task => ({ ...gatherTask(play), module: 'file', args });
const on = (name: string) =>
  new Scope([{ origin: 'host', values: { name } }], { searchDirectories: [], check: false });

it('renders what holds templates for each host', () => {
  const made = task({ path: '/srv/{{ name }}', state: 'directory' });
  expect(parameters(file, made, on('one'))).toMatchObject({ path: '/srv/one' });
  expect(parameters(file, made, on('two'))).toMatchObject({ path: '/srv/two' });
});

it('gives each host an object of its own where nothing is to be rendered', () => {
  const made = task({ path: '/srv/x', state: 'directory' });
  const [one, two] = [parameters(file, made, on('one')), parameters(file, made, on('two'))];
  expect(two).toEqual(one);
  expect(two).not.toBe(one);
});

it('refuses what is wrong every time', () => {
  const made = task({ path: '/srv/x', state: 'wrong' });
  for (const name of ['one', 'two']) expect(() => parameters(file, made, on(name))).toThrow(WrongParameters);
});
