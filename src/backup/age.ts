import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { fromBech32, toBech32 } from './bech32.ts';

// Source: https://age-encryption.org/v1 (C2SP age.md).
const version = 'age-encryption.org/v1';
const chunkSize = 64 * 1024;
const tagSize = 16;
/** ASN.1 in front of a raw X25519 key: PKCS #8 and SPKI (RFC 8410). */
const privateHead = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicHead = Buffer.from('302a300506032b656e032100', 'hex');
/** No header of ours comes near; a file that is none of age's ends here. */
const longestHeader = 64 * 1024;

/** A new identity, as `age-keygen` writes one: the private half of a key pair. */
export function newIdentity(): string {
  const { privateKey } = generateKeyPairSync('x25519');
  return toBech32('age-secret-key-', rawKey(privateKey, privateHead)).toUpperCase();
}

/** What belongs to an identity and may be known by everybody: `age1...`. Throws an Error for what is no identity. */
export function recipientOf(identity: string): string {
  return toBech32('age', rawKey(createPublicKey(keyOf(identity)), publicHead));
}

function keyOf(identity: string): KeyObject {
  const raw = fromBech32('age-secret-key-', identity);
  if (raw?.length !== 32) throw new Error('no identity of age: AGE-SECRET-KEY-1... is expected');
  return createPrivateKey({ key: Buffer.concat([privateHead, raw]), format: 'der', type: 'pkcs8' });
}

function rawKey(key: KeyObject, head: Buffer): Buffer {
  const type = head === privateHead ? 'pkcs8' : 'spki';
  return (key.export({ format: 'der', type } as never) as Buffer).subarray(head.length);
}

const derive = (secret: Uint8Array, salt: Uint8Array, info: string) =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, 32));

function open(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagSize });
  cipher.setAuthTag(sealed.subarray(-tagSize));
  return Buffer.concat([cipher.update(sealed.subarray(0, -tagSize)), cipher.final()]);
}

/** The file's key by one of its stanzas. Throws an Error when none is for this identity, or the header was changed. */
function fileKey(header: string, identity: string): Buffer {
  const end = header.lastIndexOf('\n---') + '\n---'.length;
  const own = keyOf(identity);
  const ownPublic = rawKey(createPublicKey(own), publicHead);
  for (const [, share = '', body = ''] of header.matchAll(/^-> X25519 (\S+)\n(\S+)$/gm)) {
    const raw = Buffer.from(share, 'base64');
    if (raw.length !== 32) continue;
    const theirs = createPublicKey({ key: Buffer.concat([publicHead, raw]), format: 'der', type: 'spki' });
    const secret = diffieHellman({ privateKey: own, publicKey: theirs });
    const wrap = derive(secret, Buffer.concat([raw, ownPublic]), `${version}/X25519`);
    let key: Buffer;
    try {
      key = open(wrap, Buffer.alloc(12), Buffer.from(body, 'base64'));
    } catch {
      continue;
    }
    const mac = createHmac('sha256', derive(key, Buffer.alloc(0), 'header'))
      .update(header.slice(0, end))
      .digest();
    const said = Buffer.from(header.slice(end).trim(), 'base64');
    if (said.length !== mac.length || !timingSafeEqual(said, mac))
      throw new Error('its header was changed after it was encrypted');
    return key;
  }
  throw new Error('it was not encrypted to the key that is kept here');
}

/**
 * Decrypts what age encrypted to the identity's recipient. Nothing comes out that was not authenticated; a file that
 * was cut or changed ends with an Error.
 */
export class AgeDecryption extends Transform {
  readonly #identity: string;
  #held: Buffer = Buffer.alloc(0);
  #key: Buffer | undefined;
  #chunk = 0n;

  constructor(identity: string) {
    super();
    this.#identity = identity;
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#attempt(done, () => {
      this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
      if (!this.#key && !this.#begin()) return;
      // The last chunk is known by what does not follow it.
      while (this.#held.length > chunkSize + tagSize) this.#next(chunkSize + tagSize, 0);
    });
  }

  override _flush(done: TransformCallback): void {
    this.#attempt(done, () => {
      if (!this.#key) throw new Error('it ends before its contents begin');
      this.#next(this.#held.length, 1);
    });
  }

  #attempt(done: TransformCallback, work: () => void): void {
    try {
      work();
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }

  #begin(): boolean {
    const start = this.#held.indexOf('\n---');
    const end = start < 0 ? -1 : this.#held.indexOf('\n', start + 1);
    const first = Buffer.from(`${version}\n`);
    if (this.#held.length >= first.length && !this.#held.subarray(0, first.length).equals(first))
      throw new Error('it is no file of age');
    if (end < 0 && this.#held.length > longestHeader) throw new Error('it is no file of age');
    if (end < 0 || this.#held.length < end + 1 + 16) return false;
    const key = fileKey(this.#held.toString('latin1', 0, end), this.#identity);
    this.#key = derive(key, this.#held.subarray(end + 1, end + 17), 'payload');
    this.#held = this.#held.subarray(end + 17);
    return true;
  }

  #next(length: number, last: 0 | 1): void {
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(this.#chunk++, 3);
    nonce[11] = last;
    if (length < tagSize) throw new Error('it was cut');
    try {
      this.push(open(this.#key!, nonce, this.#held.subarray(0, length)));
    } catch {
      throw new Error('it was cut, or changed after it was encrypted');
    }
    this.#held = this.#held.subarray(length);
  }
}
