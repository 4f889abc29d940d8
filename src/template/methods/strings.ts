import { TaskFailure } from '../../errors.ts';
import { formatBraces } from '../format.ts';
import { isInt } from '../numbers.ts';
import { characters, iterate, repr, Tuple, typeName } from '../python.ts';
import { type Method, type Methods, takes, takesAny } from './contract.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: Python takes them for space
const space = /[\s\u001c-\u001f\x85]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python takes them for space
const spaces = /[\s\u001c-\u001f\x85]+/;

type Text = Method<string>;

const test = (pattern: RegExp): Text => takes('', (self) => pattern.test(self));

function needed(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new TaskFailure(`${name}: a text is needed, not ${typeName(value)}`);
}

/** One of several beginnings or ends, within a part of the text. */
function some(
  self: string,
  [wanted, start, end]: readonly unknown[],
  fits: (part: string, each: string) => boolean,
) {
  if (typeof wanted !== 'string' && !(wanted instanceof Tuple))
    throw new TaskFailure(`startswith and endswith take a str or a tuple of str, not ${typeName(wanted)}`);
  const part = sliced(self, start, end);
  return (typeof wanted === 'string' ? [wanted] : [...wanted]).some((each) =>
    fits(part, needed(each, 'startswith')),
  );
}

function sliced(self: string, start: unknown, end: unknown): string {
  if (start === undefined && end === undefined) return self;
  const all = characters(self);
  const part = all.slice(Number(start ?? 0), end === undefined || end === null ? undefined : Number(end));
  return typeof part === 'string' ? part : part.join('');
}

function finding(find: (self: string, part: string) => number, strict: boolean): Text {
  return takes('sub! start end', (self, [part, start, end]) => {
    const index = find(sliced(self, start, end), needed(part, 'find'));
    if (index < 0) {
      if (strict) throw new TaskFailure('substring not found');
      return -1;
    }
    const from = Number(start ?? 0);
    return characters(self.slice(0, index)).length + (from < 0 ? Math.max(self.length + from, 0) : from);
  });
}

function padded(side: 'left' | 'right' | 'both'): Text {
  return takes('width! fillchar', (self, [width, fill]) => {
    const by = fill === undefined ? ' ' : needed(fill, 'fillchar');
    const missing = Math.max(0, Number(width) - characters(self).length);
    const left =
      side === 'left'
        ? missing
        : side === 'right'
          ? 0
          : Math.floor(missing / 2) + (missing & Number(width) & 1);
    return by.repeat(left) + self + by.repeat(missing - left);
  });
}

const numeric = /^\p{N}+$/u;

export const strings: Methods<string> = {
  split: takes('sep maxsplit', (self, [separator, limit]) => split(self, separator, Number(limit ?? -1))),
  rsplit: takes('sep maxsplit', (self, [separator, limit]) => rsplit(self, separator, Number(limit ?? -1))),
  splitlines: takes('keepends', (self, [keep]) => splitlines(self, keep === true)),
  partition: takes('sep!', (self, [separator]) => partition(self, needed(separator, 'partition'), false)),
  rpartition: takes('sep!', (self, [separator]) => partition(self, needed(separator, 'rpartition'), true)),
  strip: takes('chars', (self, [set]) => strip(self, set, true, true)),
  lstrip: takes('chars', (self, [set]) => strip(self, set, true, false)),
  rstrip: takes('chars', (self, [set]) => strip(self, set, false, true)),
  startswith: takes('prefix! start end', (self, args) =>
    some(self, args, (part, each) => part.startsWith(each)),
  ),
  endswith: takes('suffix! start end', (self, args) => some(self, args, (part, each) => part.endsWith(each))),
  removeprefix: takes('prefix!', (self, [prefix]) =>
    self.startsWith(String(prefix)) ? self.slice(String(prefix).length) : self,
  ),
  removesuffix: takes('suffix!', (self, [suffix]) =>
    suffix !== '' && self.endsWith(String(suffix)) ? self.slice(0, -String(suffix).length) : self,
  ),
  replace: takes('old! new! count', (self, [from, to, count]) =>
    replaceText(self, needed(from, 'replace'), needed(to, 'replace'), count),
  ),
  lower: takes('', (self) => self.toLowerCase()),
  upper: takes('', (self) => self.toUpperCase()),
  casefold: takes('', (self) => self.toLowerCase().replaceAll('ß', 'ss')),
  title: takes('', (self) => titleCase(self)),
  capitalize: takes('', (self) => capitalize(self)),
  swapcase: takes('', (self) =>
    [...self].map((each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join(''),
  ),
  join: takes('iterable!', (self, [items]) =>
    iterate(items)
      .map((each, index) => {
        if (typeof each === 'string') return each;
        throw new TaskFailure(`sequence item ${index}: expected str instance, ${typeName(each)} found`);
      })
      .join(self),
  ),
  find: finding((self, part) => self.indexOf(part), false),
  rfind: finding((self, part) => self.lastIndexOf(part), false),
  index: finding((self, part) => self.indexOf(part), true),
  rindex: finding((self, part) => self.lastIndexOf(part), true),
  count: takes('sub! start end', (self, [part, start, end]) => {
    const within = sliced(self, start, end);
    return part === '' ? characters(within).length + 1 : within.split(needed(part, 'count')).length - 1;
  }),
  isdigit: test(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u),
  isdecimal: test(/^\p{Nd}+$/u),
  isnumeric: test(numeric),
  isalpha: test(/^\p{L}+$/u),
  isalnum: test(/^[\p{L}\p{N}]+$/u),
  isspace: takes('', (self) => self !== '' && [...self].every((each) => space.test(each))),
  isidentifier: test(/^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  isascii: test(/^[\x00-\x7f]*$/),
  isprintable: takes('', (self) => [...self].every((each) => each === ' ' || !/[\p{C}\p{Z}]/u.test(each))),
  istitle: takes('', (self) => /\p{L}/u.test(self) && titleCase(self) === self),
  islower: takes('', (self) => self !== self.toUpperCase() && self === self.toLowerCase()),
  isupper: takes('', (self) => self !== self.toLowerCase() && self === self.toUpperCase()),
  ljust: padded('right'),
  rjust: padded('left'),
  center: padded('both'),
  zfill: takes('width!', (self, [width]) => {
    const sign = /^[+-]/.exec(self)?.[0] ?? '';
    return sign + self.slice(sign.length).padStart(Number(width) - sign.length, '0');
  }),
  expandtabs: takes('tabsize', (self, [size]) => expandTabs(self, Number(size ?? 8))),
  format: takesAny((self, args, named) => formatBraces(self, args, named)),
  format_map: takes('mapping!', (self, [mapping]) =>
    formatBraces(self, [], mapping as Record<string, unknown>),
  ),
  translate: takes('table!', (self, [table]) =>
    [...self].map((each) => translated(table as Record<string, unknown>, each)).join(''),
  ),
  encode: takes('encoding errors', (self) => self),
};

function translated(table: Record<string, unknown>, character: string): string {
  const code = character.codePointAt(0)!;
  const found = table[`\0i${code}`] ?? table[String(code)];
  if (found === undefined) return character;
  if (found === null) return '';
  return isInt(found) ? String.fromCodePoint(Number(found)) : String(found);
}

function expandTabs(self: string, size: number): string {
  let column = 0;
  return self.replace(/\t|\n|[^\t\n]+/g, (part) => {
    if (part === '\n') {
      column = 0;
      return part;
    }
    const width = part === '\t' ? (size > 0 ? size - (column % size) : 0) : part.length;
    column += width;
    return part === '\t' ? ' '.repeat(width) : part;
  });
}

function split(self: string, separator: unknown, limit: number): string[] {
  if (separator === undefined || separator === null) {
    const trimmed = strip(self, undefined, true, true);
    if (trimmed === '') return [];
    const words = trimmed.split(spaces);
    if (limit < 0 || words.length <= limit) return words;
    let rest = strip(self, undefined, true, false);
    for (const word of words.slice(0, limit)) rest = strip(rest.slice(word.length), undefined, true, false);
    return [...words.slice(0, limit), rest];
  }
  if (separator === '') throw new TaskFailure('empty separator');
  const parts = self.split(needed(separator, 'split'));
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(String(separator))];
}

function rsplit(self: string, separator: unknown, limit: number): string[] {
  const turned = typeof separator === 'string' ? reverse(separator) : separator;
  return split(reverse(self), turned, limit).map(reverse).reverse();
}

const lineEnd = '\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]';
const line = new RegExp(`(?:(?!${lineEnd})[\\s\\S])*(?:${lineEnd}|$)`, 'g');
const endOfLine = new RegExp(`(?:${lineEnd})$`);

function splitlines(self: string, keep: boolean): string[] {
  const lines = [...(self.match(line) ?? [])];
  if (lines.at(-1) === '') lines.pop();
  return keep ? lines : lines.map((each) => each.replace(endOfLine, ''));
}

function partition(self: string, separator: string, last: boolean): unknown[] {
  if (separator === '') throw new TaskFailure('empty separator');
  const index = last ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (index < 0) return last ? Tuple.of('', '', self) : Tuple.of(self, '', '');
  return Tuple.of(self.slice(0, index), separator, self.slice(index + separator.length));
}

/** Python's str.strip and its one-sided forms. */
export function strip(self: string, set: unknown, left: boolean, right: boolean): string {
  if (set !== undefined && set !== null && typeof set !== 'string')
    throw new TaskFailure(`strip arg must be None or str, not ${repr(set)}`);
  const goes = (character: string) =>
    typeof set === 'string' ? set.includes(character) : space.test(character);
  let begin = 0;
  let end = self.length;
  if (left) while (begin < end && goes(self.charAt(begin))) begin += 1;
  if (right) while (end > begin && goes(self.charAt(end - 1))) end -= 1;
  return self.slice(begin, end);
}

export function replaceText(self: string, from: string, to: string, count: unknown): string {
  const limit =
    count === undefined || count === null || Number(count) < 0 ? Number.POSITIVE_INFINITY : Number(count);
  if (from === '') {
    const all = [...self];
    let done = 0;
    let result = '';
    for (let index = 0; index <= all.length; index += 1) {
      if (done < limit) {
        result += to;
        done += 1;
      }
      result += all[index] ?? '';
    }
    return result;
  }
  if (limit === Number.POSITIVE_INFINITY) return self.replaceAll(from, () => to);
  const parts = self.split(from);
  if (parts.length <= limit) return parts.join(to);
  return [...parts.slice(0, limit), parts.slice(limit).join(from)].join(to);
}

/** Python's str.title. */
export function titleCase(self: string): string {
  return self.replace(/\p{L}+/gu, (word) => capitalize(word));
}

export function capitalize(self: string): string {
  const [first = '', ...rest] = self;
  return first.toUpperCase() + rest.join('').toLowerCase();
}

function reverse(self: string): string {
  return [...self].reverse().join('');
}
