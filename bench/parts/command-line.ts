import type { Bench } from '../bench.ts';
import { type Figures, figures } from '../figures.ts';
import { foobar } from '../lab.ts';
import { type Run, run } from '../process.ts';
import { succeeded } from '../tools.ts';

/** How long it takes until the command line answers, beside Node alone. */
export async function commandLine({ quick, show }: Bench): Promise<void> {
  const repeated = async (command: string, words: readonly string[]): Promise<Figures> => {
    const runs: Run[] = [];
    for (let round = 0; round < (quick ? 5 : 15); round++) runs.push(succeeded(await run(words)));
    return figures(command, runs);
  };
  show('command line', {
    title: 'Command line',
    tools: {
      node: await repeated('node -e 0', [process.execPath, '-e', '0']),
      '--version': await repeated('foobar --version', [...foobar, '--version']),
      '--help': await repeated('foobar --help', [...foobar, '--help']),
      check: await repeated('foobar check inventory/lab.yaml', [...foobar, 'check', 'inventory/lab.yaml']),
    },
  });
}
