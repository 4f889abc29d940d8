import { pythonEscapes } from '../python-escapes.ts';
import { rawParameter } from './keywords.ts';

interface Word {
  text: string;
  /** Where in the whole text it starts. */
  readonly start: number;
}

/** A text whose quotes or braces do not close. */
export class UnbalancedText extends Error {}

/**
 * Splits at blanks as ansible-core's `split_args` does: quotes and Jinja's braces keep together what is inside them,
 * further blanks and newlines stay at the end of the word before them.
 */
function split(whole: string): Word[] {
  const words: Word[] = [];
  const last = (start: number): Word => {
    const word = words.at(-1);
    if (word !== undefined) return word;
    const first = { text: '', start };
    words.push(first);
    return first;
  };
  let quote = '';
  const depths = [0, 0, 0];
  const isInside = () => depths.some((depth) => depth > 0);
  const lines = whole.split('\n');
  let at = 0;
  for (const [row, line] of lines.entries()) {
    let continued = false;
    for (const [index, token] of line.split(' ').entries()) {
      const start = at;
      at += token.length + 1;
      if (token === '' && index !== 0) {
        last(start).text += ' ';
        continue;
      }
      if (token === '\\' && quote === '') {
        continued = true;
        continue;
      }
      const wasQuoted = quote !== '';
      quote = quoteAfter(token, quote);
      let taken = false;
      if (quote !== '' && !wasQuoted && !isInside()) {
        words.push({ text: token, start });
        taken = true;
      } else if (isInside() || quote !== '' || wasQuoted) {
        last(start).text += (index > 0 ? ' ' : '') + token;
        taken = true;
      }
      for (const [kind, [open, close]] of braces.entries()) {
        const before = depths[kind] as number;
        const change = count(token, open) - count(token, close);
        depths[kind] = Math.max(0, before + change);
        if (depths[kind] !== before && !taken) {
          words.push({ text: token, start });
          taken = true;
        }
      }
      if (!isInside() && quote === '' && !taken && token !== '') words.push({ text: token, start });
    }
    if (row < lines.length - 1 && !continued) last(at - 1).text += '\n';
  }
  if (isInside() || quote !== '') throw new UnbalancedText(whole);
  return words;
}

const braces = [
  ['{{', '}}'],
  ['{%', '%}'],
  ['{#', '#}'],
] as const;

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

function quoteAfter(token: string, before: string): string {
  let quote = before;
  for (let index = 0; index < token.length; index++) {
    const letter = token[index] as string;
    if ((letter !== '"' && letter !== "'") || token[index - 1] === '\\') continue;
    if (quote === '') quote = letter;
    else if (quote === letter) quote = '';
  }
  return quote;
}

/** Python's escapes in a text, without `\N{...}`. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:U([0-9a-fA-F]{8})|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\\'"abfnrtv]))/g,
    (_whole, long, short, byte, letter) =>
      letter === undefined
        ? String.fromCodePoint(Number.parseInt(long ?? short ?? byte, 16))
        : (pythonEscapes[letter] as string),
  );
}

/** Without the quotes around the whole. */
function unquoted(text: string): string {
  const [first, last] = [text[0], text.at(-1)];
  const quoted = text.length > 1 && first === last && (first === '"' || first === "'");
  return quoted && text.at(-2) !== '\\' ? text.slice(1, -1) : text;
}

/** Where the `=` between name and value is: the first that is neither at the start nor escaped. */
function equalsSign(text: string): number {
  let at = text.indexOf('=', 1);
  while (at > 0 && text[at - 1] === '\\') at = text.indexOf('=', at + 1);
  return at;
}

/** Options that are taken out of a free form. */
const options = 'creates removes chdir executable warn stdin stdin_add_newline strip_empty_ends'.split(' ');

export interface ParsedText {
  /** Where in the text the value of each parameter starts. */
  readonly offsets: Readonly<Record<string, number>>;
  /** Where its name starts. */
  readonly names: Readonly<Record<string, number>>;
  /** Words that are not name=value stand together under `_raw_params`. */
  readonly args: Record<string, string>;
}

/**
 * The parameters in a task's text, as ansible-core's `parse_kv` reads them: `apt: name=nginx state=present`,
 * `command: make creates=/x`.
 * @param isFreeForm the module takes a command line: only a few options are taken out of it
 * @throws UnbalancedText
 */
export function parseText(text: string, isFreeForm = false): ParsedText {
  const args: Record<string, string> = {};
  const offsets: Record<string, number> = {};
  const names: Record<string, number> = {};
  const raw: string[] = [];
  for (const word of split(text)) {
    const decoded = unescaped(word.text);
    if (!decoded.includes('=')) {
      raw.push(word.text);
      continue;
    }
    const at = equalsSign(decoded);
    if (at < 0) {
      raw.push(decoded.replaceAll('\\=', '='));
      continue;
    }
    const name = decoded.slice(0, at);
    if (isFreeForm && !options.includes(name)) {
      raw.push(word.text);
      continue;
    }
    const value = decoded.slice(at + 1).trim();
    args[name.trim()] = unquoted(value);
    const written = word.text.indexOf('=', 1) + 1;
    names[name.trim()] = word.start;
    offsets[name.trim()] = word.start + written + (unquoted(value) === value ? 0 : 1);
  }
  if (raw.length > 0) {
    args[rawParameter] = joined(raw);
    offsets[rawParameter] ??= Math.max(0, text.indexOf(raw[0] as string));
  }
  return { args, offsets, names };
}

/** Puts words together again with the blanks and newlines that stood between them. */
function joined(words: readonly string[]): string {
  let result = '';
  for (const word of words) result += (result === '' || result.endsWith('\n') ? '' : ' ') + word;
  return result;
}

/** A text's first word and the rest: `action: apt name=nginx`. */
export function firstWord(text: string): [string, string] {
  const [first, ...rest] = split(text).map((word) => word.text);
  return [(first ?? '').trim(), rest.join(' ')];
}
