import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import { configuredProject, type Flags, runOptions, selection, tableOutput } from '../flags.ts';
import { interruptible } from '../interrupt.ts';
import { addRebuild } from './rebuild.ts';
import { inventoryFirst } from './words.ts';

type PromoteFlags = Flags & {
  readonly output?: 'plain' | 'json';
  readonly force?: boolean;
  readonly lost?: string[];
  readonly yes?: boolean;
};

type RestoreFlags = Flags & {
  readonly output?: 'plain' | 'json';
  readonly at: string;
  readonly replace?: string[];
  readonly yes?: boolean;
};

const list = (value: string, before: string[] = []) => [...before, ...value.split(',').filter(Boolean)];

/** `foobar promote`, and what else brings a site back after a loss. */
export function addRecovery(foobar: Command, end: (code: ExitCode) => void): void {
  addBackups(foobar, end);
  addRebuild(foobar, end);
  tableOutput(configuredProject(foobar.command('promote')))
    .description('make another database server the primary; without HOST the best one')
    .argument('[host]', 'the server that is to be the primary')
    .option('--force', 'also when the primary is gone; refused while any host of the site reaches it')
    .option('--lost <hosts>', 'hosts that will never come back with their disks', list)
    .option('-y, --yes', 'do not ask')
    .action(async (first: string | undefined, second: string | undefined, flags: PromoteFlags) => {
      const { promote } = await import('../commands/promote.ts');
      const { inventory, rest } = promoteWords(first, second);
      end(
        await promote({
          ...selection({ inventory }, flags),
          verbosity: flags.verbose,
          force: flags.force === true,
          lost: flags.lost ?? [],
          yes: flags.yes === true,
          ...(rest !== undefined && { host: rest }),
          ...(flags.output !== undefined && { output: flags.output }),
        }),
      );
    });
}

/** `foobar backup ...` and `foobar restore`. */
function addBackups(foobar: Command, end: (code: ExitCode) => void): void {
  const backup = foobar.command('backup').description('backups of the database: run, list, verify');
  const actions = {
    run: 'make a whole backup now, and save the binary logs',
    list: 'show the backups, where they are, and what can be gone back to',
    verify: 'restore a backup beside the server, the newest or NAME, and compare every row',
  } as const;
  for (const [action, words] of Object.entries(actions) as [keyof typeof actions, string][]) {
    const command = tableOutput(configuredProject(backup.command(action))).description(words);
    if (action === 'verify') command.argument('[name]', 'a backup of the list');
    command.action(async (inventory: string | undefined, ...rest: unknown[]) => {
      const flags = command.opts<RestoreFlags>();
      const name = action === 'verify' ? (rest[0] as string | undefined) : undefined;
      const { backup: carryOut } = await import('../commands/backup.ts');
      end(
        await carryOut({
          ...selection({ inventory }, flags),
          verbosity: flags.verbose,
          action,
          ...(name !== undefined && { name }),
          ...(flags.output !== undefined && { output: flags.output }),
        }),
      );
    });
  }

  tableOutput(configuredProject(foobar.command('restore')))
    .description('bring the database back as it was at a time, from its backups')
    .requiredOption(
      '--at <time>',
      'the instant: 2026-11-23T14:05:10Z, with another zone, or without one for local time',
    )
    .option('--replace <hosts>', 'servers whose present data may make way', list)
    .option('-y, --yes', 'do not ask')
    .action(async (inventory: string | undefined, flags: RestoreFlags) => {
      const { restore } = await import('../commands/restore.ts');
      end(
        await interruptible((signal) =>
          restore({
            ...runOptions({ inventory }, flags, signal),
            at: flags.at,
            replace: flags.replace ?? [],
            yes: flags.yes === true,
          }),
        ),
      );
    });
}

/** One word alone is the inventory when it looks like one. */
function promoteWords(first: string | undefined, second: string | undefined) {
  if (first === undefined) return { inventory: undefined, rest: undefined };
  const { inventory, rest } = inventoryFirst([first, second ?? '']);
  return inventory === undefined
    ? { inventory: second === undefined ? undefined : first, rest: second ?? first }
    : { inventory, rest: rest[0] || undefined };
}
