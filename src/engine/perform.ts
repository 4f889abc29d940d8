import { NotYet } from '../errors.ts';
import type { LiveHost } from '../host/live-host.ts';
import type { ActionModule, ActionResult, Change, Context, StateModule } from '../modules/contract.ts';
import type { Task } from '../playbook/contract.ts';
import type { Following } from './ahead.ts';
import { type Outcome, withLines } from './outcome.ts';
import { askItem, epochOf, type PreparedItem, type PrepareRun } from './prepare.ts';

/** What executing asks of the window around it. */
export interface Around {
  /** Check mode has planned changes on the host before this: what is there later cannot be known. */
  readonly unsure: boolean;
  /** Called in the tick in which a fix has been sent, so that what is asked now travels with it. */
  sent(): void;
  /** A fix or an action begins. */
  begin(): void;
  /** What may keep the operator out is guarded before it is made. @throws TaskFailure when it cannot be */
  guard(item: PreparedItem, changes: readonly Change[]): Promise<void>;
  /** What can travel behind a change that is about to be made. */
  behind(item: PreparedItem, changes: readonly Change[], before: unknown): Following | undefined;
  /** Called before the first change: due handlers are noted on the host. */
  beforeChange(): Promise<unknown>;
  /** A failed attempt is followed by another. */
  again(attempt: number, attempts: number): void;
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds modules of every parameter and state type
type AnyState = StateModule<any, any>;

/** Brings a state about: what differs is mended, and looked at again. */
export async function settle(
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
  if (item.ahead && !item.ahead.fixing && (await item.ahead.made) === undefined) {
    delete item.ahead;
    void askItem(run.fleet, module, item);
  }
  const before = item.ahead ? item.ahead.before : await item.answer;
  const differences = module.diff(want, before);
  const counted = differences.some((change) => !change.uncounted);
  const skipped = differences.length === 0 ? module.skipped?.(want, before) : undefined;
  if (skipped !== undefined)
    return {
      status: 'skipped',
      message: skipped,
      result: { changed: false, skipped: true, msg: skipped },
    };
  if (differences.length === 0)
    return { status: 'ok', result: { changed: false, failed: false, ...values(before) } };
  if (context.check)
    return {
      status: counted ? 'changed' : 'ok',
      changes: differences,
      result: { changed: counted, failed: false, ...values(before) },
    };

  around.begin();
  if (!item.ahead) await around.guard(item, differences);
  // What else was asked for is known by then, and may travel with it.
  if (!item.ahead && module.achieved) await host.quiet();
  const { followed, done } = item.ahead
    ? { followed: item.ahead.followed, done: item.ahead.fixing }
    : mend(run, module, item, { host, context, differences, before }, around);
  await done;
  const proof =
    item.askedAt === epochOf(run.fleet, module, host) ? item.answer : askItem(run.fleet, module, item);
  // Where a change behind it was begun, the host itself had found it to be as wanted right before.
  const isProved = await followed;
  const after = await (isProved ? proof?.catch(() => before) : proof);
  const left = module.verify ? module.verify(want, before, after) : module.diff(want, after);
  if (left.length > 0 && !isProved)
    return {
      status: 'failed',
      changes: left,
      message: `was changed, but is not as wanted: ${left.map((change) => change.what).join(', ')}`,
      result: { changed: true, failed: true, msg: 'was changed, but is not as wanted' },
    };
  const changed = counted || module.happened?.(want, before, after) === true;
  return {
    status: changed ? 'changed' : 'ok',
    changes: differences,
    result: { changed, failed: false, ...values(after) },
  };
}

/** Sends a change, and in the same tick all that can travel with it. */
function mend(
  run: PrepareRun,
  module: AnyState,
  item: PreparedItem,
  {
    host,
    context,
    differences,
    before,
  }: { host: LiveHost; context: Context; differences: readonly Change[]; before: unknown },
  around: Around,
): { done: Promise<void>; followed: Promise<boolean> } {
  const behind = around.behind(item, differences, before);
  const noted = around.beforeChange();
  const fixing = (async () =>
    module.fix(differences, item.want, before, behind?.lead(host) ?? host, context))();
  behind?.send();
  // The proofs and the next window are asked in this tick: most fixes are one step, which is ahead of them in the shell.
  void askItem(run.fleet, module, item);
  behind?.prove();
  around.sent();
  const done = async (): Promise<void> => {
    // When the connection is lost both fail, and the change itself is told.
    for (const ended of await Promise.allSettled([fixing, noted]))
      if (ended.status === 'rejected') throw ended.reason;
  };
  return { done: done(), followed: behind?.followed ?? Promise.resolve(false) };
}

/** Runs an action; in check mode only one that changes nothing. */
export async function act(
  task: Task,
  // biome-ignore lint/suspicious/noExplicitAny: see AnyState
  module: ActionModule<any>,
  item: PreparedItem,
  around: Around,
): Promise<Outcome> {
  const { host, context, want } = item;
  if (!host || !context) throw new Error('bug: an action without a host');
  const settled = (await item.answer) as string | ActionResult | undefined;
  if (typeof settled === 'string')
    return { status: 'ok', message: settled, result: { changed: false, failed: false, msg: settled } };
  if (settled !== undefined) return answered(settled);
  if (context.check) {
    if (module.waits && around.unsure) throw new NotYet('it waits for what the changes above bring about');
    if (module.effect === 'changes') return wouldRun(task, module.unrun?.(want) ?? { skipped: true });
  }
  let noted: Promise<unknown> | undefined;
  if (module.effect === 'changes') {
    around.begin();
    await around.guard(item, []);
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
    status:
      failed !== undefined ? 'failed' : values?.skipped === true ? 'skipped' : changed ? 'changed' : 'ok',
    ...(changes ? { changes } : {}),
    ...(failed !== undefined ? { message: failed } : skipped ? { message: skipped } : {}),
    result: {
      changed,
      failed: failed !== undefined,
      ...(failed === undefined ? {} : { msg: failed }),
      ...withLines(values ?? {}),
    },
  };
}

function wouldRun(task: Task, values: Record<string, unknown>): Outcome {
  const never = task.changedWhen?.length === 1 && /^(false|no)$/i.test(task.changedWhen[0]?.text ?? '');
  return never
    ? {
        status: 'skipped',
        message: 'not run in check mode',
        unrun: true,
        result: { ...values, changed: false, skipped: true },
      }
    : { status: 'changed', message: 'would run', result: { changed: true, failed: false, ...values } };
}
