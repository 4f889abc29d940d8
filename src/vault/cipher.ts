import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { defaultId, type Envelope, formatEnvelope } from './format.ts';

interface Keys {
  readonly encryption: Buffer;
  readonly authentication: Buffer;
  readonly counter: Buffer;
}

const derived = new Map<string, Keys>();

/** PBKDF2 with HMAC-SHA256, 10,000 rounds, as ansible-vault derives them; once for the same password and salt. */
function keysOf(password: Uint8Array, salt: Uint8Array): Keys {
  const name = createHash('sha256').update(password).update('\0').update(salt).digest('hex');
  const before = derived.get(name);
  if (before) return before;
  const bytes = pbkdf2Sync(password, salt, 10_000, 80, 'sha256');
  const keys = {
    encryption: bytes.subarray(0, 32),
    authentication: bytes.subarray(32, 64),
    counter: bytes.subarray(64, 80),
  };
  derived.set(name, keys);
  return keys;
}

/** The plain content; undefined when the password is not the one that it was encrypted with. */
export function open({ salt, hmac, ciphertext }: Envelope, password: Uint8Array): Buffer | undefined {
  const keys = keysOf(password, salt);
  const expected = createHmac('sha256', keys.authentication).update(ciphertext).digest();
  if (hmac.length !== expected.length || !timingSafeEqual(hmac, expected)) return undefined;
  const decipher = createDecipheriv('aes-256-ctr', keys.encryption, keys.counter);
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
}

/** Encrypts content as ansible-vault does: AES-256 in counter mode over PKCS#7 padding, with an HMAC-SHA256. */
export function seal(
  content: Uint8Array,
  password: Uint8Array,
  id: string = defaultId,
  salt: Buffer = randomBytes(32),
): string {
  const keys = keysOf(password, salt);
  const padding = 16 - (content.length % 16);
  const cipher = createCipheriv('aes-256-ctr', keys.encryption, keys.counter);
  const ciphertext = Buffer.concat([
    cipher.update(content),
    cipher.update(Buffer.alloc(padding, padding)),
    cipher.final(),
  ]);
  const hmac = createHmac('sha256', keys.authentication).update(ciphertext).digest();
  return formatEnvelope({ id, salt, hmac, ciphertext });
}
