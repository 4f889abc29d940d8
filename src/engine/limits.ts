import { TaskFailure } from '../errors.ts';
import type { RunOptions } from '../host/contract.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Command } from '../host/sh.ts';

/** A task that its keyword `timeout` ended. */
export class TimedOut extends TaskFailure {}

/** The host, whose commands are ended after some seconds. */
export function limited(host: LiveHost, seconds: number): LiveHost {
  const sooner = (options: RunOptions = {}): RunOptions => ({
    ...options,
    timeout: Math.min(seconds, options.timeout ?? seconds),
  });
  return Object.assign(Object.create(host) as LiveHost, {
    run: (command: Command, options?: RunOptions) => host.run(command, sooner(options)),
    look: (command: Command, options?: RunOptions) => host.look(command, sooner(options)),
    job: (id: string, command: Command, options?: RunOptions) => host.job(id, command, sooner(options)),
  });
}

/**
 * The work's answer, if it comes in time.
 * @throws TimedOut
 */
export async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimedOut(`Timed out after ${seconds} second(s).`)), seconds * 1000);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
