const header = '$ANSIBLE_VAULT';

/** An encrypted text taken apart: `$ANSIBLE_VAULT;1.2;AES256;id`, then hexadecimal digits in lines of 80. */
export interface Envelope {
  readonly version: string;
  readonly cipher: string;
  /** `default` where the header names none, as in format 1.1. */
  readonly id: string;
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly ciphertext: Buffer;
}

/** The id of passwords that were given none. */
export const defaultId = 'default';

/** True when a text or file content is what ansible-vault writes. */
export function isEncrypted(content: string | Uint8Array): boolean {
  return typeof content === 'string'
    ? content.startsWith(header)
    : Buffer.from(content.buffer, content.byteOffset, Math.min(content.byteLength, header.length)).equals(
        Buffer.from(header),
      );
}

/** Takes an encrypted text apart; undefined when it is damaged. */
export function parseEnvelope(text: string): Envelope | undefined {
  const [first = '', ...lines] = text.split(/\r?\n/);
  const [, version, cipher, id] = first.split(';').map((part) => part.trim());
  const parts = unhex(lines.join('').trim())?.toString('latin1').split('\n', 3);
  const [salt, hmac, ciphertext] = (parts ?? []).map(unhex);
  if (version === undefined || cipher === undefined || !salt || !hmac || !ciphertext) return undefined;
  return { version, cipher, id: id || defaultId, salt, hmac, ciphertext };
}

/** Format 1.1, or 1.2 when the id is not the default one. Ends with a newline. */
export function formatEnvelope(parts: Pick<Envelope, 'id' | 'salt' | 'hmac' | 'ciphertext'>): string {
  const inner = [parts.salt, parts.hmac, parts.ciphertext].map((part) => part.toString('hex')).join('\n');
  const digits = Buffer.from(inner, 'latin1').toString('hex');
  const first = parts.id === defaultId ? [header, '1.1', 'AES256'] : [header, '1.2', 'AES256', parts.id];
  return `${[first.join(';'), ...(digits.match(/.{1,80}/g) ?? [])].join('\n')}\n`;
}

function unhex(digits: string): Buffer | undefined {
  return digits.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}
