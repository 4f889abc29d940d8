import { setTimeout } from 'node:timers/promises';
import { CommandError, TransportError } from '../../errors.ts';
import type { Host, Output } from '../../host/contract.ts';
import { type Command, rawShell } from '../../host/sh.ts';

/**
 * Asks a host over new connections until it answers in the way that is waited for. Gives the answer, or the last
 * thing that went wrong when the time is over.
 * @param sleep seconds between two attempts
 */
export async function waitForAnswer(
  host: Host,
  command: Command,
  good: (output: Output) => boolean,
  { timeout, attempt, sleep }: { timeout: number; attempt: number; sleep: number },
): Promise<{ readonly output: Output } | { readonly error: string }> {
  const end = Date.now() + timeout * 1000;
  for (let error = 'no answer'; ; await setTimeout(sleep * 1000)) {
    try {
      await within(attempt, host.reconnect());
      const output = await within(attempt + 10, host.look(command, { expect: 'any' }));
      if (good(output)) return { output };
      error = output.stderr.trim() || output.stdout.trim() || `exit code ${output.code}`;
    } catch (problem) {
      if (!(problem instanceof TransportError || problem instanceof CommandError)) throw problem;
      // Neither gets better by waiting.
      if (problem instanceof TransportError && ['host-key', 'sudo'].includes(problem.kind)) throw problem;
      error = problem.message;
    }
    if (Date.now() >= end) return { error };
  }
}

/** What differs after a boot: the kernel's boot_id, and for a container, which has that of its machine, its init. */
export const bootIdentity = rawShell(
  'cat /proc/sys/kernel/random/boot_id && sed "s/.*) //" /proc/1/stat | cut -d" " -f20',
);

/** A connection that is dying may neither answer nor fail. */
async function within<T>(seconds: number, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const limit = setTimeout(seconds * 1000, undefined, { signal: late.signal }).then(() => {
    throw new CommandError('connecting', 124, '', `no answer within ${seconds} s`);
  });
  limit.catch(() => {});
  promise.catch(() => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    late.abort();
  }
}
