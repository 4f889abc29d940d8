import { createHash, timingSafeEqual } from 'node:crypto';
import { shaCrypt } from '../sha-crypt.ts';

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
  return same(stored, hashedOnce(password, stored.subarray(7, 27), Number.parseInt(rounds, 16)));
}

const known = new Map<string, Buffer>();

/** Servers that replicate from each other keep the same salts: each of these hashes takes some 10 ms. */
function hashedOnce(password: string, salt: Buffer, thousands: number): Buffer {
  const key = [salt.toString('base64'), thousands, password].join(' ');
  const hash = known.get(key) ?? hashed(password, salt, thousands);
  known.set(key, hash);
  return hash;
}

/**
 * The caching_sha2_password hash of a password.
 * @param salt 20 bytes
 * @param thousands of rounds; MySQL does 5
 */
export function hashed(password: string, salt: Buffer, thousands = 5): Buffer {
  // MySQL's salt is four bytes longer than those that crypt(3) takes.
  const digest = shaCrypt('sha256', Buffer.from(password), salt, thousands * 1000).slice(-43);
  const rounds = thousands.toString(16).toUpperCase().padStart(3, '0');
  return Buffer.concat([Buffer.from(`$A$${rounds}$`), salt, Buffer.from(digest)]);
}

function same(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
