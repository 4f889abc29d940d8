import type { Place } from '../errors.ts';
import { shownPath } from '../problems.ts';
import { decryptNamed } from '../vault/files.ts';
import { rememberVaulted } from '../vault/remember.ts';
import { Unsafe } from './unsafe.ts';

/**
 * A value written `!vault`: decrypted when it is first used, so that it needs no password while nobody does.
 * As in Ansible the plain text holds no template, whatever braces are in it. Reading it throws TaskFailure when
 * no vault password fits.
 */
export class Vaulted extends Unsafe {
  declare readonly text: string;
  readonly ciphertext: string;

  constructor(ciphertext: string, place: Place) {
    super('');
    this.ciphertext = ciphertext;
    let plain: string | undefined;
    Object.defineProperty(this, 'text', {
      // Who looks through values must not decrypt them by that.
      enumerable: false,
      get: () => {
        if (plain !== undefined) return plain;
        const { file, line, column } = place;
        plain = decryptNamed(ciphertext, `${shownPath(file)}:${line}:${column}`).toString();
        rememberVaulted(plain);
        return plain;
      },
    });
  }

  /** As it was written: what is kept or compared as JSON needs no password. */
  override toJSON(): string {
    return this.ciphertext;
  }
}
