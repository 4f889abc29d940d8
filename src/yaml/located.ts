import { readFileSync } from 'node:fs';
import { ProjectError } from '../errors.ts';
import { didYouMeanFile, shownPath } from '../problems.ts';
import { decryptedProjectFile } from '../vault/files.ts';
import { isEncrypted } from '../vault/format.ts';
import { rememberValues } from '../vault/remember.ts';
import { buildYaml } from './builder.ts';

export { dumpYaml } from './builder.ts';
export { copyPlace, derived, keyPlaceOf, placeAt, placeOf } from './places.ts';
export { Unsafe } from './unsafe.ts';
export { Vaulted } from './vaulted.ts';

/**
 * Reads YAML as Ansible's PyYAML does: YAML 1.1, so `yes` and `on` are booleans and 0644 is 420.
 * What ansible-vault encrypted is decrypted with the vault passwords in use.
 * Gives plain values; `placeOf` knows where each of them stands. An empty text gives null.
 * Throws ProjectError with every mistake that can be known at once.
 */
export function parseYaml(text: string, file: string): unknown {
  if (!isEncrypted(text)) return buildYaml(text, file);
  const value = buildYaml(decryptedProjectFile(text, file).toString(), file);
  rememberValues(value);
  return value;
}

/** Reads a YAML file; a file that cannot be read is a ProjectError too. */
export function readYamlFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const shown = shownPath(path);
    const message = `cannot read ${shown}: ${missing ? 'no such file' : (error as Error).message}`;
    const hint = missing ? didYouMeanFile(shown) : undefined;
    throw new ProjectError([{ message, hint, severity: 'error' }]);
  }
  return parseYaml(text.replace(/^\uFEFF/, ''), path);
}
