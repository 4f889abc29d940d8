import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, NotYet, ProjectError, TaskFailure, TransportError } from '../errors.ts';
import type { Fleet } from '../host/fleet.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { ActionModule, Module } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { NotKnownYet, type Scope } from '../template/scope.ts';
import { unknownEnd } from './aftermath.ts';
import { holds, isSet, numberOf } from './conditions.ts';
import { judged, registered } from './judge.ts';
import { limited, within } from './limits.ts';
import { failure, lackedProgram, type Outcome, skippedBy } from './outcome.ts';
import { type Around, act, settle } from './perform.ts';
import { askItem, isFresh, type PreparedItem, type PrepareRun } from './prepare.ts';

/**
 * Runs one item to its end. Every failure is an outcome.
 * @throws NotKnownYet when it was prepared before what it needs was known
 */
export async function executeItem(
  run: PrepareRun,
  task: Task,
  item: PreparedItem,
  around: Around,
): Promise<Outcome> {
  const module = run.modules.get(task.module);
  if (item.skipped !== undefined || !module || !item.host || !item.context) return skippedBy(item.skipped);
  // A change that was made ahead was sent by another.
  const account = { sent: item.ahead?.fixing !== undefined };
  const host = item.host.witnessed(account);
  try {
    const attempts = attemptsOf(task, item.scope);
    const delay = numberOf(task.delay, item.scope) ?? 5;
    for (let attempt = 1; ; attempt++) {
      const tried = await once(run, task, module, item, host, around);
      const counted = attempts > 1 ? { ...tried, result: { ...tried.result, attempts: attempt } } : tried;
      const outcome = judged(task, item, counted);
      const lacking = around.unsure && task.ignoreErrors === undefined ? lackedProgram(outcome) : undefined;
      if (lacking !== undefined) throw new NotYet(lacking);
      if (attempts === 1 || outcome.result.skipped === true) return outcome;
      if (task.until ? holds(task.until, registered(task, item.scope, outcome)) : !outcome.result.failed)
        return outcome;
      if (attempt === attempts) return exhausted(outcome, attempts);
      around.again(attempt, attempts - 1);
      await sleep((delay < 0 ? 1 : delay) * 1000);
      run.fleet.renewAll();
    }
  } catch (error) {
    if (error instanceof NotKnownYet) throw error;
    const outcome = failure(error, around.unsure);
    const begun = outcome.status === 'unknown' || (outcome.status === 'unreachable' && account.sent);
    if (!begun || !(error instanceof TransportError)) return outcome;
    const goesOn = isSet(task.ignoreUnreachable, item.scope, false);
    return unknownEnd(run, module, item, error, !goesOn);
  }
}

/** How often a task is tried: `retries` are those after the first; three where only `until` is said. */
function attemptsOf(task: Task, scope: Scope): number {
  const retries = numberOf(task.retries, scope);
  if (retries !== undefined) return 1 + Math.max(0, Math.floor(retries));
  return task.until ? 4 : 1;
}

function exhausted(outcome: Outcome, attempts: number): Outcome {
  return {
    ...outcome,
    status: 'failed',
    message: outcome.message ?? `still not so after ${attempts} attempts`,
    // Ansible counts so.
    result: { ...outcome.result, attempts: attempts - 1, failed: true },
  };
}

type Waiting = Pick<ActionModule<never>, 'waits' | 'once'>;

/** Milliseconds after which an action that waits has waited. */
const pause = 500;

/** What an action waited for, or what happened meanwhile, is in no answer from before it. */
async function waited<T>(fleet: Fleet, module: Waiting, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    if ((module.waits || module.once) && performance.now() - began > pause) fleet.renewAll();
  }
}

/** One attempt. A failure that can be put into words is an outcome, for failed_when and until to judge. */
async function once(
  run: PrepareRun,
  task: Task,
  module: Module,
  item: PreparedItem,
  host: LiveHost,
  around: Around,
): Promise<Outcome> {
  const seconds = numberOf(task.timeout, item.scope) ?? 0;
  const background = item.context?.check ? 0 : (numberOf(task.async, item.scope) ?? 0);
  const attempt = (inside: LiveHost): Promise<Outcome> => {
    const own = { ...item, host: inside };
    if (inside !== host || !isFresh(run.fleet, module, own)) void askItem(run.fleet, module, own);
    return module.kind === 'state'
      ? settle(run, task, module, own, inside, around)
      : waited(run.fleet, module, () => act(task, module, own, around));
  };
  try {
    if (background > 0) return await run.jobs.run(task, item, host, background, attempt);
    return await (seconds > 0 ? within(seconds, attempt(limited(host, seconds))) : attempt(host));
  } catch (error) {
    const known = [TaskFailure, CommandError, ProjectError].some((kind) => error instanceof kind);
    if (!known) throw error;
    return failure(error, around.unsure);
  }
}
