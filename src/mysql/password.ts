import { createHash, hash, timingSafeEqual } from 'node:crypto';

/**
 * Whether the password is the account's, by the hash that mysql.user keeps. Undefined for a plugin whose hash
 * cannot be computed here. The caching_sha2_password hash is $A$, thousands of rounds in hexadecimal, $, 20 bytes
 * of salt, SHA-crypt with SHA-256 (sql/auth/sha2_password.cc; Ulrich Drepper, "Unix crypt using SHA-256").
 */
export function isPassword(password: string, plugin: string, stored: Buffer): boolean | undefined {
  if (plugin === 'mysql_native_password') {
    const sha1 = (data: string | Buffer) => createHash('sha1').update(data).digest();
    return same(stored, Buffer.from(`*${sha1(sha1(password)).toString('hex').toUpperCase()}`));
  }
  if (plugin !== 'caching_sha2_password') return undefined;
  if (stored.length === 0 || password === '') return stored.length === 0 && password === '';
  const rounds = /^\$A\$([0-9A-F]{3})\$/.exec(stored.toString('latin1', 0, 7))?.[1];
  if (rounds === undefined || stored.length !== 70) return undefined;
  const crypted = sha256Crypt(
    Buffer.from(password),
    stored.subarray(7, 27),
    Number.parseInt(rounds, 16) * 1000,
  );
  return same(stored.subarray(27), Buffer.from(crypted, 'latin1'));
}

function same(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The 43 characters of a SHA-crypt digest, without its prefix and salt. */
export function sha256Crypt(password: Buffer, salt: Buffer, rounds: number): string {
  const digest = (...parts: readonly Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
  const alternate = digest(password, salt, password);
  const start = [password, salt, stretch(alternate, password.length)];
  for (let length = password.length; length > 0; length >>= 1) start.push(length & 1 ? alternate : password);
  let result = digest(...start);
  const p = stretch(digest(...Array<Buffer>(password.length).fill(password)), password.length);
  const s = stretch(digest(...Array<Buffer>(16 + result[0]!).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const parts = [round & 1 ? p : result];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(round & 1 ? result : p);
    result = digest(...parts);
  }
  return encode(result);
}

function stretch(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** crypt(3)'s own base 64, over the bytes in its own order. */
function encode(bytes: Buffer): string {
  let text = '';
  const put = (value: number, count: number) => {
    for (let index = 0; index < count; index += 1) text += alphabet[(value >> (6 * index)) & 63];
  };
  // 0 10 20, 21 1 11, 12 22 2, 3 13 23, ...
  for (let index = 0; index < 10; index += 1) {
    const trio = [index, index + 10, index + 20];
    const [high, middle, low] = [0, 1, 2].map((at) => trio[(at + 2 * index) % 3]!) as [
      number,
      number,
      number,
    ];
    put((bytes[high]! << 16) | (bytes[middle]! << 8) | bytes[low]!, 4);
  }
  put((bytes[31]! << 8) | bytes[30]!, 3);
  return text;
}
