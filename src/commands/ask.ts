import { openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ReadStream, WriteStream } from 'node:tty';
import { TaskFailure } from '../errors.ts';

export interface Question {
  readonly text: string;
  /** False: what is typed does not show. */
  readonly echo: boolean;
}

export type Ask = (question: Question) => Promise<string>;

/**
 * How to ask the person at the terminal, undefined without one. A pipe as standard input is left for those who read
 * from it: then the process's terminal is asked, as ansible does.
 */
export function terminal(): Ask | undefined {
  if (process.stdin.isTTY) return (question) => ask(question, process.stdin, process.stderr);
  try {
    const descriptor = openSync('/dev/tty', 'r+');
    const [input, output] = [new ReadStream(descriptor), new WriteStream(descriptor)];
    input.pause().unref();
    return (question) => ask(question, input.ref(), output).finally(() => input.unref());
  } catch {
    return undefined;
  }
}

/** One line from a terminal. Throws TaskFailure at Ctrl-C and Ctrl-D. */
async function ask(
  { text, echo }: Question,
  input: ReadStream,
  output: NodeJS.WritableStream,
): Promise<string> {
  // In raw mode nothing shows but what readline writes, and hidden answers are written nowhere.
  const shown = new Writable({
    write: (chunk, _encoding, done) => {
      if (echo) output.write(chunk);
      done();
    },
  });
  const line = createInterface({ input, output: shown, terminal: true, historySize: 0 });
  if (!echo) output.write(text);
  const stopped = new AbortController();
  line.on('SIGINT', () => stopped.abort());
  line.on('close', () => stopped.abort());
  try {
    return await line.question(echo ? text : '', { signal: stopped.signal });
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    throw new TaskFailure('stopped: the question was not answered');
  } finally {
    line.close();
    if (!echo) output.write('\n');
    input.pause();
  }
}
