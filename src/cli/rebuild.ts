import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import { configuredProject, type Flags, quietOptions, tableOutput } from '../flags.ts';
import { interruptible } from '../interrupt.ts';
import { inventoryFirst } from './words.ts';

type RebuildFlags = Flags & {
  readonly output?: 'plain' | 'json';
  readonly yes?: boolean;
  readonly hostKey?: string;
  readonly discard?: string;
};

/** `foobar rebuild`. */
export function addRebuild(foobar: Command, end: (code: ExitCode) => void): void {
  tableOutput(configuredProject(foobar.command('rebuild')))
    .description('bring a lost server back: take a new, bare one to its full part, and prove it')
    .argument('[host]', 'the server, by its name in the inventory')
    .option('--host-key <fingerprint>', 'the key that the new server shows: SHA256:...')
    .option('--discard <host>', 'transactions that only this server has may be lost; they are kept in a file')
    .option('-y, --yes', 'do not ask; never means that data may be discarded')
    .action(
      async (first: string | undefined, second: string | undefined, flags: RebuildFlags, self: Command) => {
        const { rebuild } = await import('../commands/rebuild.ts');
        const { inventory, rest } = inventoryFirst([first, second]);
        const [host = self.error("error: missing required argument 'host'")] = rest;
        const { hostKey, discard, output, limit: _limit, ...others } = flags;
        end(
          await interruptible((signal) =>
            rebuild({
              ...quietOptions({ inventory }, others, signal),
              host,
              yes: flags.yes === true,
              ...(hostKey !== undefined && { hostKey }),
              ...(discard !== undefined && { discard }),
              ...(output !== undefined && { output }),
            }),
          ),
        );
      },
    );
}
