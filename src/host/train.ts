import { TransportError } from '../errors.ts';
import type { Output, RunOptions } from './contract.ts';
import type { LiveHost, Question } from './live-host.ts';
import { expected } from './output.ts';
import { compose } from './scripts.ts';
import { all, type Command, rawShell } from './sh.ts';

/** A change that was not made, since the one before it failed or the host was not as it had been found. */
class NotMade extends Error {}

/** A host for one change that travels behind others. */
export interface Coupled {
  readonly host: LiveHost;
  /** Whether the change was begun. Never rejects: undefined when the connection was lost before that was known. */
  readonly made: Promise<boolean | undefined>;
}

/**
 * Changes of a host that travel together: each is made only when the one right before it ended with 0 and its own
 * condition holds then. Each must be one write, and sent in the tick in which the one before it was.
 */
export class Train {
  #last: object | undefined;
  #bytes = 0;

  /** How many bytes of shell are coupled. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The host for the first change, which is made in any case. */
  lead(host: LiveHost): LiveHost {
    let writes = 0;
    const wrote = <T>(written: T): T => {
      writes += 1;
      this.#last = writes === 1 ? host.lastSent : undefined;
      return written;
    };
    return Object.assign(Object.create(host) as LiveHost, {
      run: ((command, options) => wrote(host.run(command, options))) as LiveHost['run'],
      job: ((id, command, options) => wrote(host.job(id, command, options))) as LiveHost['job'],
    });
  }

  /**
   * The host for a further change.
   * @param before shell that is run first, when the condition holds
   */
  couple(host: LiveHost, condition: Command, before: Command | undefined): Coupled {
    let decide = (_made: boolean | undefined): void => {};
    const made = new Promise<boolean | undefined>((resolve) => {
      decide = resolve;
    });
    let writes = 0;
    const run = async (command: Command, options: RunOptions = {}): Promise<Output> => {
      writes += 1;
      if (writes > 1) throw new Error('bug: a change that travels behind others is more than one step');
      if (this.#last === undefined || host.lastSent !== this.#last) {
        decide(false);
        throw new NotMade();
      }
      const script = [
        `{ [ "$foobar_code" = 0 ] && ${condition.text}; } || exit 1`,
        'printf +',
        ...(before ? [`{ ${before.text}; } || exit`] : []),
        compose(command, options),
      ].join('\n');
      this.#bytes += script.length;
      const sent = host.run(rawShell(script), { expect: 'any' });
      this.#last = host.lastSent;
      try {
        const { code, stdout, stderr } = await sent;
        if (!stdout.startsWith('+')) throw new NotMade();
        decide(true);
        return expected(command, options, { code, stdout: stdout.slice(1), stderr });
      } catch (error) {
        if (error instanceof TransportError && error.kind === 'lost') decide(undefined);
        throw error;
      } finally {
        decide(false);
      }
    };
    const refuse = (): never => {
      throw new Error('bug: a change that travels behind others is no plain command');
    };
    return { host: Object.assign(Object.create(host) as LiveHost, { run, job: refuse }), made };
  }
}

/** A condition that holds while the answers to questions are those that are known; undefined when there is none. */
export function stillSo(questions: readonly (Question | undefined)[]): Command | undefined {
  const kinds = new Map<Question['query'], Map<string, { arg: unknown; answer: unknown }>>();
  for (const question of questions) {
    if (!question?.known) return undefined;
    const { query, arg, known } = question;
    if (query.lasts?.(known.answer)) continue;
    if (!query.still) return undefined;
    let kind = kinds.get(query);
    if (!kind) {
      kind = new Map();
      kinds.set(query, kind);
    }
    kind.set(query.key(arg), { arg, answer: known.answer });
  }
  return all([...kinds].map(([query, known]) => query.still?.([...known.values()]) ?? rawShell(':')));
}
