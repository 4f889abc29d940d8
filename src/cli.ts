#!/usr/bin/env node
import { CommanderError } from 'commander';
import { program } from './cli/program.ts';
import { ExitCode } from './errors.ts';
import { profileApart } from './flags.ts';

let exitCode: ExitCode = ExitCode.done;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCode);
});

async function main(): Promise<void> {
  try {
    const foobar = program((code) => {
      exitCode = code;
    });
    if (process.argv.length <= 2) foobar.help();
    await foobar.parseAsync(profileApart(process.argv));
  } catch (error) {
    // What commander has to say it has said; wrong usage is a project that is wrong, no host was contacted.
    if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.project;
    else {
      const { failure } = await import('./failure.ts');
      const { text, code } = failure(error);
      process.stderr.write(text);
      exitCode = code;
    }
  }
  process.exitCode = exitCode;
  // Connections that were given up may still be open.
  if (exitCode === ExitCode.interrupted) process.stdout.write('', () => process.exit());
}

void main();
