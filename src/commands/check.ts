import type { Configuration } from '../config/configuration.ts';
import { ExitCode, type Problem, ProjectError } from '../errors.ts';
import type { Inventory } from '../inventory/contract.ts';
import type { Playbook } from '../playbook/contract.ts';
import { problemText, shownPath, sortProblems } from '../problems.ts';
import { mask } from '../secrets.ts';
import { placeOf } from '../yaml/located.ts';
import { loadProject, type ProjectOptions } from './project.ts';

export interface CheckOptions extends ProjectOptions {
  /** For editors: all problems as one JSON document. */
  readonly json?: boolean;
  readonly verbosity?: number;
}

/** Reads the whole project and says what is wrong with it; contacts no host. */
export async function check(options: CheckOptions): Promise<ExitCode> {
  const say = (problems: readonly Problem[]) => {
    if (options.json) process.stdout.write(`${problemsJson(problems)}\n`);
    else if (problems.length > 0) process.stdout.write(`${problemText(problems)}\n`);
  };
  try {
    const { inventory, playbook, warnings, configuration } = await loadProject(options);
    say(warnings);
    if (options.verbosity && !options.json) process.stdout.write(`${configurationText(configuration)}\n`);
    if (!options.json) process.stdout.write(`${success(inventory, playbook)}\n`);
    return ExitCode.done;
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    say(error.problems);
    return ExitCode.project;
  }
}

function configurationText({ file }: Configuration): string {
  return file === undefined
    ? 'no ansible.cfg is used'
    : `${shownPath(file)} is used as configuration of Ansible`;
}

/** `{"problems": [{"file", "line", "column", "severity", "message", "hint"}]}`; lines and columns from 1. */
function problemsJson(problems: readonly Problem[]): string {
  const flat = sortProblems(problems).map(({ place, severity, message, hint }) => ({
    ...place,
    severity,
    message,
    ...(hint !== undefined && { hint }),
  }));
  return JSON.stringify({ problems: mask(flat) }, null, 2);
}

function success(inventory: Inventory, playbook: Playbook): string {
  const tasks = playbook.plays.flatMap((play) => [...play.tasks, ...play.handlers]);
  const layers = [
    ...[...inventory.hosts.values()].flatMap((host) => host.layers),
    ...playbook.plays.flatMap((play) => play.layers),
    ...tasks.flatMap((task) => [...task.defaults, ...task.layers]),
  ];
  const files = new Set([
    inventory.file,
    playbook.file,
    ...tasks.map((task) => task.place.file),
    ...new Set(layers.map((layer) => placeOf(layer.values)?.file).filter((file) => file !== undefined)),
  ]);
  const written = tasks.filter((task) => task.name !== 'flush_handlers').length;
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const what = [
    count(files.size, 'file'),
    `${count(written, 'task')} on ${count(inventory.hosts.size, 'host')}`,
  ];
  return `checked ${what.join(', ')}: no mistakes`;
}
