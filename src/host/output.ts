import { posix } from 'node:path';
import { CommandError, TaskFailure } from '../errors.ts';
import { maskText } from '../secrets.ts';
import type { Output, RunOptions } from './contract.ts';
import { type Command, quote } from './sh.ts';

/**
 * The output of a command that ended as expected.
 * @throws CommandError, or TaskFailure when it took too long
 */
export function expected(command: Command, options: RunOptions, output: Output): Output {
  const codes = options.expect ?? [0];
  if (codes === 'any' || codes.includes(output.code)) return output;
  if (output.code === 124 && options.timeout !== undefined)
    throw new TaskFailure(
      `${maskText(command.text).split('\n', 1)[0]}: not done within ${options.timeout} s`,
    );
  throw new CommandError(
    maskText(command.text),
    output.code,
    maskText(output.stdout),
    maskText(output.stderr),
  );
}

/** What a write says to a full disk; dash only that it was an error of input or output. */
export function hasNoRoom(error: unknown): error is CommandError {
  return error instanceof CommandError && /No space left|Disk quota|I\/O error/.test(error.stderr);
}

/** What to do about it. */
export function noRoom(path: string, host: string, { code: rc, stdout, stderr }: CommandError): TaskFailure {
  return new TaskFailure(
    `${path} cannot be written: the file system there is full, or has errors (${stderr.trim().split('\n').at(-1)})`,
    `what was there is untouched; look on ${host} with: df -h ${quote(posix.dirname(path))}; df -i ${quote(posix.dirname(path))}; dmesg`,
    { rc, stdout, stderr },
  );
}
