import type { Block, Frame, Role, Task } from '../playbook/contract.ts';
import type { ScopeLayer } from '../template/scope.ts';

/** A task's place in the list that hosts go through. */
export interface Entry {
  readonly task: Task;
  /** As the task's, with blocks of their own for each time that an include brings them in. */
  readonly frames: readonly Frame[];
  /** The hosts that an include brings it to; absent: all of the play. */
  readonly hosts?: ReadonlySet<string>;
  /** Loop variables of the includes around it, outermost first. */
  readonly loops: readonly ScopeLayer[];
  /** The roles that included its role, innermost first. */
  readonly parents: readonly Role[];
}

export function entryOf(task: Task): Entry {
  return { task, frames: task.frames ?? [], loops: [], parents: [] };
}

/** What an include brings in, as entries of their own. */
export function includedEntries(
  tasks: readonly Task[],
  include: Entry,
  hosts: ReadonlySet<string>,
  loop: ScopeLayer | undefined,
): Entry[] {
  const around = include.task.frames ?? [];
  const fresh = new Map<Block, Block>();
  const own = (block: Block): Block => {
    let copy = fresh.get(block);
    if (!copy) {
      copy = { ...block };
      fresh.set(block, copy);
    }
    return copy;
  };
  const framesOf = ({ frames = [] }: Task): Frame[] => {
    const inherits = around.every((frame, depth) => frames[depth]?.block === frame.block);
    const inner = inherits ? frames.slice(around.length) : frames;
    return [...include.frames, ...inner.map(({ block, part }) => ({ block: own(block), part }))];
  };
  const from = include.task.role;
  const ofRole = include.task.module === 'include_role' && from ? [from, ...include.parents] : undefined;
  return tasks.map((task) => ({
    task,
    frames: framesOf(task),
    hosts,
    loops: loop ? [...include.loops, loop] : include.loops,
    parents: ofRole ?? include.parents,
  }));
}

/** The list of tasks that hosts go through; includes put theirs in behind themselves. */
export class Program {
  readonly #entries: Entry[] = [];
  readonly #parts = { rescue: new Set<Block>(), always: new Set<Block>() };

  constructor(entries: readonly Entry[]) {
    this.insert(0, entries);
  }

  get length(): number {
    return this.#entries.length;
  }

  at(index: number): Entry | undefined {
    return this.#entries[index];
  }

  /** The entries behind an index that are left, it included. */
  from(index: number): readonly Entry[] {
    return this.#entries.slice(index);
  }

  insert(index: number, entries: readonly Entry[]): void {
    this.#entries.splice(index, 0, ...entries);
    for (const { frames } of entries)
      for (const { block, part } of frames) if (part !== 'block') this.#parts[part].add(block);
  }

  has(block: Block, part: 'rescue' | 'always'): boolean {
    return this.#parts[part].has(block);
  }
}
