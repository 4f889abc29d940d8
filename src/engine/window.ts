import { beforeTurn } from '../template/turn.ts';
import type { TaskEnd } from './ends.ts';
import { forgetFound } from './files.ts';
import type { HostPlay, PlayAround } from './host-play.ts';
import { factNames } from './parameters.ts';
import { isReady, type Prepared, prepareTask } from './prepare.ts';
import type { Entry, Program } from './program.ts';

const firstWindow = 128;
const largestWindow = 512;
const nothing: ReadonlySet<string> = new Set();

/**
 * A host's look ahead: reads run ahead in a window of tasks whose arguments are known already; what is read is used
 * only when nothing was written since, so results are those of one task after the other.
 */
export class Window {
  readonly #host: HostPlay;
  readonly #program: Program;
  readonly #around: PlayAround;
  readonly #prepared = new Map<Entry, Prepared>();
  readonly #largest: number;
  #size: number;
  /** Tasks whose changes did not go alone. */
  readonly #traveled = new Set<Entry>();

  constructor(host: HostPlay, program: Program, around: PlayAround) {
    this.#host = host;
    this.#program = program;
    this.#around = around;
    this.#largest = around.window ?? largestWindow;
    this.#size = Math.min(firstWindow, this.#largest);
  }

  /** The task prepared, with those behind it when it was not; undefined when it has to be in its own turn. */
  take(index: number, entry: Entry): Prepared | undefined {
    const known = this.#prepared.get(entry);
    if (!known || !isReady(this.#around.fleet, known)) {
      this.#prepared.delete(entry);
      this.#prepare(entry, nothing);
      if (this.prefetch(index)) this.#around.saw(this.#host.name);
    }
    const ready = this.#prepared.get(entry);
    this.#prepared.delete(entry);
    return ready;
  }

  /** It shrinks after changes that went alone and grows while nothing differs. */
  adapt(entry: Entry, end: TaskEnd): void {
    if (end.status !== 'changed') this.#size = Math.min(this.#largest, this.#size + 4);
    else if (!this.#traveled.has(entry)) this.#size = Math.min(this.#largest, Math.max(4, this.#size >> 3));
    this.#traveled.delete(entry);
  }

  /** No task is looked at before its turn. */
  get isOff(): boolean {
    return this.#largest <= 1;
  }

  /** What is prepared of the tasks behind an index, up to the first that is not or that others than tasks decide on. */
  *behind(index: number): Generator<[Entry, Prepared]> {
    for (const entry of this.#program.from(index)) {
      const { task, hosts, frames } = entry;
      const elsewhere = hosts && hosts.size > 0 && !hosts.has(this.#host.name);
      if (elsewhere || !this.#host.course.foresees(frames)) {
        if (this.#around.isShared) return;
        continue;
      }
      const prepared = task.include === undefined ? this.#prepared.get(entry) : undefined;
      if (!prepared) return;
      yield [entry, prepared];
    }
  }

  /** Changes travel behind this one: there is reason to look as far ahead again. */
  leads(entry: Entry): void {
    this.#traveled.add(entry);
    this.#size = Math.min(this.#largest, Math.max(16, this.#size * 2));
  }

  /** Whether a task was to be done before its turn. */
  hasAhead(entry: Entry): boolean {
    return this.#prepared.get(entry)?.items.some((item) => item?.ahead) === true;
  }

  /** Whether a task that was to be done before its turn was; if not, nor was any behind it. */
  async landed(entry: Entry): Promise<boolean> {
    const known = this.#prepared.get(entry);
    const ahead = known?.items.find((item) => item?.ahead)?.ahead;
    if (!ahead) return false;
    if ((await ahead.made) !== false) {
      this.#traveled.add(entry);
      return true;
    }
    for (const [other, { items }] of this.#prepared)
      if (items.some((item) => item?.ahead)) this.#prepared.delete(other);
    return false;
  }

  /** Whether a change of the task was sent before its turn, and the connection was lost before it was known to be made. */
  async isUnknown(entry: Entry): Promise<boolean> {
    const sent = (this.#prepared.get(entry)?.items ?? []).flatMap((item) => item?.ahead ?? []);
    for (const { made, fixing } of sent) if (fixing && (await made) === undefined) return true;
    return false;
  }

  /** What was done already stays so. */
  clear(): void {
    forgetFound();
    for (const [entry, { items }] of this.#prepared) {
      if (!items.some((item) => item?.ahead)) this.#prepared.delete(entry);
      for (const [index, item] of items.entries()) if (!item?.ahead) items[index] = undefined;
    }
  }

  /**
   * Prepares the tasks of the window, as far as their arguments can be known now.
   * @param underWay a task before them that has not ended yet
   * @param expected variables that earlier plays are yet to set
   * @returns whether it saw the end of the play
   */
  prefetch(from: number, underWay?: Entry, expected: ReadonlySet<string> = nothing): boolean {
    let pending = expected;
    const add = (names: readonly string[]): void => {
      if (names.some((name) => !pending.has(name))) pending = new Set([...pending, ...names]);
    };
    if (underWay?.task.register) add([underWay.task.register]);
    if (underWay && setsUnforeseen(underWay)) return false;
    let room = this.#size;
    const sight = { isOpen: true };
    for (const entry of this.#ahead(this.#program.from(from), () => pending, sight)) {
      if (room-- <= 0) return false;
      const { task } = entry;
      if (task.module === 'meta') {
        if (endsSight(entry)) return false;
        continue;
      }
      const ready = beforeTurn(() => this.#prepare(entry, pending));
      if (ready?.items.some((item) => item?.ahead)) room += 1;
      if (task.register) add([task.register]);
      if (task.module === 'set_fact') add(factNames(task) ?? []);
      if (setsUnforeseen(entry)) return false;
      const isNext = room === this.#size - 1;
      if (!isNext && ready && surelyRuns(ready)) return false;
    }
    return sight.isOpen;
  }

  #prepare(entry: Entry, pending: ReadonlySet<string>): Prepared | undefined {
    const known = this.#prepared.get(entry);
    if (known && isReady(this.#around.fleet, known)) return known;
    this.#prepared.delete(entry);
    if (!this.#around.participates(entry, this.#host.name)) return undefined;
    try {
      const scopeOf = (own: ReadonlySet<string>) =>
        this.#host.scope(entry, own.size === 0 ? pending : new Set([...pending, ...own]));
      const asked = this.#around.presenceAsked();
      const ready = prepareTask(this.#around, entry, scopeOf, this.#host.name);
      ready.isShared = this.#around.isShared && this.#around.presenceAsked() !== asked;
      this.#prepared.set(entry, ready);
      return ready;
    } catch {
      // Not known yet, or wrong: its own turn will tell.
      return undefined;
    }
  }

  /** What comes next, as far as includes can be looked through; there sight ends. */
  *#ahead(
    entries: readonly Entry[],
    pending: () => ReadonlySet<string>,
    sight: { isOpen: boolean },
  ): Generator<Entry> {
    for (const entry of entries) {
      if (entry.hosts && entry.hosts.size > 0 && !entry.hosts.has(this.#host.name)) continue;
      if (!this.#host.course.foresees(entry.frames)) continue;
      if (entry.task.include === undefined) {
        yield entry;
        continue;
      }
      const brought = beforeTurn(() => this.#around.foresee(entry, this.#host.name, pending()));
      if (brought === undefined) {
        sight.isOpen = false;
        return;
      }
      yield* this.#ahead(brought, pending, sight);
      if (!sight.isOpen) return;
    }
  }
}

/** It sets variables whose names cannot be told before it has run: those of tasks after it are not known yet. */
function setsUnforeseen({ task }: Entry): boolean {
  return (
    ['setup', 'include_vars', 'package_facts', 'service_facts', 'getent', 'add_host', 'group_by'].includes(
      task.module,
    ) ||
    (task.module === 'set_fact' && factNames(task) === undefined)
  );
}

/** Handlers run there, or the way ends. */
function endsSight({ task }: Entry): boolean {
  return !['noop', 'flush_handlers'].includes(String(task.args._raw_params));
}

/** An action that will run and change the host makes everything read ahead of it stale. */
function surelyRuns({ module, items }: Prepared): boolean {
  if (module.kind !== 'action' || module.effect !== 'changes' || module.settled) return false;
  return items.some((item) => item?.skipped === undefined);
}
