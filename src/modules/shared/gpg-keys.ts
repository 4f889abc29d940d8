import { TaskFailure } from '../../errors.ts';

/** Long ids of the keys and subkeys in what `gpg --with-colons` prints; expired ones do not count. */
export function keyIds(listed: string): string[] {
  return listed.split('\n').flatMap((line) => {
    const [kind, validity, , , id] = line.split(':');
    return (kind === 'pub' || kind === 'sub') && validity !== 'e' && id ? [id] : [];
  });
}

export interface KeyId {
  /** Hexadecimal, in capitals, without 0x. */
  readonly key_id: string;
  /** The last 16 digits. */
  readonly fp: string;
  /** The last 8 digits. */
  readonly short_id: string;
}

/** The parts of an id; 8, 16 or more digits. Throws for anything else. */
export function parseKeyId(given: string): KeyId {
  const key_id = given.toUpperCase().replace(/^0X/, '');
  const length = key_id.length;
  if (!/^[0-9A-F]+$/.test(key_id) || (length !== 8 && length < 16))
    throw new TaskFailure(`Invalid key_id ${given}`, 'expected 8, 16 or more hexadecimal digits');
  return { key_id, fp: key_id.slice(-16), short_id: key_id.slice(-8) };
}
