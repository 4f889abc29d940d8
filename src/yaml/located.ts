import { readFileSync } from 'node:fs';
import { ProjectError } from '../errors.ts';
import { didYouMeanFile, shownPath } from '../problems.ts';
import { buildYaml } from './builder.ts';

export { dumpYaml } from './builder.ts';
export { copyPlace, derived, keyPlaceOf, placeAt, placeOf } from './places.ts';
export { Unsafe } from './unsafe.ts';

/**
 * Reads YAML as Ansible's PyYAML does: YAML 1.1, so `yes` and `on` are booleans and 0644 is 420.
 * Gives plain values; `placeOf` knows where each of them stands. An empty text gives null.
 * Throws ProjectError with every mistake that can be known at once.
 */
export function parseYaml(text: string, file: string): unknown {
  if (text.startsWith('$ANSIBLE_VAULT')) {
    const message = "Ansible's vault is not supported yet: this file is encrypted";
    throw new ProjectError([{ message, place: { file, line: 1, column: 1 }, severity: 'error' }]);
  }
  return buildYaml(text, file);
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
