import type { Inventory } from '../inventory/contract.ts';
import type { Play, Task } from '../playbook/contract.ts';
import { beforeTurn } from '../template/turn.ts';
import type { Batch } from './batch.ts';
import type { RunEvent } from './events.ts';
import { factNames } from './parameters.ts';
import type { Run } from './run.ts';

/** A batch of a play that is yet to come. */
export interface Later {
  readonly play: Play;
  readonly names: readonly string[];
  make(run: Run): Batch;
}

/** One that was begun ahead: its hosts have looked at what its tasks will ask. */
interface Held {
  readonly later: Later;
  readonly batch: Batch;
  /** What it told, which waits for its turn. */
  readonly told: RunEvent[];
  /** Variables that were yet to be set when it looked. */
  readonly expected: ReadonlySet<string>;
  readonly epoch: number;
  readonly inventory: Inventory;
  isDue: boolean;
}

/** More tasks, each counted on each of its hosts, are not looked at before their play. */
const mostTasks = 2048;

/**
 * What comes behind the batch under way, looked at while nothing has changed. It is used only if that stayed so up to
 * its turn: no task changed or failed, nothing was written on any host, no variable was set that it did not expect.
 */
export class Coming {
  readonly #run: Run;
  #held: readonly Held[] = [];
  #current: Batch | undefined;
  #behind: () => Iterable<Later> = () => [];
  #looking: Promise<void> = Promise.resolve();
  #hasLooked = false;
  #isOver = false;

  constructor(run: Run) {
    this.#run = run;
  }

  /** @param behind what comes after the batch */
  enter(batch: Batch, behind: () => Iterable<Later>): void {
    this.#current = batch;
    this.#behind = behind;
    this.#hasLooked = false;
  }

  /** Hosts of a batch have looked at all that is left of it: once all of them have, what comes behind is looked at. */
  saw(batch: Batch): void {
    if (batch !== this.#current || this.#hasLooked || this.#isOver || !batch.isSeen) return;
    this.#hasLooked = true;
    void this.look(batch, this.#behind());
  }

  /** Begins what comes behind a batch and asks what its tasks will ask, as far as that can be known. */
  look(from: Batch, behind: Iterable<Later>): Promise<void> {
    // What goes wrong here will be told in its turn.
    this.#looking = this.#looking.then(() => this.#look(from, behind)).catch(() => {});
    return this.#looking;
  }

  async #look(from: Batch, behind: Iterable<Later>): Promise<void> {
    if (this.#run.window !== undefined && this.#run.window <= 1) return;
    const expected = new Set(namesSetBy(from.play));
    let tasks = 0;
    let [play, isSeen] = [from.play, true];
    for (const later of behind) {
      if (this.#isOver || this.#current !== from) return;
      if (later.play !== play && !isSeen) return;
      tasks += later.play.tasks.length * later.names.length;
      if (tasks > mostTasks) return;
      const held = this.#find(later) ?? (await this.#begin(later, from, new Set(expected)));
      if (!held) return;
      const { batch } = held;
      batch.lookAhead(held.expected, from);
      isSeen = batch.isSeen && (isSeen || later.play !== play);
      play = later.play;
      for (const name of namesSetBy(play)) expected.add(name);
    }
  }

  /** The batch as it was begun ahead, if all that it has seen still holds. */
  take(play: Play, names: readonly string[]): Batch | undefined {
    const held = this.#find({ play, names });
    if (!held) return undefined;
    const { fleet, variables } = this.#run;
    if (held.epoch !== fleet.epoch || held.inventory !== variables.inventory || !held.batch.isWhole) {
      this.forget();
      return undefined;
    }
    this.#held = this.#held.slice(this.#held.indexOf(held) + 1);
    held.isDue = true;
    for (const event of held.told) this.#run.emit(event);
    return held.batch;
  }

  /** Variables were set. */
  learned(names: readonly string[]): void {
    if (this.#held.some(({ expected }) => names.some((name) => !expected.has(name)))) this.forget();
  }

  /** What was prepared may have become another. */
  forget(): void {
    this.#held = [];
  }

  /** Something changed or failed: from here on each play is looked at in its turn. */
  end(): void {
    this.#isOver = true;
    this.forget();
  }

  #find({ play, names }: Pick<Later, 'play' | 'names'>): Held | undefined {
    return this.#held.find(({ later }) => later.play === play && isSame(later.names, names));
  }

  /** Undefined when something is being written, or the run has gone on or changed something meanwhile. */
  async #begin(later: Later, from: Batch, expected: ReadonlySet<string>): Promise<Held | undefined> {
    const run = this.#run;
    if (run.fleet.isWriting) return undefined;
    const told: RunEvent[] = [];
    const emit = (event: RunEvent): void => void (held.isDue ? run.emit(event) : told.push(event));
    const batch = beforeTurn(() => later.make(Object.assign(Object.create(run) as Run, { emit })));
    const held: Held = {
      ...{ later, batch, told, expected, isDue: false },
      ...{ epoch: run.fleet.epoch, inventory: run.variables.inventory },
    };
    await batch.begin();
    if (this.#isOver || this.#current !== from) return undefined;
    this.#held = [...this.#held, held];
    return held;
  }
}

/** The variables that a play's own tasks set by name. */
function namesSetBy(play: Play): readonly string[] {
  let names = set.get(play);
  if (!names) {
    names = [...play.tasks, ...play.handlers].flatMap(namesOf);
    set.set(play, names);
  }
  return names;
}

const set = new WeakMap<Play, readonly string[]>();

function namesOf(task: Task): readonly string[] {
  const own = task.module === 'set_fact' ? (factNames(task) ?? []) : [];
  return task.register === undefined ? own : [task.register, ...own];
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
