import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import { configuredProject, type Flags, selection, tableOutput } from '../flags.ts';
import { inventoryFirst } from './words.ts';

type PromoteFlags = Flags & {
  readonly output?: 'plain' | 'json';
  readonly force?: boolean;
  readonly lost?: string[];
  readonly yes?: boolean;
};

const list = (value: string, before: string[] = []) => [...before, ...value.split(',').filter(Boolean)];

/** `foobar promote`, and what else brings a site back after a loss. */
export function addRecovery(foobar: Command, end: (code: ExitCode) => void): void {
  tableOutput(configuredProject(foobar.command('promote')))
    .description('make another database server the primary; without HOST the best one')
    .argument('[host]', 'the server that is to be the primary')
    .option('--force', 'also when the primary is gone; refused while any host of the site reaches it')
    .option('--lost <hosts>', 'these will never come back with their disks', list)
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

/** One word alone is the inventory when it looks like one. */
function promoteWords(first: string | undefined, second: string | undefined) {
  if (first === undefined) return { inventory: undefined, rest: undefined };
  const { inventory, rest } = inventoryFirst([first, second ?? '']);
  return inventory === undefined
    ? { inventory: second === undefined ? undefined : first, rest: second ?? first }
    : { inventory, rest: rest[0] || undefined };
}
