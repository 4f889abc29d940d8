import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { pythonRegex } from './python-regex.ts';

export interface Fragment {
  readonly name: string;
  readonly content: Buffer;
}

/** The names of fragments that are taken, in the order in which they are put together. */
export function fragmentNames(
  names: readonly string[],
  { regexp, ignore_hidden }: { regexp?: string | undefined; ignore_hidden: boolean },
): string[] {
  const regex = regexp === undefined ? undefined : pythonRegex(regexp);
  return names
    .filter((name) => (regex?.test(name) ?? true) && !(ignore_hidden && name.startsWith('.')))
    .sort();
}

/** Names and contents of the files of a directory of the controller. */
export function localFragments(folder: string): Fragment[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new TaskFailure(`Source (${folder}) is not a directory`);
  return readdirSync(folder)
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => ({ name, content: readFileSync(join(folder, name)) }));
}

/**
 * Fragments one after the other, each on a line of its own.
 * @param twice end a delimiter with a newline though it has one, as Ansible does for files of the controller
 */
export function assembled(
  fragments: readonly Fragment[],
  delimiter: string | undefined,
  twice: boolean,
): Buffer {
  const between = delimiter ? unescaped(delimiter) : undefined;
  const parts: Buffer[] = [];
  for (const [index, { content }] of fragments.entries()) {
    const before = fragments[index - 1]?.content;
    if (before !== undefined) {
      if (before.at(-1) !== 0x0a) parts.push(Buffer.from('\n'));
      if (between !== undefined) {
        parts.push(between);
        if (twice || between.at(-1) !== 0x0a) parts.push(Buffer.from('\n'));
      }
    }
    parts.push(content);
  }
  return Buffer.concat(parts);
}

const letters: Record<string, number> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11 };

/** Backslashes as Python reads them in bytes. */
function unescaped(text: string): Buffer {
  const bytes = Buffer.from(text).toString('latin1');
  const plain = bytes.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(\n)|([\s\S]))/g,
    (whole, hex, octal, newline, letter: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
      if (newline !== undefined) return '';
      if (letter in letters) return String.fromCharCode(letters[letter]!);
      return /[\\'"]/.test(letter) ? letter : whole;
    },
  );
  return Buffer.from(plain, 'latin1');
}
