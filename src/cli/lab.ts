import type { Command } from 'commander';
import type { LabCommand } from '../commands/lab.ts';
import type { ExitCode } from '../errors.ts';

/** `foobar lab ...`. */
export function addLab(foobar: Command, end: (code: ExitCode) => void): void {
  const lab = foobar.command('lab').description('the hosts of an inventory as containers on this machine');
  const run = async (command: LabCommand) => {
    end(await (await import('../commands/lab.ts')).runLab(command));
  };
  const standard = 'inventory/lab.yaml';
  const inventory = ['-i, --inventory <file>', 'inventory of the lab', standard] as const;

  const whole = {
    up: 'start every host and the outside world; what is up stays as it is',
    down: 'stop every host; the disks are kept',
    status: 'show the hosts and whether they are up',
  } as const;
  for (const [action, text] of Object.entries(whole) as [keyof typeof whole, string][])
    lab
      .command(action)
      .description(text)
      .argument('[inventory]', 'inventory of the lab', standard)
      .action((file: string) => run({ action, inventory: file }));

  lab
    .command('exec')
    .description('run a command on a host, as root: lab exec web1 -- CMD')
    .argument('<host>')
    .argument('[command...]')
    .option(...inventory)
    .action((host: string, command: string[], flags: { inventory: string }) =>
      run({ action: 'exec', host, inventory: flags.inventory, ...(command.length > 0 && { command }) }),
    );

  const single = {
    destroy: 'lose a host with its disk',
    cut: 'cut a host off the network',
    join: 'give a host its network back',
  } as const;
  for (const [action, text] of Object.entries(single) as [keyof typeof single, string][])
    lab
      .command(action)
      .description(text)
      .argument('<host>')
      .option(...inventory)
      .action((host: string, flags: { inventory: string }) => run({ action, host, ...flags }));
  lab
    .command('stop')
    .description('shut a host down')
    .argument('<host>')
    .option(...inventory)
    .option('--hard', 'cut its power instead')
    .action((host: string, flags: { inventory: string; hard?: boolean }) =>
      run({ action: 'stop', host, ...flags }),
    );
  lab
    .command('start')
    .description('start a host, with an empty disk when it was destroyed')
    .argument('<host>')
    .option(...inventory)
    .option('--keep-known-hosts', 'do not learn the host key that a new disk has')
    .action((host: string, flags: { inventory: string; keepKnownHosts?: boolean }) =>
      run({ action: 'start', host, ...flags }),
    );
}
