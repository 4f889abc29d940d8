import { TaskFailure } from '../errors.ts';
import type { Output, RunOptions } from '../host/contract.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Command } from '../host/sh.ts';

/** A task that its keyword `timeout` ended. */
export class TimedOut extends TaskFailure {
  constructor(seconds: number) {
    super(`Timed out after ${seconds} second(s).`);
  }
}

/** The exit code of timeout(1) for what it has ended. */
const ended = 124;

/** The host, whose commands are ended after some seconds. Their answer may come before `within` has noticed. */
export function limited(host: LiveHost, seconds: number): LiveHost {
  const sooner = async (options: RunOptions = {}, start: (options: RunOptions) => Promise<Output>) => {
    const began = performance.now();
    const isLate = () => performance.now() - began >= seconds * 1000;
    try {
      const output = await start({ ...options, timeout: Math.min(seconds, options.timeout ?? seconds) });
      if (output.code === ended && isLate()) throw new TimedOut(seconds);
      return output;
    } catch (error) {
      throw error instanceof TaskFailure && isLate() ? new TimedOut(seconds) : error;
    }
  };
  return Object.assign(Object.create(host) as LiveHost, {
    run: (command: Command, options?: RunOptions) => sooner(options, (all) => host.run(command, all)),
    look: (command: Command, options?: RunOptions) => sooner(options, (all) => host.look(command, all)),
    job: (id: string, command: Command, options?: RunOptions) =>
      sooner(options, (all) => host.job(id, command, all)),
  });
}

/**
 * The work's answer, if it comes in time.
 * @throws TimedOut
 */
export async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimedOut(seconds)), seconds * 1000);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
