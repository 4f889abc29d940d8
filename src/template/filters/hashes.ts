import { createHash, getHashes, randomInt } from 'node:crypto';
import { TaskFailure } from '../../errors.ts';
import { shaCrypt } from '../../sha-crypt.ts';
import { type Filters, filter } from '../environment.ts';
import { isTrue, text, typeName } from '../python.ts';

const names: Readonly<Record<string, string>> = { blake2b: 'blake2b512', blake2s: 'blake2s256' };

function hash(algorithm: string, value: unknown): string {
  const name = names[algorithm] ?? algorithm.replace(/^sha3_/, 'sha3-');
  if (!getHashes().includes(name)) throw new TaskFailure(`unsupported hash type ${algorithm}`);
  return createHash(name).update(text(value)).digest('hex');
}

const saltCharacters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** So many characters that crypt(3) takes for a salt. */
export function randomSalt(size: number): string {
  return Array.from({ length: size }, () => saltCharacters[randomInt(saltCharacters.length)]).join('');
}

/** A password as crypt(3) keeps it. Throws TaskFailure for what only other libraries can do. */
export function passwordHash(password: unknown, type: string, options: Record<string, unknown> = {}): string {
  if (typeof password !== 'string')
    throw new TaskFailure(`a password is a text, not ${typeName(password)}`, "make it one with '| string'");
  const kind = { sha512: 'sha512', sha512_crypt: 'sha512', sha256: 'sha256', sha256_crypt: 'sha256' }[type];
  if (kind !== 'sha512' && kind !== 'sha256')
    throw new TaskFailure(
      `password_hash cannot make '${type}'`,
      'use sha512 or sha256; bcrypt (blowfish) and md5 are not supported',
    );
  const { salt, salt_size: size, rounds } = options;
  const wanted = isTrue(salt ?? null) ? text(salt) : randomSalt(Number(size ?? 16));
  if (!/^[./0-9A-Za-z]*$/.test(wanted)) throw new TaskFailure(`invalid characters in the salt '${wanted}'`);
  if (wanted.length > 16) throw new TaskFailure(`the salt '${wanted}' is too long: at most 16 characters`);
  const count = isTrue(rounds ?? null) ? Number(rounds) : kind === 'sha512' ? 656_000 : 535_000;
  if (!Number.isInteger(count) || count < 1000 || count > 999_999_999)
    throw new TaskFailure(`rounds must be from 1000 to 999999999, not ${text(rounds)}`);
  return shaCrypt(kind, Buffer.from(text(password)), Buffer.from(wanted), count);
}

const ansible = '361e6d51faec444a9079341386da8e2e';

/** RFC 4122, version 5. */
function uuid(value: unknown, namespace: string): string {
  const space = namespace.replace(/^urn:uuid:|[{}-]/g, '').toLowerCase();
  if (!/^[\da-f]{32}$/.test(space)) throw new TaskFailure(`Invalid value '${namespace}' for 'namespace'`);
  const bytes = createHash('sha1')
    .update(Buffer.from(space, 'hex'))
    .update(text(value))
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

/** Filters for checksums, passwords and names made of them. */
export const hashes: Filters = {
  hash: filter(['hashtype'], (value, [algorithm = 'sha1']) => hash(text(algorithm), value)),
  checksum: filter([], (value) => hash('sha1', value)),
  sha1: filter([], (value) => hash('sha1', value)),
  md5: filter([], (value) => hash('md5', value)),
  to_uuid: filter(['namespace'], (value, [namespace = ansible]) => uuid(value, text(namespace))),
  password_hash: filter(
    ['hashtype', 'salt', 'salt_size', 'rounds', 'ident'],
    (value, [type = 'sha512', salt, size, rounds]) =>
      passwordHash(value, text(type), { salt, salt_size: size, rounds }),
  ),
};
