import { TaskFailure } from '../errors.ts';
import { pythonRegex } from '../python-regex.ts';

export interface RegexOptions {
  readonly ignorecase?: boolean;
  readonly multiline?: boolean;
}

const compiled = new Map<string, RegExp>();

/** A regular expression written for Python. Always global; callers reset nothing, since each use starts at 0. */
export function expression(pattern: string, options: RegexOptions = {}): RegExp {
  const { ignorecase = false, multiline = false } = options;
  const key = `${ignorecase}${multiline}/${pattern}`;
  const result = compiled.get(key) ?? compile(pattern, ignorecase, multiline);
  compiled.set(key, result);
  result.lastIndex = 0;
  return result;
}

function compile(pattern: string, ignorecase: boolean, multiline: boolean): RegExp {
  const { source, flags } = pythonRegex(pattern, { multiline });
  const all = new Set(`${flags.replace('d', '')}g${ignorecase ? 'i' : ''}`);
  return new RegExp(source, [...all].join(''));
}

/** Python's replacement text for one match: `\1`, `\g<1>`, `\g<name>`, `\n`. Throws TaskFailure as re.sub does. */
export function expand(template: string, match: RegExpMatchArray): string {
  if (!template.includes('\\')) return template;
  return template.replace(
    /\\(?:g<(\w+)>|(0[0-7]{0,2}|[1-3][0-7]{2})|([1-9]\d?)|([\s\S]|$))/g,
    (whole, name, octal, number, letter) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const key: string | undefined = name ?? number;
      if (key === undefined) return escaped(whole, letter);
      const known = /^\d+$/.test(key) ? Number(key) < match.length : Object.hasOwn(match.groups ?? {}, key);
      if (!known) throw new TaskFailure(`invalid group reference ${key} in the replacement '${template}'`);
      return (/^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key]) ?? '';
    },
  );
}

const letters: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
  b: '\b',
  '\\': '\\',
};

function escaped(whole: string, letter: string): string {
  const known = letters[letter];
  if (known !== undefined) return known;
  if (/[A-Za-z]/.test(letter))
    throw new TaskFailure(`bad escape ${whole} in a replacement`, 'write \\\\ for a backslash');
  return whole;
}
