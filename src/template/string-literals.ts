import { pythonEscapes } from '../python-escapes.ts';

const letters: Readonly<Record<string, string>> = { '\n': '', ...pythonEscapes };

/** What stands between the quotes of a string of Python. An unknown escape keeps its backslash. Throws Error. */
export function pythonString(inside: string): string {
  if (!inside.includes('\\')) return inside;
  return inside.replace(
    /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g,
    (whole, octal, two, four, eight, letter: string | undefined) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      const digits = two ?? four ?? eight;
      if (digits !== undefined) return String.fromCodePoint(Number.parseInt(digits, 16));
      if (letter === 'x' || letter === 'u' || letter === 'U' || letter === 'N')
        throw new Error(`\\${letter} begins an escape that is not complete`);
      return letters[letter!] ?? whole;
    },
  );
}
