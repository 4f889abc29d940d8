/** A POSIX shell command. Made only by the `sh` template, so every value in it has been quoted. */
export class Command {
  readonly text: string;

  /** @internal use `sh` or, for text that is already shell, `rawShell`. */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

type Word = string | number | Command | readonly (string | number)[];

/**
 * A command for a remote POSIX shell (dash). Values become single-quoted words, arrays several words,
 * commands are put in as they are: sh`stat -- ${paths}`.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Word[]): Command {
  let text = strings[0] ?? '';
  values.forEach((value, index) => {
    text += words(value) + (strings[index + 1] ?? '');
  });
  return new Command(text);
}

/** A condition that holds when all of them do; with none it holds. */
export function all(conditions: readonly Command[]): Command {
  if (conditions.length === 0) return new Command(':');
  return new Command(conditions.map(({ text }) => text).join(' && '));
}

/** Text that is shell already: scripts written in this repository, never input. */
export function rawShell(text: string): Command {
  return new Command(text);
}

/** One POSIX single-quoted word. Throws on NUL, which no word can hold. */
export function quote(value: string | number): string {
  const text = String(value);
  if (text.includes('\0')) throw new Error('a NUL byte cannot be part of a shell word');
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function words(value: Word): string {
  if (value instanceof Command) return value.text;
  if (Array.isArray(value)) return value.map(quote).join(' ');
  return quote(value as string | number);
}
