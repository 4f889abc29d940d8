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

it('words what is wrong as the check does, with what to do about it', () => {
  const refused = (args: Record<string, unknown>): unknown => {
    try {
      return parameters(file, task(args), on('one'));
    } catch (error) {
      if (!(error instanceof WrongParameters)) throw error;
      return [error.message, error.hint];
    }
  };
  expect(refused({ path: '/srv/{{ name }}', onwer: 'root' })).toEqual([
    'file has no parameter onwer',
    'did you mean owner?',
  ]);
  expect(refused({ path: '/srv/x', state: 'directry' })).toEqual([
    expect.stringMatching(/^file: state must be one of .*, not "directry"$/),
    'did you mean directory?',
  ]);
  expect(refused({ path: '/srv/x', onwer: 'root', gruop: 'root' })).toEqual([
    'file has no parameter onwer (did you mean owner?)\nfile has no parameter gruop (did you mean group?)',
    undefined,
  ]);
});

it('refuses what is wrong every time', () => {
  const made = task({ path: '/srv/x', state: 'wrong' });
  for (const name of ['one', 'two']) expect(() => parameters(file, made, on(name))).toThrow(WrongParameters);
});
