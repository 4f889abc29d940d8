/**
 * How many log in at the same time. sshd turns connections away at random while more than ten are under way there
 * (MaxStartups 10:30:100 of sshd_config(5)), and many names may lead to one sshd, so that a refusal halves the number
 * and each login that succeeds raises it again a little.
 */
export class Door {
  #limit = Number.POSITIVE_INFINITY;
  #inside = 0;
  readonly #queue: (() => void)[] = [];

  /** Does the work when there is room. `wasTurnedAway` says of its result whether it was a refusal of that kind. */
  async through<T>(work: () => Promise<T>, wasTurnedAway: (result: T) => boolean): Promise<T> {
    while (this.#inside >= Math.floor(this.#limit))
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#inside += 1;
    try {
      const result = await work();
      if (wasTurnedAway(result)) this.#limit = Math.max(least, Math.min(this.#limit, this.#inside) / 2);
      else this.#limit += 0.2;
      return result;
    } finally {
      this.#inside -= 1;
      for (let room = Math.floor(this.#limit) - this.#inside; room > 0 && this.#queue.length > 0; room--)
        this.#queue.shift()?.();
    }
  }
}

/** Below what sshd lets in without refusing any, since it counts a login a little longer than we do. */
const least = 6;
