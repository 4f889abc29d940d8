import { TaskFailure } from '../errors.ts';
import { open } from './cipher.ts';
import { type Envelope, isEncrypted, parseEnvelope } from './format.ts';

/** A vault password with the id that it goes by. */
export interface VaultKey {
  readonly id: string;
  readonly password: Buffer;
}

/** What was decrypted, and by which key; `id` is what the text says of itself. */
export interface Opened {
  readonly content: Buffer;
  readonly id: string;
  readonly key: VaultKey;
}

let ring: readonly VaultKey[] = [];

/** The passwords that everything encrypted is tried with from now on; those given first are tried first. */
export function useVaultKeys(keys: readonly VaultKey[]): void {
  ring = keys;
}

/**
 * Decrypts what ansible-vault wrote. Passwords whose id the text names come first, then all others, as in Ansible.
 * @throws TaskFailure that names what is wrong and the ids that were tried
 */
export function decrypt(content: string | Uint8Array, keys: readonly VaultKey[] = ring): Opened {
  if (!isEncrypted(content)) throw new TaskFailure('this is not encrypted with ansible-vault');
  const envelope = parseEnvelope(
    typeof content === 'string' ? content : Buffer.from(content).toString('latin1'),
  );
  if (envelope === undefined)
    throw new TaskFailure('the encrypted text is damaged', 'take it from a backup, or encrypt it anew');
  if (envelope.cipher !== 'AES256')
    throw new TaskFailure(`the cipher ${envelope.cipher} is not known`, 'ansible-vault writes AES256');
  const named = keys.filter(({ id }) => id === envelope.id);
  for (const key of [...named, ...keys.filter(({ id }) => id !== envelope.id)]) {
    const plain = open(envelope, key.password);
    if (plain) return { content: plain, id: envelope.id, key };
  }
  throw refusal(envelope, keys);
}

function refusal({ id }: Envelope, keys: readonly VaultKey[]): TaskFailure {
  const source = id === 'default' ? '--vault-password-file FILE' : `--vault-id ${id}@FILE`;
  if (keys.length === 0)
    return new TaskFailure(
      'cannot decrypt it: no vault password was given',
      `give one with ${source} or --ask-vault-pass`,
    );
  const tried = [...new Set(keys.map((key) => key.id))].join(', ');
  const wanted = keys.some((key) => key.id === id)
    ? 'it was encrypted with another password: several may be given, each with --vault-id NAME@FILE'
    : `its id is ${id}: give ${source}`;
  return new TaskFailure(`cannot decrypt it: no vault password fits (tried: ${tried})`, wanted);
}
