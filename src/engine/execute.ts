import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, NotYet, TaskFailure, TransportError } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { ActionModule, Change, Module, StateModule } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import { renderValue } from '../template/render.ts';
import type { TaskStatus } from './events.ts';
import {
  askItem,
  epochOf,
  holds,
  isFresh,
  type PreparedItem,
  type PrepareRun,
  WrongParameters,
} from './prepare.ts';

/** How one item of a task ended. */
export interface Outcome {
  readonly status: TaskStatus;
  readonly changes?: readonly Change[];
  readonly message?: string;
  readonly hint?: string | undefined;
  /** Check mode did not run it, so what it registers is not known. */
  readonly unrun?: boolean;
  /** What `register` gets; Ansible's keys. */
  readonly result: Record<string, unknown>;
  /** Facts to set. */
  readonly facts?: Record<string, unknown>;
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
}

/** Runs one item to its end. Never throws: every failure is an outcome. */
export async function executeItem(
  run: PrepareRun,
  task: Task,
  item: PreparedItem,
  around: Around,
): Promise<Outcome> {
  const module = run.modules.get(task.module);
  if (item.skipped !== undefined || !module || !item.host || !item.context)
    return { status: 'skipped', message: item.skipped ?? '', result: { changed: false, skipped: true } };
  try {
    const attempts = task.until ? Number(renderValue(task.retries ?? 3, item.scope)) + 1 : 1;
    const delay = Number(renderValue(task.delay ?? 5, item.scope));
    for (let attempt = 1; ; attempt++) {
      const outcome = judged(task, item, await once(run, task, module, item, item.host, around));
      if (!task.until || outcome.result.skipped === true) return outcome;
      const result = { ...outcome.result, attempts: attempt };
      const scope = task.register ? item.scope.with({ [task.register]: result }, 'register') : item.scope;
      if (holds(task.until, scope)) return { ...outcome, result };
      if (attempt >= attempts) {
        const message = outcome.message ?? `still not so after ${attempts} attempts`;
        return { ...outcome, status: 'failed', message, result: { ...result, failed: true } };
      }
      await sleep(delay * 1000);
      item.host.forget();
    }
  } catch (error) {
    return failure(error, run.check && around.unsure);
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
  try {
    if (!isFresh(run.fleet, module, item)) void askItem(run.fleet, module, item);
    return module.kind === 'state'
      ? await settle(run, task, module, item, host, around)
      : await act(task, module, item, around);
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
      result: { changed: false, failed: false, unreachable: true, msg: error.message },
    };
  const known = error instanceof TaskFailure || error instanceof CommandError;
  if (unsure && known && !(error instanceof WrongParameters))
    return {
      status: 'unknown',
      message: `cannot be known before the changes above are made: ${firstLine(error.message)}`,
      result: { changed: true, skipped: true },
    };
  const message = known
    ? error.message
    : `bug in foobar: ${error instanceof Error ? error.stack : String(error)}`;
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
  const used = task.register || task.changedWhen || task.failedWhen;
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
  const { failed } = done;
  return {
    status: failed !== undefined ? 'failed' : done.changed ? 'changed' : 'ok',
    ...(done.changes ? { changes: done.changes } : {}),
    ...(failed !== undefined ? { message: failed } : done.skipped ? { message: done.skipped } : {}),
    ...(done.facts ? { facts: done.facts } : {}),
    result: {
      changed: done.changed,
      failed: failed !== undefined,
      ...(failed === undefined ? {} : { msg: failed }),
      ...done.values,
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

/** Applies changed_when and failed_when. */
function judged(task: Task, item: PreparedItem, outcome: Outcome): Outcome {
  const skipped = outcome.result.skipped === true;
  if (skipped || (!task.changedWhen && !task.failedWhen)) return outcome;
  const seen = task.register ? { [task.register]: outcome.result } : {};
  const scope = item.scope.with({ ...outcome.result, ...seen }, 'register');
  let { status, message } = outcome;
  const result = { ...outcome.result };
  if (task.failedWhen) {
    const failed = task.failedWhen.length > 0 && holds(task.failedWhen, scope);
    result.failed = failed;
    if (failed) message = `failed_when: ${task.failedWhen.map((condition) => condition.text).join(' and ')}`;
    else if (status === 'failed') message = undefined;
    status = failed ? 'failed' : result.changed ? 'changed' : 'ok';
  }
  if (task.changedWhen && status !== 'failed') {
    result.changed = holds(task.changedWhen, scope);
    status = result.changed ? 'changed' : 'ok';
  }
  const { message: _said, hint, ...rest } = outcome;
  return { ...rest, status, result, ...(message === undefined ? {} : { message, hint }) };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
