import { resolve } from 'node:path';
import { type Place, type Problem, ProjectError } from '../errors.ts';
import { isMapping } from '../inventory/layers.ts';
import { loadModule, moduleNames } from '../modules/registry.ts';
import { parseText, UnbalancedText } from '../playbook/arguments.ts';
import { parameterProblems, unknownModule } from '../playbook/check-task.ts';
import { moduleName } from '../playbook/collections.ts';
import type { Playbook, Task } from '../playbook/contract.ts';
import { freeForm, rawParameter, rawWords } from '../playbook/keywords.ts';
import { derived, parseYaml } from '../yaml/located.ts';
import type { RunOptions } from './options.ts';

/** A module with its parameters, as said on the command line. */
export interface Asked {
  /** Default: command. */
  readonly module?: string;
  /** `name=value ...`, JSON, or a command line for modules that take one. */
  readonly args?: string;
  /** The words of a command, after `--`: one word is the shell's, several are taken as they are. */
  readonly command?: readonly string[];
}

/** Under this name each host keeps its result. */
export const resultName = 'foobar_result';

/**
 * A playbook of one task for the hosts of a pattern. Its folder is the working directory, as for `ansible`.
 * @throws ProjectError for an unknown module and wrong parameters
 */
export async function adHocPlaybook(
  pattern: string,
  asked: Asked,
  users: Pick<RunOptions, 'user' | 'become' | 'becomeUser' | 'becomeMethod'>,
): Promise<Playbook> {
  const place = { file: resolve('command line'), line: 1, column: 1 };
  const { module, args } = asked.command?.length ? wordsOf(asked.command) : moduleOf(asked, place);
  const become = {
    ...(users.become && { become: true }),
    ...(users.becomeUser !== undefined && { user: users.becomeUser }),
    ...(users.becomeMethod !== undefined && { method: users.becomeMethod }),
  };
  const task: Task = {
    name: module,
    place,
    module,
    args: derived(args, place),
    when: [],
    loopControl: { loopVar: 'item' },
    register: resultName,
    notify: [],
    listen: [],
    runOnce: false,
    ignoreErrors: false,
    noLog: false,
    become,
    ...(users.user !== undefined && { connect: { user: users.user } }),
    environment: [],
    tags: [],
    defaults: [],
    layers: [],
  };
  const problems = await problemsOf(task);
  if (problems.length > 0) throw new ProjectError(problems);
  const play = {
    name: `${module} on ${pattern}`,
    place,
    hosts: pattern,
    gatherFacts: false,
    serial: [],
    become,
    layers: [],
    tasks: [task],
    handlers: [],
  };
  return { file: place.file, plays: [play] };
}

function wordsOf(command: readonly string[]): { module: string; args: Record<string, unknown> } {
  const [line = '', ...more] = command;
  if (more.length === 0 && /\s/.test(line.trim())) return { module: 'shell', args: { [rawParameter]: line } };
  return { module: 'command', args: { argv: command } };
}

function moduleOf({ module = 'command', args = '' }: Asked, place: Place) {
  const { short, problem } = moduleName(module);
  if (problem) throw new ProjectError([{ ...problem, severity: 'error' }]);
  if (/^\s*\{/.test(args)) {
    const values = parseYaml(args, place.file);
    if (isMapping(values)) return { module: short, args: values };
  }
  return { module: short, args: parsed(short, args) };
}

function parsed(module: string, text: string): Record<string, unknown> {
  const mistake = (message: string, hint: string) =>
    new ProjectError([{ message: `-a ${JSON.stringify(text)}: ${message}`, hint, severity: 'error' }]);
  try {
    const { args } = parseText(text, freeForm.includes(module));
    if (rawParameter in args && !rawWords.includes(module))
      throw mistake(`${module} takes name=value`, `-a 'name=value other="two words"', or JSON`);
    return args;
  } catch (error) {
    if (!(error instanceof UnbalancedText)) throw error;
    throw mistake('a quote or brace is not closed', 'quote the whole for your shell: -a \'name="a b"\'');
  }
}

async function problemsOf(task: Task): Promise<Problem[]> {
  const names = moduleNames();
  const found = names.includes(task.module)
    ? parameterProblems(task, await loadModule(task.module))
    : [unknownModule(task, names)];
  // What was typed stands above on the terminal: no file, no line.
  return found.map(({ place: _place, ...problem }) => problem);
}
