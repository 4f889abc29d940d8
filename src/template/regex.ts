import { TaskFailure } from '../errors.ts';

export interface RegexOptions {
  readonly ignorecase?: boolean;
  readonly multiline?: boolean;
}

const compiled = new Map<string, RegExp>();

/** A regular expression written for Python. Always global; callers reset nothing, since each use starts at 0. */
export function expression(pattern: string, options: RegexOptions = {}): RegExp {
  const flags = `g${options.ignorecase ? 'i' : ''}${options.multiline ? 'm' : ''}`;
  const key = `${flags}/${pattern}`;
  const result = compiled.get(key) ?? compile(pattern, flags);
  compiled.set(key, result);
  result.lastIndex = 0;
  return result;
}

function compile(pattern: string, flags: string): RegExp {
  let all = flags;
  const inline = /^\(\?([aimsux]+)\)/.exec(pattern);
  for (const letter of inline?.[1] ?? '') if ('ims'.includes(letter) && !all.includes(letter)) all += letter;
  const source = pattern
    .slice(inline?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '(?<![\\s\\S])')
    .replace(/\\Z/g, '(?![\\s\\S])');
  try {
    return new RegExp(source, all);
  } catch (error) {
    throw new TaskFailure(`'${pattern}' is no regular expression: ${(error as Error).message}`);
  }
}

/** Python's replacement text for one match: `\1`, `\g<1>`, `\g<name>`, `\n`. */
export function expand(template: string, match: RegExpMatchArray): string {
  return template.replace(/\\(?:g<(\w+)>|(\d{1,2})|(.))/g, (_whole, group, digits, character) => {
    const name = group ?? digits;
    if (name !== undefined) return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
    return { n: '\n', t: '\t', r: '\r', '\\': '\\' }[character as string] ?? `\\${character}`;
  });
}
