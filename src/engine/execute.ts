import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, NotYet, TaskFailure, TransportError } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { ActionModule, ActionResult, Change, Module, StateModule } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import type { Scope } from '../template/scope.ts';
import { NotKnownYet } from '../template/scope.ts';
import { holds, numberOf } from './conditions.ts';
import type { TaskStatus } from './events.ts';
import { judged, registered } from './judge.ts';
import { limited, within } from './limits.ts';
import { WrongParameters } from './parameters.ts';
import { askItem, epochOf, isFresh, type PreparedItem, type PrepareRun } from './prepare.ts';

/** What a module answered besides its result. */
export type Answers = Pick<ActionResult, 'facts' | 'variables' | 'included' | 'joins' | 'statistics'>;

/** How one item of a task ended. */
export interface Outcome extends Answers {
  readonly status: TaskStatus;
  readonly changes?: readonly Change[];
  readonly message?: string;
  readonly hint?: string | undefined;
  /** Check mode did not run it, so what it registers is not known. */
  readonly unrun?: boolean;
  /** What `register` gets; Ansible's keys. */
  readonly result: Record<string, unknown>;
}

/** What executing asks of the window around it. */
export interface Around {
  /** Check mode has planned changes on the host before this: what is there later cannot be known. */
  readonly unsure: boolean;
  /** Called in the tick in which a fix has been sent, so that what is asked now travels with it. */
  sent(): void;
  /** A fix or an action begins. */
  begin(): void;
  /** Called before the first change: due handlers are noted on the host. */
  beforeChange(): Promise<unknown>;
  /** A failed attempt is followed by another. */
  again(attempt: number, attempts: number): void;
}

/** Runs one item to its end. Never throws: every failure is an outcome. */
export async function executeItem(
  run: PrepareRun,
  task: Task,
  item: PreparedItem,
  around: Around,
): Promise<Outcome> {
  const module = run.modules.get(task.module);
  if (item.skipped !== undefined || !module || !item.host || !item.context) return skippedBy(item.skipped);
  const { host } = item;
  try {
    const attempts = attemptsOf(task, item.scope);
    const delay = numberOf(task.delay, item.scope) ?? 5;
    for (let attempt = 1; ; attempt++) {
      const tried = await once(run, task, module, item, host, around);
      const counted = attempts > 1 ? { ...tried, result: { ...tried.result, attempts: attempt } } : tried;
      const outcome = judged(task, item, counted);
      if (attempts === 1 || outcome.result.skipped === true) return outcome;
      if (task.until ? holds(task.until, registered(task, item.scope, outcome)) : !outcome.result.failed)
        return outcome;
      if (attempt === attempts) return exhausted(outcome, attempts);
      around.again(attempt, attempts - 1);
      await sleep((delay < 0 ? 1 : delay) * 1000);
      host.forget();
    }
  } catch (error) {
    return failure(error, run.check && around.unsure);
  }
}

/** The result of a task that a condition keeps from running. */
export function skippedBy(condition: string | undefined): Outcome {
  const false_condition = condition === undefined ? {} : { false_condition: condition };
  return {
    status: 'skipped',
    message: condition ?? '',
    result: {
      changed: false,
      skipped: true,
      skip_reason: 'Conditional result was False',
      ...false_condition,
    },
  };
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
      : act(task, module, own, around);
  };
  try {
    if (background > 0) return await run.jobs.run(task, item, host, background, attempt);
    return await (seconds > 0 ? within(seconds, attempt(limited(host, seconds))) : attempt(host));
  } catch (error) {
    if (!(error instanceof TaskFailure || error instanceof CommandError)) throw error;
    return failure(error, run.check && around.unsure);
  }
}

/** What an error means for the task it happened in. */
export function failure(error: unknown, unsure: boolean): Outcome {
  if (error instanceof TransportError)
    return {
      status: 'unreachable',
      message: error.message,
      hint: error.hint,
      result: { changed: false, unreachable: true, msg: error.message },
    };
  const known = error instanceof TaskFailure || error instanceof CommandError;
  if (unsure && known && !(error instanceof WrongParameters))
    return {
      status: 'unknown',
      message: `cannot be known before the changes above are made: ${firstLine(error.message)}`,
      result: { changed: true, skipped: true },
    };
  const message = known || error instanceof NotKnownYet ? error.message : `bug in foobar: ${stackOf(error)}`;
  const values =
    error instanceof CommandError ? { rc: error.code, stdout: error.stdout, stderr: error.stderr } : {};
  return {
    status: 'failed',
    message,
    hint: error instanceof TaskFailure ? error.hint : undefined,
    result: { changed: false, failed: true, msg: message, ...values },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds modules of every parameter and state type
type AnyState = StateModule<any, any>;

async function settle(
  run: PrepareRun,
  task: Task,
  module: AnyState,
  item: PreparedItem,
  host: LiveHost,
  around: Around,
): Promise<Outcome> {
  const { want, context } = item;
  if (!context) throw new Error('bug: a state without a context');
  // Some values are dear (checksums of large files), and most tasks' are never looked at.
  const used = task.register || task.changedWhen || task.failedWhen || (task.frames ?? []).length > 0;
  const values = (state: unknown) => (used ? module.result?.(want, state) : {});
  const before = await item.answer;
  const differences = module.diff(want, before);
  if (differences.length === 0)
    return { status: 'ok', result: { changed: false, failed: false, ...values(before) } };
  if (context.check)
    return {
      status: 'changed',
      changes: differences,
      result: { changed: true, failed: false, ...values(before) },
    };

  around.begin();
  const noted = around.beforeChange();
  const fixing = (async () => module.fix(differences, want, before, host, context))();
  // The proof and the next window are asked in this tick: most fixes are one step, which is ahead of them in the shell.
  const proof = askItem(run.fleet, module, item);
  const provedAt = epochOf(run.fleet, module, host);
  around.sent();
  try {
    await Promise.all([noted, fixing]);
  } finally {
    await fixing.catch(() => {});
  }
  const after = await (epochOf(run.fleet, module, host) === provedAt
    ? proof
    : askItem(run.fleet, module, item));
  const left = module.verify ? module.verify(want, before, after) : module.diff(want, after);
  if (left.length > 0)
    return {
      status: 'failed',
      changes: left,
      message: `was changed, but is not as wanted: ${left.map((change) => change.what).join(', ')}`,
      result: { changed: true, failed: true, msg: 'was changed, but is not as wanted' },
    };
  return {
    status: 'changed',
    changes: differences,
    result: { changed: true, failed: false, ...values(after) },
  };
}

async function act(
  task: Task,
  // biome-ignore lint/suspicious/noExplicitAny: see AnyState
  module: ActionModule<any>,
  item: PreparedItem,
  around: Around,
): Promise<Outcome> {
  const { host, context, want } = item;
  if (!host || !context) throw new Error('bug: an action without a host');
  const settled = (await item.answer) as string | undefined;
  if (settled !== undefined)
    return { status: 'ok', message: settled, result: { changed: false, failed: false, msg: settled } };
  if (context.check) {
    if (module.waits && around.unsure) throw new NotYet('it waits for what the changes above bring about');
    if (module.effect === 'changes') return wouldRun(task);
  }
  let noted: Promise<unknown> | undefined;
  if (module.effect === 'changes') {
    around.begin();
    noted = around.beforeChange();
    // When the connection is lost both fail, and the first is told.
    noted.catch(() => {});
  }
  const done = await module.run(want, host, context);
  await noted;
  return answered(done);
}

function answered({ changed, failed, skipped, changes, values, ...answers }: ActionResult): Outcome {
  return {
    ...answers,
    status: failed !== undefined ? 'failed' : changed ? 'changed' : 'ok',
    ...(changes ? { changes } : {}),
    ...(failed !== undefined ? { message: failed } : skipped ? { message: skipped } : {}),
    result: {
      changed,
      failed: failed !== undefined,
      ...(failed === undefined ? {} : { msg: failed }),
      ...values,
    },
  };
}

function wouldRun(task: Task): Outcome {
  const never = task.changedWhen?.length === 1 && /^(false|no)$/i.test(task.changedWhen[0]?.text ?? '');
  return never
    ? {
        status: 'skipped',
        message: 'not run in check mode',
        unrun: true,
        result: { changed: false, skipped: true },
      }
    : { status: 'changed', message: 'would run', result: { changed: true, skipped: true } };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
