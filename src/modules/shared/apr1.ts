import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Apache's own MD5 hash of a password: `$apr1$salt$...` (apr_md5_encode of apr-util). crypt(3) does not have it.
 * @param salt up to eight characters
 */
export function apr1(password: string, salt: string): string {
  const word = Buffer.from(password);
  const grain = Buffer.from(salt.slice(0, 8));
  const inner = md5(word, grain, word);
  const first: Buffer[] = [word, Buffer.from('$apr1$'), grain];
  for (let left = word.length; left > 0; left -= 16) first.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = word.length; bits > 0; bits >>= 1)
    first.push(bits & 1 ? Buffer.from([0]) : word.subarray(0, 1));
  let sum = md5(...first);
  for (let round = 0; round < 1000; round += 1) {
    const parts = [round & 1 ? word : sum];
    if (round % 3 !== 0) parts.push(grain);
    if (round % 7 !== 0) parts.push(word);
    parts.push(round & 1 ? sum : word);
    sum = md5(...parts);
  }
  return `$apr1$${grain}$${encoded(sum)}`;
}

function md5(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The order of bytes is that of FreeBSD's crypt, which Apache took. */
function encoded(sum: Buffer): string {
  const groups = [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ] as const;
  const text = groups.map(([a, b, c]) => letters((sum[a]! << 16) | (sum[b]! << 8) | sum[c]!, 4));
  return text.join('') + letters(sum[11]!, 2);
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => alphabet[(value >> (6 * index)) & 63]).join('');
}
