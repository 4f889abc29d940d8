import { TaskFailure } from '../errors.ts';
import type { Fleet } from '../host/fleet.ts';
import type { Change, Module } from '../modules/contract.ts';
import type { Scope } from '../template/scope.ts';
import { numberOf } from './conditions.ts';
import { dangers } from './dangers.ts';
import { isStopped, type TaskEnd } from './ends.ts';
import { Guard } from './guard.ts';
import { identityOf, wayOf } from './identity.ts';
import type { PreparedItem } from './prepare.ts';
import type { Entry } from './program.ts';
import { titleOf } from './telling.ts';

/** Seconds that an unconfirmed change stays at most, where `confirm_timeout` does not say it. */
const usualTimeout = 60;

/** The guards of a run's hosts. */
export class Guards {
  readonly #fleet: Fleet;
  readonly #guards = new Map<string, Guard>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** One of each host, however it is reached: it saves its former state once. */
  of(name: string): Guard {
    const guard = this.#guards.get(name) ?? new Guard(this.#fleet, name);
    this.#guards.set(name, guard);
    return guard;
  }
}

/** How guarded changes ended; `why` when they were not confirmed, with what to do next. */
interface Concluded {
  readonly entry: Entry;
  readonly why?: string;
  readonly hint: string;
}

/** What a host's tasks have changed that may keep its operator out, until it is confirmed. */
export class Guarded {
  readonly #fleet: Fleet;
  readonly #guards: Guards;
  readonly #host: string;
  readonly #held = new Set<Guard>();
  /** Of the changes under way. */
  #changing: Guard[] = [];
  /** Handlers that bring the changes into force. */
  #handlers = new Set<Entry>();
  #last: Entry | undefined;

  constructor(fleet: Fleet, guards: Guards, host: string) {
    this.#fleet = fleet;
    this.#guards = guards;
    this.#host = host;
  }

  /** Whether a change may keep the operator out: it is guarded, and travels with no other. */
  arms(module: Module, item: PreparedItem, changes: readonly Change[]): boolean {
    return this.#ways(module, item, changes).length > 0;
  }

  #ways(module: Module, { want, scope, delegate, context }: PreparedItem, changes: readonly Change[]) {
    if (context?.check) return [];
    const { user, connection } = this.#fleet.settings(delegate ?? this.#host);
    return connection === 'local' ? [] : dangers(module, want, changes, scope, user);
  }

  /**
   * Before a change is made: one that may keep the operator out is guarded.
   * @param handlers what it notifies
   * @throws TaskFailure when that is not possible; then nothing was changed
   */
  async before(
    entry: Entry,
    module: Module,
    item: PreparedItem,
    changes: readonly Change[],
    around: { handlers: readonly Entry[]; warn(message: string): void },
  ): Promise<void> {
    if (entry.task.module === 'reboot')
      await Promise.all([...this.#held].map((guard) => guard.expectRestart()));
    const ways = this.#ways(module, item, changes);
    if (ways.length === 0) return;
    const { scope, delegate } = item;
    if (isLeftAlone(entry, scope))
      throw new TaskFailure(
        'nothing was changed: it can keep you out, and with poll: 0 nobody waits for its end to confirm it',
        'A poll above 0 has it guarded. confirm_access: false makes it unguarded.',
      );
    const name = delegate ?? this.#host;
    const way = wayOf(this.#fleet, entry.task, scope, name, delegate);
    if (way.connection === 'local') return;
    const identity = identityOf(entry.task, scope, delegate);
    const root = identity !== 'login' && identity.user === 'root' ? identity : { user: 'root' };
    const guard = this.#guards.of(name);
    const title = titleOf(entry.task, scope);
    await guard.arm(this, {
      ...{ identity: root, way, ways, title },
      timeout: timeoutOf(scope),
      warn: around.warn,
    });
    this.#held.add(guard);
    this.#changing.push(guard);
    for (const handler of around.handlers) this.#handlers.add(handler);
    this.#last = entry;
  }

  /** Nobody waits any more: the hosts act by themselves. Seconds until then; undefined when nothing is guarded. */
  abandon(): number | undefined {
    const seconds = [...this.#held].map((guard) => guard.abandon());
    this.#held.clear();
    return seconds.length === 0 ? undefined : Math.max(...seconds);
  }

  /**
   * Confirms what was changed, or has it put back, once all that belongs to it has come to its end; undefined before, and
   * when there is nothing.
   * @param due handlers that are yet to run
   * @param end how the task or handler ended; none: the host is through, and no handler runs any more
   */
  async conclude(
    due: ReadonlySet<Entry>,
    end: TaskEnd | undefined,
    waiting: Parameters<Guard['finish']>[2],
  ): Promise<Concluded | undefined> {
    // What is not known to have ended may still run there.
    if (end?.status !== 'unknown') for (const guard of this.#changing) guard.ended();
    this.#changing = [];
    const entry = this.#last;
    if (this.#held.size === 0 || !entry) return undefined;
    const isFailed = end !== undefined && isStopped(end);
    const isPending = [...this.#handlers].some((handler) => due.has(handler));
    if (isPending && end && !isFailed) return undefined;
    const wanted = isFailed || isPending ? 'undo' : 'confirm';
    const held = [...this.#held];
    this.#held.clear();
    this.#handlers = new Set();
    const ends = await Promise.all(held.map((guard) => guard.finish(this, wanted, waiting)));
    const undone = ends.flatMap((each) => ('why' in each ? each.why : []));
    const hint = ends.some(({ kind }) => kind === 'unknown') ? look : mend;
    return { entry, hint, ...(undone.length > 0 && { why: undone.join('\n') }) };
  }
}

const mend = 'The host is as it was before. Mend the change, and run again.';
const look = 'Run again once the host answers: what it has put back is then made anew, what is there stays.';

/** Begun in the background, and nobody waits for it. */
function isLeftAlone({ task }: Entry, scope: Scope): boolean {
  return (numberOf(task.async, scope) ?? 0) > 0 && numberOf(task.poll, scope) === 0;
}

/** @throws TaskFailure for what is no number of seconds */
function timeoutOf(scope: Scope): number {
  const said = scope.has('confirm_timeout') ? scope.get('confirm_timeout') : usualTimeout;
  const seconds = Number(said);
  if (Number.isInteger(seconds) && seconds >= 2 && seconds <= 3600) return seconds;
  throw new TaskFailure(
    `confirm_timeout is ${JSON.stringify(said)}, not a whole number of seconds from 2 to 3600`,
    'It is how long a change that may keep you out stays when no new connection confirms it.',
  );
}
