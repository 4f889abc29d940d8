import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/** Ages in milliseconds at which a new process is looked at: most execute another program at once, and end soon. */
const ages = [0, 1, 2, 4, 8, 16, 40, 100];
/** Milliseconds after which all that live are looked at once more. */
const round = 1000;

/** What has been seen, and how well was looked. */
export interface Watched {
  /** "NAME in environ of PROGRAM", with the number of processes. */
  readonly sightings: Readonly<Record<string, number>>;
  readonly processes: number;
  /** Milliseconds between two looks for new processes, on the average. */
  readonly interval: number;
}

/**
 * Looks for words in the arguments and the environment of every process of this machine, those in containers among
 * them. New ones are found by the number that the kernel gave last (proc(5), /proc/loadavg), a thousand times a second
 * where the machine is idle.
 */
export class Watcher {
  readonly #words: Readonly<Record<string, string>>;
  /** How all words begin. */
  readonly #beginning: string;
  readonly #sightings = new Map<string, Set<number>>();
  /** Processes that are looked at again, with the times of their first and next look. */
  readonly #young = new Map<number, { born: number; looks: number }>();
  readonly #buffer = Buffer.alloc(1 << 18);
  readonly #load = openSync('/proc/loadavg', 'r');
  readonly #began = performance.now();
  #last = this.#newest();
  #nextRound = 0;
  #passes = 0;
  #processes = 0;

  constructor(words: Readonly<Record<string, string>>, beginning: string) {
    this.#words = words;
    this.#beginning = beginning;
  }

  /** One look at what is new, and at what is due. */
  pass(): void {
    this.#passes++;
    const now = performance.now();
    const newest = this.#newest();
    // Numbers begin anew behind the highest one.
    for (let pid = newest < this.#last ? 1 : this.#last + 1; pid <= newest; pid++) {
      this.#young.set(pid, { born: now, looks: 0 });
      this.#processes++;
    }
    this.#last = newest;
    for (const [pid, known] of this.#young) {
      if (now - known.born < (ages[known.looks] ?? 0)) continue;
      known.looks++;
      if (!this.#look(pid) || known.looks === ages.length) this.#young.delete(pid);
    }
    if (now < this.#nextRound) return;
    this.#nextRound = now + round;
    for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) this.#look(Number(name));
  }

  watched(): Watched {
    return {
      sightings: Object.fromEntries([...this.#sightings].map(([what, pids]) => [what, pids.size])),
      processes: this.#processes,
      interval: (performance.now() - this.#began) / this.#passes,
    };
  }

  /** False for a process that has ended. */
  #look(pid: number): boolean {
    for (const part of ['cmdline', 'environ']) {
      const length = this.#read(`/proc/${pid}/${part}`);
      if (length === undefined) return false;
      const there = this.#buffer.subarray(0, length);
      if (!there.includes(this.#beginning)) continue;
      const program = this.#read(`/proc/${pid}/comm`, length) ?? 0;
      const comm = this.#buffer.toString('latin1', length, length + program).trim();
      for (const [name, word] of Object.entries(this.#words)) {
        if (!there.includes(word)) continue;
        const what = `${name} in ${part} of ${comm}`;
        this.#sightings.set(what, (this.#sightings.get(what) ?? new Set()).add(pid));
      }
    }
    return true;
  }

  /** How many bytes it has; undefined when it has ended. */
  #read(file: string, offset = 0): number | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(file, 'r');
      return readSync(descriptor, this.#buffer, offset, this.#buffer.length - offset, 0);
    } catch {
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** The number of the process that was made last. */
  #newest(): number {
    const length = readSync(this.#load, this.#buffer, 0, 128, 0);
    return Number(this.#buffer.toString('latin1', 0, length).trim().split(' ').at(-1));
  }
}
