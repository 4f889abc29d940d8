import { TaskFailure } from './errors.ts';

const before = { start: String.raw`(?<![\s\S])`, line: String.raw`(?<![^\n])` };
const after = {
  end: String.raw`(?=\n?(?![\s\S]))`,
  line: String.raw`(?![^\n])`,
  veryEnd: String.raw`(?![\s\S])`,
};

/**
 * A regular expression of Python's re module as one of JavaScript's, so that playbooks written for Ansible mean
 * the same: named groups, inline flags at the start, \A \Z, `$` before a last newline.
 * Throws TaskFailure for what JavaScript has no equal of.
 */
export function pythonRegex(
  pattern: string,
  options: { multiline?: boolean; dotAll?: boolean } = {},
): RegExp {
  let { multiline = false, dotAll = false } = options;
  let flags = 'ud';
  let ascii = false;
  let rest = pattern;
  for (
    let inline = /^\(\?([aiLmsux]+)\)/.exec(rest);
    inline !== null;
    inline = /^\(\?([aiLmsux]+)\)/.exec(rest)
  ) {
    const letters = inline[1]!;
    if (letters.includes('x')) throw unsupported(pattern, 'the flag x');
    if (letters.includes('i') && !flags.includes('i')) flags += 'i';
    ascii ||= letters.includes('a');
    multiline ||= letters.includes('m');
    dotAll ||= letters.includes('s');
    rest = rest.slice(inline[0].length);
  }
  let source = '';
  for (let index = 0; index < rest.length; ) {
    const [text, length] = translate(rest.slice(index), pattern, multiline, dotAll, ascii);
    source += text;
    index += length;
  }
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new TaskFailure(`${pattern} is no regular expression: ${(error as Error).message}`);
  }
}

/** The translation of what stands first, and how many characters that was. */
function translate(
  rest: string,
  pattern: string,
  multiline: boolean,
  dotAll: boolean,
  ascii: boolean,
): [string, number] {
  switch (rest[0]) {
    case '\\':
      return escaped(rest, false, ascii);
    case '[':
      return characterClass(rest, pattern, ascii);
    case '.':
      return [dotAll ? String.raw`[\s\S]` : String.raw`[^\n]`, 1];
    case '^':
      return [multiline ? before.line : before.start, 1];
    case '$':
      return [multiline ? after.line : after.end, 1];
    case '{': {
      const counted = /^\{(\d*)(,?)(\d*)\}/.exec(rest);
      if (counted === null || (counted[1] === '' && counted[3] === '')) return ['\\{', 1];
      return [`{${counted[1] || '0'}${counted[2]}${counted[3]}}`, counted[0].length];
    }
    case '}':
    case ']':
      return [`\\${rest[0]}`, 1];
    case '(':
      return group(rest, pattern);
    default:
      return [rest[0]!, 1];
  }
}

function group(rest: string, pattern: string): [string, number] {
  const named = /^\(\?P<([A-Za-z_]\w*)>/.exec(rest);
  if (named !== null) return [`(?<${named[1]}>`, named[0].length];
  const again = /^\(\?P=([A-Za-z_]\w*)\)/.exec(rest);
  if (again !== null) return [`\\k<${again[1]}>`, again[0].length];
  const comment = /^\(\?#[^)]*\)/.exec(rest);
  if (comment !== null) return ['', comment[0].length];
  const known = /^\((?:\?(?::|=|!|<=|<!))?/.exec(rest)![0];
  if (known === '(' && rest[1] === '?') throw unsupported(pattern, rest.slice(0, 4));
  return [known, known.length];
}

/** Python's letters and digits are those of every script, unless the flag a says otherwise. */
const letter = String.raw`\p{L}\p{N}_`;
const everyScript: Record<string, string> = {
  w: `[${letter}]`,
  W: `[^${letter}]`,
  d: String.raw`\p{Nd}`,
  D: String.raw`\P{Nd}`,
  b: `(?:(?<=[${letter}])(?![${letter}])|(?<![${letter}])(?=[${letter}]))`,
  B: `(?:(?<=[${letter}])(?=[${letter}])|(?<![${letter}])(?![${letter}]))`,
};
const inClassOf: Record<string, string> = { w: letter, d: String.raw`\p{Nd}`, D: String.raw`\P{Nd}` };

function escaped(rest: string, inClass: boolean, ascii: boolean): [string, number] {
  const next = rest[1];
  if (next === undefined) return ['\\', 1];
  const wide = ascii ? undefined : (inClass ? inClassOf : everyScript)[next];
  if (wide !== undefined) return [wide, 2];
  if (!inClass && next === 'A') return [before.start, 2];
  if (!inClass && next === 'Z') return [after.veryEnd, 2];
  if (next === 'a') return ['\\x07', 2];
  const octal = (inClass ? /^\\([0-7]{1,3})/ : /^\\(0[0-7]{0,2}|[1-3][0-7]{2})/).exec(rest);
  if (octal !== null) {
    const code = Number.parseInt(octal[1]!, 8).toString(16).padStart(2, '0');
    return [`\\x${code}`, octal[0].length];
  }
  if (/[A-Za-z0-9]/.test(next)) return [`\\${next}`, 2];
  return [/[\^$\\.*+?()[\]{}|/-]/.test(next) && (inClass || next !== '-') ? `\\${next}` : next, 2];
}

function characterClass(rest: string, pattern: string, ascii: boolean): [string, number] {
  let index = rest[1] === '^' ? 2 : 1;
  let text = rest.slice(0, index);
  for (let first = true; ; first = false) {
    const char = rest[index];
    if (char === undefined) throw new TaskFailure(`${pattern} is no regular expression: [ without ]`);
    if (char === ']' && !first) return [`${text}]`, index + 1];
    if (char === '\\') {
      const [part, length] = escaped(rest.slice(index), true, ascii);
      text += part;
      index += length;
      // Python takes the dash of [\w-x] for itself; JavaScript would see a broken range.
      if (/^(?:\\[dswDSW]|\\[pP]\{.*)$/.test(part) && rest[index] === '-' && rest[index + 1] !== ']') {
        text += '\\-';
        index += 1;
      }
      continue;
    }
    text += char === ']' || char === '[' ? `\\${char}` : char;
    index += 1;
  }
}

function unsupported(pattern: string, what: string): TaskFailure {
  return new TaskFailure(`${pattern}: ${what} of Python's regular expressions is not supported`);
}

/** A replacement as Python's Match.expand reads it: \1, \g<1>, \g<name>, \n and the like. */
export function expandMatch(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g, (whole, name, number, letter) => {
    if (letter !== undefined) return letters[letter as string] ?? (/[A-Za-z]/.test(letter) ? whole : letter);
    const key = (name ?? number) as string;
    const value = /^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key];
    if (value === undefined && !hasGroup(match, key))
      throw new TaskFailure(`${template}: there is no group ${key}`);
    return value ?? '';
  });
}

const letters: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
};

function hasGroup(match: RegExpExecArray, key: string): boolean {
  return /^\d+$/.test(key) ? Number(key) < match.length : match.groups !== undefined && key in match.groups;
}
