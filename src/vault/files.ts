import { readFileSync } from 'node:fs';
import { ProjectError, TaskFailure } from '../errors.ts';
import { shownPath } from '../problems.ts';
import { isEncrypted } from './format.ts';
import { decrypt } from './keyring.ts';
import { rememberText } from './remember.ts';

/**
 * A file of the controller, decrypted when it is encrypted: what Ansible does to the sources of copy, template,
 * script, unarchive and assemble, and to files that lookups read. No output shows its text from then on.
 * @throws TaskFailure when no vault password fits
 */
export function readDecrypted(path: string): Buffer {
  const content = readFileSync(path);
  if (!isEncrypted(content)) return content;
  const plain = decryptNamed(content, shownPath(path));
  rememberText(plain.toString());
  return plain;
}

/** Decrypts what stands at `where`, which failures begin with. */
export function decryptNamed(content: string | Uint8Array, where: string): Buffer {
  try {
    return decrypt(content).content;
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    throw new TaskFailure(`${where}: ${error.message}`, error.hint);
  }
}

/**
 * The plain content of a file of the project that may be encrypted.
 * @throws ProjectError when no vault password fits
 */
export function decryptedProjectFile(content: string | Buffer, file: string): Buffer {
  if (!isEncrypted(content)) return Buffer.from(content);
  try {
    return decrypt(content).content;
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    const message = `this file is encrypted: ${error.message}`;
    const place = { file, line: 1, column: 1 };
    throw new ProjectError([{ message, place, hint: error.hint, severity: 'error' }]);
  }
}
