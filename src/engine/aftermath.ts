import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '../errors.ts';
import { Unanswered } from '../host/shell.ts';
import { askStep, became, parseStep, type StepRecord } from '../host/step-record.ts';
import type { Module } from '../modules/contract.ts';
import { within } from './limits.ts';
import { failure, type Outcome } from './outcome.ts';
import { askItem, type PreparedItem, type PrepareRun } from './prepare.ts';

/** Seconds in which a host that was lost may answer again before its task is told. */
const patience = 12;

/** What hosts answered, by the loss after which they were asked: once for all that was under way there. */
const answers = new WeakMap<Error, Promise<StepRecord | string>>();

/**
 * How a task ends that had begun when the connection was lost: unknown, whatever the host says when it is asked over a new
 * connection. Success is only what was read in its time.
 * @param asks whether it is asked at all
 */
export async function unknownEnd(
  run: PrepareRun,
  module: Module,
  item: PreparedItem,
  error: TransportError,
  asks: boolean,
): Promise<Outcome> {
  const first = error.kind === 'lost' ? error.message : `${error.message}; a part of it was done before`;
  const message = [first, ...(asks ? [await whatBecame(run, module, item, error)] : [])].join('\n');
  return {
    ...failure(error, false),
    status: 'unknown',
    message,
    result: { changed: false, unreachable: true, msg: message },
  };
}

async function whatBecame(
  run: PrepareRun,
  module: Module,
  item: PreparedItem,
  error: TransportError,
): Promise<string> {
  const record = error instanceof Unanswered ? error.record : undefined;
  const loss = error.cause instanceof Error ? error.cause : error;
  const began = Date.now();
  let answer = answers.get(loss);
  if (!answer) {
    answer = ask(run, error.host, item, record);
    answers.set(loss, answer);
  }
  const asked = await answer;
  if (typeof asked === 'string') return `the host could not be asked what became of it: ${asked}`;
  const step = record === undefined ? undefined : became(record, asked);
  const left = patience - (Date.now() - began) / 1000;
  const state = step?.runs ? undefined : await stateNow(run, module, item, error.host, left);
  const said = [step?.words, state].filter((words) => words !== undefined);
  return `asked over a new connection: ${said.join('; ') || 'the host answers, and tells nothing of it'}`;
}

/** Connects anew, again while the host does not answer, but not where it does not let us in. */
async function ask(
  { fleet }: PrepareRun,
  name: string,
  { host }: PreparedItem,
  record: string | undefined,
): Promise<StepRecord | string> {
  const root = fleet.hasRoot(name) ? fleet.host(name, { user: 'root' }) : undefined;
  const there = root ?? (host?.name === name ? host : undefined);
  if (!there) return 'it is none of the task itself';
  for (const until = Date.now() + patience * 1000; ; ) {
    try {
      const answer = fleet.reset(name).then(() => there.look(askStep(record)));
      return parseStep((await within(Math.max(1, (until - Date.now()) / 1000), answer)).stdout);
    } catch (error) {
      const mayCome = error instanceof TransportError && error.kind === 'unreachable';
      if (!mayCome || Date.now() + 1000 > until) return (error as Error).message;
      await sleep(1000);
    }
  }
}

/** Whether what a task was to bring about is there. */
async function stateNow(
  { fleet }: PrepareRun,
  module: Module,
  item: PreparedItem,
  lost: string,
  seconds: number,
): Promise<string | undefined> {
  const { host } = item;
  if (module.kind !== 'state' || module.verify || host?.name !== lost || !fleet.isConnected(lost))
    return undefined;
  try {
    const left = module.diff(item.want, await within(Math.max(1, seconds), askItem(fleet, module, item)));
    return left.length === 0
      ? 'what it was to bring about is there'
      : `what it was to bring about is not there: ${left.map(({ what }) => what).join(', ')}`;
  } catch {
    return undefined;
  }
}
