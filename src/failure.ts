import {
  type ExitCode as Code,
  CommandError,
  ExitCode,
  ProjectError,
  TaskFailure,
  TransportError,
} from './errors.ts';
import { problemText } from './problems.ts';
import { maskText } from './secrets.ts';

/** What the person at the terminal is told when a command ends early, and the exit code. Secrets are masked. */
export function failure(error: unknown): { text: string; code: Code } {
  const { lines, code } = words(error);
  return { text: maskText(`${lines.filter((line) => line !== undefined).join('\n')}\n`), code };
}

function words(error: unknown): { lines: (string | undefined)[]; code: Code } {
  if (error instanceof ProjectError) return { lines: [problemText(error.problems)], code: ExitCode.project };
  if (error instanceof TransportError)
    return { lines: [`${error.host}: ${error.message}`, hint(error.hint)], code: ExitCode.unreachable };
  if (error instanceof TaskFailure)
    return { lines: [error.message, hint(error.hint)], code: ExitCode.failed };
  if (error instanceof CommandError) return { lines: [error.message], code: ExitCode.failed };
  const system = error as Partial<NodeJS.ErrnoException>;
  if (typeof system?.code === 'string' && system.syscall !== undefined)
    return { lines: [`${system.message}`], code: ExitCode.failed };
  return {
    lines: [
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      '',
      'This is a mistake in foobar itself, not in your project. Please report it with the lines above,',
      `the command that you ran, and: Node.js ${process.version} on ${process.platform}.`,
    ],
    code: ExitCode.failed,
  };
}

function hint(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `  ${text}`;
}
