import { TaskFailure } from '../../errors.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { formatPercent } from '../format.ts';
import { entriesOf, makeDict } from '../keys.ts';
import { callMethod } from '../methods/index.ts';
import { capitalize, replaceText, strip } from '../methods/strings.ts';
import { isDict, isTrue, iterate, Tuple, text, typeName } from '../python.ts';
import { base64, decodeUrl, unbase64 } from './bytes.ts';
import { comment } from './comment.ts';
import { wordwrap } from './wordwrap.ts';

/** Jinja2's title: words begin after spaces, dashes and brackets, and not after an apostrophe. */
function title(value: string): string {
  return value
    .split(/([-\s({[<]+)/)
    .map((word) => (word === '' ? '' : word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()))
    .join('');
}

function indent(value: string, width: unknown, first: boolean, blank: boolean): string {
  const space = typeof width === 'string' ? width : ' '.repeat(Number(width));
  const all = callMethod(`${value}\n`, 'splitlines', []) as string[];
  const [head = '', ...rest] = all;
  const whole = blank
    ? all.join(`\n${space}`)
    : [head, ...rest.map((line) => (line === '' ? line : space + line))].join('\n');
  return first ? space + whole : whole;
}

function truncate(value: string, length: number, kill: boolean, end: string, leeway: number): string {
  if (length < end.length) throw new TaskFailure(`expected length >= ${end.length}, got ${length}`);
  if (leeway < 0) throw new TaskFailure(`expected leeway >= 0, got ${leeway}`);
  const all = [...value];
  if (all.length <= length + leeway) return value;
  const cut = all.slice(0, length - end.length).join('');
  if (kill) return cut + end;
  const space = cut.lastIndexOf(' ');
  return (space < 0 ? cut : cut.slice(0, space)) + end;
}

function encoded(part: unknown, slash: string): string {
  return encodeURIComponent(text(part)).replace(/%2F|[!'()*]/g, (each) =>
    each === '%2F' ? slash : `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function urlencode(value: unknown): string {
  if (!Array.isArray(value) && !isDict(value)) return encoded(value, '/');
  const pairs = isDict(value) ? entriesOf(value) : value.map(iterate);
  return pairs
    .map((pair) => {
      if (pair.length !== 2) throw new TaskFailure('urlencode needs a text, a dict or a list of pairs');
      return pair.map((part) => encoded(part, '%2F').replaceAll('%20', '+')).join('=');
    })
    .join('&');
}

const names: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escapeHtml(value: unknown): string {
  return text(value).replace(/[&<>"']/g, (each) => names[each]!);
}

const plain = (apply: (value: string) => unknown) => filter([], (value) => apply(text(value)));

function needsText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TaskFailure(`a text is needed, not ${typeName(value)}`);
}

/** Filters for texts. */
export const strings: Filters = {
  lower: plain((value) => value.toLowerCase()),
  upper: plain((value) => value.toUpperCase()),
  title: plain(title),
  capitalize: plain(capitalize),
  trim: filter(['chars'], (value, [set]) => strip(text(value), set, true, true)),
  replace: filter(['old!', 'new!', 'count'], (value, [from, to, count]) =>
    replaceText(text(value), text(from), text(to), count),
  ),
  split: filter(['sep', 'maxsplit'], (value, args) => callMethod(needsText(value), 'split', args)),
  format: variadic((value, args, { named }) => {
    const given = Object.entries(named);
    if (args.length > 0 && given.length > 0)
      throw new TaskFailure("can't handle positional and keyword arguments at the same time");
    return formatPercent(text(value), given.length > 0 ? makeDict(given) : Tuple.of(...args));
  }),
  indent: filter(['width', 'first', 'blank'], (value, [width = 4, first = false, blank = false]) =>
    indent(needsText(value), width, isTrue(first), isTrue(blank)),
  ),
  wordwrap: filter(
    ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'],
    (value, [width = 79, breakLong = true, newline = null, hyphens = true]) =>
      wordwrap(needsText(value), Number(width), isTrue(breakLong), isTrue(hyphens), text(newline ?? '\n')),
  ),
  center: filter(['width'], (value, [width = 80]) => callMethod(text(value), 'center', [width])),
  truncate: filter(
    ['length', 'killwords', 'end', 'leeway'],
    (value, [length = 255, kill = false, end = '...', leeway = 5]) =>
      truncate(needsText(value), Number(length), isTrue(kill), text(end), Number(leeway ?? 5)),
  ),
  wordcount: plain((value) => (value.match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  quote: filter([], (value) => {
    const word = value === null ? '' : text(value);
    if (word === '') return "''";
    return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
  }),
  comment: variadic((value, args, { named }) => comment(value, args, named)),
  urlencode: filter([], urlencode),
  urldecode: filter([], (value) => decodeUrl(needsText(value))),
  escape: filter([], escapeHtml),
  e: filter([], escapeHtml),
  forceescape: filter([], escapeHtml),
  safe: filter([], (value) => text(value)),
  striptags: plain((value) =>
    value
      .replace(/<!--[\s\S]*?-->/g, '')
      .replace(/<[^>]*>/g, '')
      .trim()
      .split(/\s+/)
      .join(' '),
  ),
  xmlattr: filter(['autospace'], (value, [autospace = true]) => {
    if (!isDict(value)) throw new TaskFailure(`xmlattr needs a dict, not ${typeName(value)}`);
    const all = entriesOf(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => `${escapeHtml(key)}="${escapeHtml(item)}"`);
    return (all.length > 0 && isTrue(autospace) ? ' ' : '') + all.join(' ');
  }),
  b64encode: filter(['encoding', 'urlsafe'], (value, [encoding = 'utf-8', urlSafe = false]) =>
    base64(text(value), text(encoding), isTrue(urlSafe)),
  ),
  b64decode: filter(['encoding', 'urlsafe'], (value, [encoding = 'utf-8', urlSafe = false]) =>
    unbase64(text(value), text(encoding), isTrue(urlSafe)),
  ),
};
