import { resolve } from 'node:path';

/** What paths in a value are relative to, and what stands in their place holders. */
export interface Around {
  /** Folder of the configuration file; of a variable of the environment the working directory. */
  readonly directory: string;
  readonly workingDirectory: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Said in the file, where texts may stand in quotes. */
  readonly inFile: boolean;
}

/** What is the same for all settings. */
export type Surroundings = Omit<Around, 'directory' | 'inFile'>;

/** Why a value cannot be used. */
export class InvalidValue extends Error {}

/** Turns the text of a setting into its value. */
export type Reader<T> = (text: string, around: Around) => T;

/** Without the quotes around it. */
export const words: Reader<string> = (text, { inFile }) => (inFile ? unquoted(text) : text);

/** As Ansible: whatever is no word for yes means no. */
export const flag: Reader<boolean> = (text) => /^(?:y|yes|on|1|true|t)$/i.test(text.trim());

export const whole: Reader<number> = (text) => {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isInteger(number) || number < 0) throw new InvalidValue('it must be a whole number');
  return number;
};

export function oneOf<T extends string>(...choices: readonly T[]): Reader<T> {
  return (text, around) => {
    const found = choices.find((choice) => choice === words(text, around));
    if (found === undefined) throw new InvalidValue(`it must be one of ${choices.join(', ')}`);
    return found;
  };
}

/** A path with `~`, `{{CWD}}` and variables of the environment in it. */
export function path(text: string, around: Omit<Around, 'inFile'>): string {
  const { directory, workingDirectory, home, environment } = around;
  return resolve(
    directory,
    text
      .replaceAll('{{CWD}}', workingDirectory)
      .replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, plain, braced) => environment[plain ?? braced] ?? all)
      .replace(/^~(?=\/|$)/, home),
  );
}

/** Folders between colons. */
export const paths: Reader<readonly string[]> = (text, around) =>
  text.split(':').map((each) => path(each, around));

export const list: Reader<readonly string[]> = (text) =>
  text
    .split(',')
    .map((each) => unquoted(each.trim()))
    .filter((each) => each !== '');

/** Sources of an inventory between commas, none of which is quoted. */
export const pathList: Reader<readonly string[]> = (text, around) =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => path(each, around));

function unquoted(text: string): string {
  return /^(["']).*[^\\]\1$/s.test(text) ? text.slice(1, -1) : text;
}
