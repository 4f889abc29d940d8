import { hash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Rounds that crypt(3) does when it is told nothing; only another number is written into the hash. */
const usual = 5000;

/**
 * A password hashed as crypt(3) does with $5$ and $6$ (Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512").
 * @param salt at most 16 characters
 */
export function shaCrypt(kind: 'sha256' | 'sha512', password: Buffer, salt: Buffer, rounds: number): string {
  const digest = (...parts: readonly Buffer[]): Buffer => hash(kind, Buffer.concat(parts), 'buffer');
  const alternate = digest(password, salt, password);
  const start = [password, salt, Buffer.alloc(password.length, alternate)];
  for (let length = password.length; length > 0; length >>= 1) start.push(length & 1 ? alternate : password);
  let result = digest(...start);
  const p = Buffer.alloc(password.length, digest(...Array<Buffer>(password.length).fill(password)));
  const s = Buffer.alloc(salt.length, digest(...Array<Buffer>(16 + result[0]!).fill(salt)));
  // Hundreds of thousands of rounds: each is put together in the same place.
  const scratch = Buffer.alloc(2 * p.length + s.length + result.length);
  for (let round = 0; round < rounds; round += 1) {
    let end = (round & 1 ? p : result).copy(scratch);
    if (round % 3 !== 0) end += s.copy(scratch, end);
    if (round % 7 !== 0) end += p.copy(scratch, end);
    end += (round & 1 ? result : p).copy(scratch, end);
    result = hash(kind, scratch.subarray(0, end), 'buffer');
  }
  const prefix = kind === 'sha256' ? '$5$' : '$6$';
  const said = rounds === usual ? '' : `rounds=${rounds}$`;
  return `${prefix}${said}${salt.toString('latin1')}$${encoded(result)}`;
}

/** crypt(3)'s own base 64, over the bytes in its own order. */
function encoded(bytes: Buffer): string {
  const third = Math.floor(bytes.length / 3);
  const turn = bytes.length === 32 ? 2 : 1;
  let text = '';
  for (let index = 0; index < third; index += 1) {
    const trio = [index, index + third, index + 2 * third];
    const [high, middle, low] = [0, 1, 2].map((at) => bytes[trio[(at + turn * index) % 3]!]!) as [
      number,
      number,
      number,
    ];
    text += put((high << 16) | (middle << 8) | low, 4);
  }
  return text + (bytes.length === 32 ? put((bytes[31]! << 8) | bytes[30]!, 3) : put(bytes[63]!, 2));
}

function put(value: number, count: number): string {
  let text = '';
  for (let index = 0; index < count; index += 1) text += alphabet[(value >> (6 * index)) & 63];
  return text;
}
