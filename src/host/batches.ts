import { CommandError } from '../errors.ts';
import { maskText } from '../secrets.ts';
import type { Query } from './contract.ts';
import type { RawOutput } from './shell.ts';

/** Questions of one kind that were asked in one tick. */
export interface Batch {
  readonly query: Query<unknown, unknown>;
  readonly entries: { arg: unknown; resolve: (value: unknown) => void; reject: (error: unknown) => void }[];
}

/** A step for a host's shell. */
export interface Send {
  readonly script: string;
  /** For a Meter: `read NAME` or `write`. */
  readonly what: string;
  /** Gets lines of standard error as they come; with `both`, of standard output too. */
  readonly onOutput?: (line: string) => void;
  readonly both?: boolean;
  readonly resolve: (output: RawOutput) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Queues the step that answers a batch. Where one script for all questions fails, each is asked by itself: one must not
 * fail the others.
 * @param later called when more was queued after an answer had come
 */
export function queueBatch({ query, entries }: Batch, queue: (send: Send) => void, later: () => void): void {
  const args = entries.map((entry) => entry.arg);
  const reject = (error: unknown): void => {
    for (const entry of entries) entry.reject(error);
  };
  const failed = (error: unknown): void => {
    if (entries.length === 1) reject(error);
    else for (const entry of entries) queueBatch({ query, entries: [entry] }, queue, later);
  };
  let script: string;
  try {
    script = query.script(args).text;
  } catch (error) {
    failed(error);
    return;
  }
  queue({
    script,
    what: `read ${query.name}`,
    reject,
    resolve: (raw) => {
      try {
        if (raw.code !== 0)
          throw new CommandError(
            `reading ${query.name}`,
            raw.code,
            '',
            maskText(raw.stderr.toString('utf8')),
          );
        const answers = query.parse(raw.stdout, args, raw.stderr);
        for (const [index, entry] of entries.entries()) entry.resolve(answers[index]);
      } catch (error) {
        failed(error);
        later();
      }
    },
  });
}
