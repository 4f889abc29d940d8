import { type ExitCode as Code, ExitCode } from './errors.ts';

const showCursor = '\x1b[?25h';

/**
 * Runs something that Ctrl-C (or SIGTERM) asks to stop; a second Ctrl-C leaves at once.
 * An interrupted run ends with exit code 130, whatever it says itself.
 */
export async function interruptible(run: (signal: AbortSignal) => Promise<Code>): Promise<Code> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) {
      if (process.stdout.isTTY) process.stdout.write(showCursor);
      process.exit(ExitCode.interrupted);
    }
    process.stderr.write(
      'stopping: what is under way has 5 s to end, then it is let go of and may go on by itself (Ctrl-C again: leave at once)\n',
    );
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const code = await run(controller.signal);
    return controller.signal.aborted ? ExitCode.interrupted : code;
  } catch (error) {
    if (controller.signal.aborted) return ExitCode.interrupted;
    throw error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
