import { setTimeout as sleep } from 'node:timers/promises';

/** How an attempt to log in ended. */
export interface Attempt<T> {
  /** Throws what kept us out. */
  outcome(): T;
  /** The server closed the connection before it said who it is, and so before anything was said to it. */
  readonly wasTurnedAway: boolean;
}

/**
 * How many log in at the same time. sshd turns connections away at random while more than ten are under way there
 * (MaxStartups 10:30:100 of sshd_config(5)), and many names may lead to one sshd, so that a refusal halves the number
 * and each login that succeeds raises it again a little.
 */
export class Door {
  #limit = Number.POSITIVE_INFINITY;
  #inside = 0;
  readonly #queue: (() => void)[] = [];

  /** Attempts it as soon as there is room, and again after refusals, until these have taken so many seconds. */
  async admit<T>(seconds: number, attempt: () => Promise<Attempt<T>>): Promise<T> {
    let left = seconds * 1000;
    for (let tries = 1; ; tries++) {
      const pause = Math.min(tries, 5) * (100 + Math.random() * 200);
      const { result, took } = await this.#through(attempt);
      left -= took + pause;
      if (!result.wasTurnedAway || left < 0) return result.outcome();
      await sleep(pause);
    }
  }

  async #through<T>(attempt: () => Promise<Attempt<T>>): Promise<{ result: Attempt<T>; took: number }> {
    while (this.#inside >= Math.floor(this.#limit))
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#inside += 1;
    try {
      const began = performance.now();
      const result = await attempt();
      if (result.wasTurnedAway) this.#limit = Math.max(least, Math.min(this.#limit, this.#inside) / 2);
      else this.#limit += 0.2;
      return { result, took: performance.now() - began };
    } finally {
      this.#inside -= 1;
      for (let room = Math.floor(this.#limit) - this.#inside; room > 0 && this.#queue.length > 0; room--)
        this.#queue.shift()?.();
    }
  }
}

/** Below what sshd lets in without refusing any, since it counts a login a little longer than we do. */
const least = 6;

/** Of this process's logins by ways of its own. */
export const door = new Door();
