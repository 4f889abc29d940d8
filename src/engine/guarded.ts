import { TaskFailure } from '../errors.ts';
import type { Fleet, Identity, Way } from '../host/fleet.ts';
import type { Change, Module } from '../modules/contract.ts';
import type { Scope } from '../template/scope.ts';
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

  of(name: string, identity: Identity, way: Way): Guard {
    const key = JSON.stringify([name, identity, way]);
    let guard = this.#guards.get(key);
    if (!guard) {
      guard = new Guard(this.#fleet, name, identity, way);
      this.#guards.set(key, guard);
    }
    return guard;
  }
}

/** How guarded changes ended; `why` when they are not there any more. */
interface Concluded {
  readonly entry: Entry;
  readonly why?: string;
}

/** What a host's tasks have changed that may keep its operator out, until it is confirmed. */
export class Guarded {
  readonly #fleet: Fleet;
  readonly #guards: Guards;
  readonly #host: string;
  readonly #held = new Set<Guard>();
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
    const name = delegate ?? this.#host;
    const way = wayOf(this.#fleet, entry.task, scope, name, delegate);
    if (way.connection === 'local') return;
    const identity = identityOf(entry.task, scope, delegate);
    const root = identity !== 'login' && identity.user === 'root' ? identity : { user: 'root' };
    const guard = this.#guards.of(name, root, way);
    const title = titleOf(entry.task, scope);
    await guard.arm(this, { ways, title, timeout: timeoutOf(scope), warn: around.warn });
    this.#held.add(guard);
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
    say: (line: string) => void,
  ): Promise<Concluded | undefined> {
    const entry = this.#last;
    if (this.#held.size === 0 || !entry) return undefined;
    const isFailed = end !== undefined && isStopped(end);
    const isPending = [...this.#handlers].some((handler) => due.has(handler));
    if (isPending && end && !isFailed) return undefined;
    const wanted = isFailed || isPending ? 'undo' : 'confirm';
    const held = [...this.#held];
    this.#held.clear();
    this.#handlers = new Set();
    const ends = await Promise.all(held.map((guard) => guard.finish(this, wanted, say)));
    const undone = ends.flatMap((each) => (each.kind === 'undone' ? each.why : []));
    return { entry, ...(undone.length > 0 && { why: undone.join('\n') }) };
  }
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
