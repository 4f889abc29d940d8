import type { Block, Frame } from '../playbook/contract.ts';

/** Whether a block has tasks in a part; after a selection by tags it may have none left. */
export type HasPart = (block: Block, part: 'rescue' | 'always') => boolean;

/**
 * Where a host stands in the blocks of a play: which are rescued, and which failure waits for an always to end.
 * Tasks stand in one list, a block's rescue behind its tasks and its always behind that.
 */
export class Course {
  #state: 'running' | 'failed' | 'ended' | 'unreachable' = 'running';
  readonly #rescuing = new Set<Block>();
  /** Blocks whose always runs before a failure goes on to what is around them, innermost last. */
  readonly #waiting: { readonly block: Block; readonly outer: readonly Frame[] }[] = [];
  readonly #has: HasPart;

  constructor(has: HasPart) {
    this.#has = has;
  }

  get state(): 'running' | 'failed' | 'ended' | 'unreachable' {
    return this.#state;
  }

  /** Whether the host takes part in a task that stands in these frames. To be asked in the order of the tasks. */
  takes(frames: readonly Frame[]): boolean {
    for (let waiting = this.#waiting.at(-1); waiting !== undefined; waiting = this.#waiting.at(-1)) {
      const { block, outer } = waiting;
      if (this.#state !== 'running' || frames.some((frame) => frame.block === block)) break;
      this.#waiting.pop();
      this.fail(outer);
    }
    return this.#state === 'running' && this.#stands(frames);
  }

  /** The same of a task further on, if nothing happens before. */
  foresees(frames: readonly Frame[]): boolean {
    const waiting = this.#waiting.at(-1);
    if (waiting && !frames.some((frame) => frame.block === waiting.block)) return false;
    return this.#state === 'running' && this.#stands(frames);
  }

  /** Whether a failure here counts as rescued. */
  isRescued(frames: readonly Frame[]): boolean {
    return frames.some(({ block, part }) => part === 'block' && this.#has(block, 'rescue'));
  }

  /** A task in these frames failed: the innermost block around it that can goes on with its rescue or always. */
  fail(frames: readonly Frame[]): void {
    for (let depth = frames.length - 1; depth >= 0; depth--) {
      const { block } = frames[depth] as Frame;
      const part = this.#partIn(frames[depth] as Frame);
      if (this.#waiting.at(-1)?.block === block) this.#waiting.pop();
      if (part === 'block' && this.#has(block, 'rescue')) {
        this.#rescuing.add(block);
        return;
      }
      if (part !== 'always' && this.#has(block, 'always')) {
        this.#waiting.push({ block, outer: frames.slice(0, depth) });
        return;
      }
    }
    this.#state = 'failed';
  }

  /** A failure waits for an always to end. */
  get isFailing(): boolean {
    return this.#waiting.length > 0;
  }

  /** The frames of a task elsewhere in which the host stands too. */
  common(frames: readonly Frame[]): readonly Frame[] {
    let depth = frames.length;
    while (depth > 0 && !this.foresees(frames.slice(0, depth))) depth -= 1;
    return frames.slice(0, depth);
  }

  /** No block helps any more. */
  abandon(): void {
    if (this.#state === 'running') this.#state = 'failed';
  }

  lose(): void {
    this.#state = 'unreachable';
  }

  /** `meta: end_host`: no further task; a failure that waited for an always stays one. */
  end(): void {
    if (this.#state === 'running') this.#state = this.#waiting.length > 0 ? 'failed' : 'ended';
  }

  /** `meta: clear_host_errors`: an unreachable host goes on where it was. */
  clear(): void {
    this.#waiting.length = 0;
    if (this.#state === 'unreachable') this.#state = 'running';
    else if (this.#state === 'failed') this.#state = 'ended';
  }

  /** Where in a block the host goes on: a failure may have taken it there already. */
  #partIn({ block, part }: Frame): Frame['part'] {
    if (this.#waiting.some((waiting) => waiting.block === block)) return 'always';
    return part === 'block' && this.#rescuing.has(block) ? 'rescue' : part;
  }

  #stands(frames: readonly Frame[]): boolean {
    return frames.every(({ block, part }) => {
      if (part === 'always') return true;
      if (this.#waiting.some((waiting) => waiting.block === block)) return false;
      return this.#rescuing.has(block) === (part === 'rescue');
    });
  }
}
