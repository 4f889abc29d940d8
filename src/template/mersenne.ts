import { createHash, randomInt } from 'node:crypto';
import { TaskFailure } from '../errors.ts';
import { isInt } from './numbers.ts';
import { typeName } from './python.ts';

/** What picks by chance: below `limit`, from 0. */
export type Chance = (limit: number) => number;

const length = 624;

/** Python's random.Random(seed): MT19937, so that a seed gives the numbers that it gives there. */
export function seeded(seed: unknown): Chance {
  const twister = new Twister(words(seed));
  return (limit) => {
    if (limit <= 0) throw new TaskFailure('empty range for random');
    const bits = limit.toString(2).length;
    let value = twister.bits(bits);
    while (value >= limit) value = twister.bits(bits);
    return value;
  };
}

/** By chance, or by a seed. */
export function chance(seed: unknown): Chance {
  if (seed !== undefined && seed !== null) return seeded(seed);
  return (limit) => {
    if (limit <= 0) throw new TaskFailure('empty range for random');
    return limit < 2 ** 48 ? randomInt(limit) : Math.floor(Math.random() * limit);
  };
}

/** Python's shuffle, on a copy. */
export function shuffled(values: readonly unknown[], pick: Chance): unknown[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = pick(index + 1);
    [result[index], result[other]] = [result[other], result[index]];
  }
  return result;
}

/** The seed as 32-bit words, the lowest first. */
function words(seed: unknown): number[] {
  let number: bigint;
  if (typeof seed === 'string') {
    const bytes = Buffer.from(seed, 'utf8');
    const digest = createHash('sha512').update(bytes).digest();
    number = BigInt(`0x${Buffer.concat([bytes, digest]).toString('hex')}`);
  } else if (isInt(seed)) number = BigInt(seed);
  else throw new TaskFailure(`a seed is a text or a whole number, not ${typeName(seed)}`);
  if (number < 0n) number = -number;
  const result: number[] = [];
  for (; number > 0n; number >>= 32n) result.push(Number(number & 0xffffffffn));
  return result.length > 0 ? result : [0];
}

class Twister {
  readonly #state = new Uint32Array(length);
  #index = length;

  constructor(key: readonly number[]) {
    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < length; i += 1) {
      const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = Math.imul(1812433253, before) + i;
    }
    let i = 1;
    let j = 0;
    for (let k = Math.max(length, key.length); k > 0; k -= 1) {
      const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = (state[i]! ^ Math.imul(before, 1664525)) + key[j]! + j;
      [i, j] = [this.#next(i), (j + 1) % key.length];
    }
    for (let k = length - 1; k > 0; k -= 1) {
      const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = (state[i]! ^ Math.imul(before, 1566083941)) - i;
      i = this.#next(i);
    }
    state[0] = 0x80000000;
  }

  /** The place after this one; the last's value goes on at the first. */
  #next(index: number): number {
    if (index + 1 < length) return index + 1;
    this.#state[0] = this.#state[length - 1]!;
    return 1;
  }

  /** A number of so many bits, 53 at most. */
  bits(count: number): number {
    if (count <= 32) return this.#word() >>> (32 - count);
    const low = this.#word();
    return low + (this.#word() >>> (64 - count)) * 2 ** 32;
  }

  #word(): number {
    if (this.#index >= length) this.#twist();
    let value = this.#state[this.#index]!;
    this.#index += 1;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let k = 0; k < length; k += 1) {
      const mixed = (state[k]! & 0x80000000) | (state[(k + 1) % length]! & 0x7fffffff);
      state[k] = state[(k + 397) % length]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}
