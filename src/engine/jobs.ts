import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure, TransportError } from '../errors.ts';
import { beginJob, endJob, inBackground, removeJob } from '../host/background.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { Task } from '../playbook/contract.ts';
import { numberOf } from './conditions.ts';
import type { Emit } from './events.ts';
import { TimedOut, within } from './limits.ts';
import { failure, type Outcome } from './outcome.ts';
import type { PreparedItem } from './prepare.ts';

/** Ansible's default of `poll`. */
const defaultPoll = 15;

interface Job {
  readonly id: string;
  readonly host: string;
  readonly task: string;
  readonly until: number;
  readonly done: Promise<Outcome>;
}

/** The tasks of a run with `async`: those with `poll: 0` go on while others run. */
export class Jobs {
  readonly #emit: Emit;
  readonly #running = new Set<Job>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /**
   * Runs a task detached from the connection: to its end, or with `poll: 0` just begins it.
   * @param seconds that it may take
   * @throws TaskFailure when it takes longer
   */
  async run(
    task: Task,
    item: PreparedItem,
    host: LiveHost,
    seconds: number,
    work: (host: LiveHost) => Promise<Outcome>,
  ): Promise<Outcome> {
    const id = `j${randomInt(1e11, 1e12)}.${process.pid}`;
    const results_file = (await host.run(beginJob(id))).stdout.trim();
    const known = { ansible_job_id: id, results_file, started: true };
    const working = work(inBackground(host, id, seconds)).catch((error: unknown) => {
      throw error instanceof TransportError ? leftBehind(error, id) : error;
    });
    const done = this.#finished(working, known, host);
    if ((numberOf(task.poll, item.scope) ?? defaultPoll) > 0) return this.#awaited(done, seconds, host, id);
    const job = { id, host: host.name, task: task.name, until: Date.now() + seconds * 1000, done };
    this.#running.add(job);
    void done.finally(() => this.#running.delete(job)).catch(() => {});
    return { status: 'changed', result: { ...known, changed: true, failed: false, finished: false } };
  }

  /**
   * Waits for what still runs, as long as it may take, and tells what came of it. Gives the hosts that were lost before
   * that was known.
   */
  async end(signal: AbortSignal): Promise<string[]> {
    const lost: string[] = [];
    await Promise.all(
      [...this.#running].map(async ({ host, task, until, done }) => {
        const say = (line: string) => this.#emit({ event: 'output', host, line });
        const left = Math.max(0, until - Date.now());
        say(`${task}: still at work in the background; waiting up to ${Math.ceil(left / 1000)} s`);
        const stop = new AbortController();
        const late = sleep(left, undefined, { signal: AbortSignal.any([stop.signal, signal]) }).catch(
          () => {},
        );
        const outcome = await Promise.race([done.catch((error) => failure(error, false)), late]);
        stop.abort();
        const told = outcome === undefined ? 'not done in time' : outcome.message;
        if (outcome?.status === 'unknown') lost.push(host);
        if (outcome === undefined || outcome.status === 'failed' || outcome.status === 'unknown')
          this.#emit({ event: 'warning', host, message: `${task} in the background: ${told ?? 'failed'}` });
      }),
    );
    return lost;
  }

  async #finished(work: Promise<Outcome>, known: Record<string, unknown>, host: LiveHost): Promise<Outcome> {
    const outcome = await work.catch((error: unknown) => {
      if (error instanceof TransportError) throw error;
      return failed(error);
    });
    const result = { ...outcome.result, ...known, finished: true };
    host.forget();
    await host.run(endJob(String(known.ansible_job_id)), { stdin: JSON.stringify(result) });
    return { ...outcome, result };
  }

  async #awaited(done: Promise<Outcome>, seconds: number, host: LiveHost, id: string): Promise<Outcome> {
    try {
      const outcome = await within(seconds, done);
      await host.run(removeJob(id));
      return outcome;
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      throw new TaskFailure(`async task did not complete within the requested time - ${seconds}s`);
    }
  }
}

/** The host was lost, and what was begun there goes on without us. */
function leftBehind(error: TransportError, id: string): TransportError {
  const message = `${error.message}; the job ${id} goes on in the background there`;
  const hint = `async_status with jid=${id} tells what came of it`;
  return Object.assign(new TransportError(error.host, 'lost', message, hint), { cause: error.cause });
}

function failed(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { status: 'failed', message, result: { changed: false, failed: true, msg: message } };
}
