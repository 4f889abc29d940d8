import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '../playbook/contract.ts';
import { NotKnownYet, type Scope } from '../template/scope.ts';
import { holds, numberOf } from './conditions.ts';
import { isLost, type Round, type TaskEnd } from './ends.ts';
import { executeItem } from './execute.ts';
import type { HostPlay, PlayAround } from './host-play.ts';
import { judged } from './judge.ts';
import { labelOf, roundScope, roundValues } from './loops.ts';
import type { Outcome } from './outcome.ts';
import type { Around } from './perform.ts';
import {
  askItem,
  isFresh,
  type Prepared,
  type PreparedItem,
  prepareItem,
  prepareLater,
  prepareTask,
} from './prepare.ts';
import type { Entry } from './program.ts';
import { titleOf } from './telling.ts';

/**
 * Runs a task on a host, round after round.
 * @param ready what was prepared ahead
 * @param sent called in the tick in which a fix has been sent
 */
export async function runTask(
  host: HostPlay,
  around: PlayAround,
  entry: Entry,
  ready: Prepared | undefined,
  sent: () => void,
  handler = false,
): Promise<TaskEnd> {
  const { task } = entry;
  const began = performance.now();
  let prepared = ready;
  try {
    prepared ??= prepareTask(around, entry, (pending) => host.scope(entry, pending), host.name);
  } catch (error) {
    return host.fails(entry, error, began, handler);
  }
  const { module, rounds: going } = prepared;
  const base = host.scope(entry);
  const title = titleOf(task, base);
  if (going.values.length === 0) {
    const outcome: Outcome = { status: 'skipped', message: 'nothing to loop over', result: {} };
    host.tell(entry, outcome, base, { began, handler, title });
    return host.concluded(entry, [], true);
  }
  warnOfLoopVariable(host, around, entry, base, going.looped);
  const pause = going.looped ? (numberOf(task.loopControl.pause, base) ?? 0) : 0;
  const noted: string[] = [];
  const rounds: Round[] = [];
  let seen: Record<string, unknown> = {};
  for (const [index] of going.values.entries()) {
    const start = index === 0 ? began : performance.now();
    if (index > 0 && pause > 0) {
      await sleep(pause * 1000);
      around.fleet.renewAll();
      prepared.items[index] = undefined;
    }
    const scope = index === 0 ? base : base.with(seen, 'register');
    const own = roundScope(task, scope, going, index);
    if (prepared.items[index]?.ahead) await landed(host, around, entry, prepared, index);
    let item = prepared.items[index];
    let outcome: Outcome;
    try {
      if (item?.ahead) {
        host.handlers.took(item.ahead.noted);
        noted.push(...item.ahead.noted);
      }
      item ??= prepareItem(around, entry, module, scope, going, index, host.name);
      // What was prepared ahead saw what was known then.
      item = { ...item, scope: own };
      const execute = (one: PreparedItem): Promise<Outcome> => {
        const under = { entry, prepared, index, handler };
        return executeItem(around, task, one, aroundItem(host, around, under, title, one, sent, noted));
      };
      try {
        outcome = await execute(item);
      } catch (error) {
        // Its file, say, uses what an earlier round registered.
        if (!(error instanceof NotKnownYet)) throw error;
        item = prepareItem(around, entry, module, scope, going, index, host.name);
        item = { ...item, scope: own };
        outcome = await execute(item);
      }
      outcome = joined(around, entry, item, outcome);
    } catch (error) {
      outcome = host.failureOf(error);
    }
    const values = going.looped ? roundValues(task, own, going.values, index) : {};
    const round = { ...host.roundOf(entry, outcome, own, item), values };
    rounds.push(round);
    host.tell(entry, outcome, own, {
      began: start,
      handler,
      title,
      item: going.looped ? (item?.label ?? labelFor(task, own)) : undefined,
    });
    if (outcome.status === 'interrupted' || (isLost(outcome) && !round.ignored)) break;
    seen = { ...seen, ...outcome.variables, ...(task.register ? { [task.register]: outcome.result } : {}) };
    if (going.looped && breaks(entry, own.with(seen, 'register'))) break;
  }
  const end = host.concluded(entry, rounds, going.looped);
  if (end.status === 'ok' && noted.length > 0) await host.handlers.unnote(noted);
  return end;
}

/** The round of a task that is under way. */
interface Under {
  readonly entry: Entry;
  readonly prepared: Prepared;
  readonly index: number;
  readonly handler: boolean;
}

/** Rounds that were to travel behind others and did not come to pass are prepared anew, and those behind them. */
async function landed(
  host: HostPlay,
  around: PlayAround,
  entry: Entry,
  prepared: Prepared,
  index: number,
): Promise<void> {
  const ahead = prepared.items[index]?.ahead;
  if (!ahead || (await ahead.made) !== false) return;
  const scopeOf = (pending: ReadonlySet<string>) => host.scope(entry, pending);
  prepared.items[index] = undefined;
  prepareLater(around, entry, prepared, index + 1, scopeOf, host.name);
}

/** A change makes what was read for the rounds behind it stale: the next ones are asked again in the same tick. */
function askNext(around: PlayAround, { module, items }: Prepared, from: number): void {
  if (module.kind !== 'state') return;
  for (const item of items.slice(from, from + roundsAhead))
    if (item?.host && !isFresh(around.fleet, module, item)) void askItem(around.fleet, module, item);
}

const roundsAhead = 4;

function aroundItem(
  host: HostPlay,
  around: PlayAround,
  { entry, prepared, index, handler }: Under,
  title: string,
  item: PreparedItem,
  sent: () => void,
  noted: string[],
): Around {
  const { task } = entry;
  const { module } = prepared;
  return {
    unsure: around.check && host.variables.unsure,
    sent: () => {
      askNext(around, prepared, index + 1);
      sent();
    },
    behind: (head, changes, before) =>
      module.kind === 'state' && !handler
        ? host.following(entry, { module, item: head, changes, before }, prepared, index)
        : undefined,
    begin: () => around.emit({ event: 'begin', host: host.name, task: title, module: task.module }),
    guard: (guarded, changes) =>
      host.guarded.before(entry, module, guarded, changes, {
        handlers: item.notify.flatMap((name) => around.handlers(name)),
        warn: (message) => around.warn(host.name, message),
      }),
    beforeChange: () =>
      host.handlers.note(
        item.notify.flatMap((name) => around.handlers(name)),
        (keys) => noted.push(...keys),
      ),
    again: (attempt, retries) =>
      around.say(host.name, `${title}: attempt ${attempt} failed, ${retries - attempt + 1} left`),
  };
}

/** A host that joined makes the task changed when that is news; what judges it does so again. */
function joined(around: PlayAround, entry: Entry, item: PreparedItem, outcome: Outcome): Outcome {
  if (!outcome.joins || outcome.status === 'failed') return outcome;
  const changed = around.grow(entry, outcome.joins);
  const grown: Outcome = {
    ...outcome,
    status: changed ? 'changed' : 'ok',
    result: { ...outcome.result, changed },
  };
  return judged(entry.task, item, grown);
}

function breaks({ task }: Entry, scope: Scope): boolean {
  const { breakWhen = [] } = task.loopControl;
  return breakWhen.length > 0 && holds(breakWhen, scope);
}

function warnOfLoopVariable(
  host: HostPlay,
  around: PlayAround,
  { task }: Entry,
  scope: Scope,
  looped: boolean,
): void {
  const { loopVar } = task.loopControl;
  if (!looped || !scope.has(loopVar)) return;
  around.warn(
    host.name,
    `the loop variable ${loopVar} is already in use; give another one in loop_control: loop_var`,
  );
}

/** Of an item that could not be prepared: it has its label all the same, if that can be told. */
function labelFor(task: Task, scope: Scope): string {
  try {
    return labelOf(task, scope);
  } catch {
    return '';
  }
}
