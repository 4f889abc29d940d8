import { ExitCode, ProjectError } from '../errors.ts';
import type { Inventory } from '../inventory/contract.ts';
import type { Playbook } from '../playbook/contract.ts';
import { problemText } from '../problems.ts';
import { placeOf } from '../yaml/located.ts';
import { loadProject, type ProjectOptions } from './project.ts';

/** Reads the whole project and says what is wrong with it; contacts no host. */
export async function check(options: ProjectOptions): Promise<ExitCode> {
  try {
    const { inventory, playbook, warnings } = await loadProject(options);
    if (warnings.length > 0) process.stdout.write(`${problemText(warnings)}\n`);
    process.stdout.write(`${success(inventory, playbook)}\n`);
    return ExitCode.done;
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    process.stdout.write(`${problemText(error.problems)}\n`);
    return ExitCode.project;
  }
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
