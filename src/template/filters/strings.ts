import { createHash, getHashes } from 'node:crypto';
import { TaskFailure } from '../../errors.ts';
import { quote } from '../../host/sh.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { formatPercent } from '../format.ts';
import { center, method, replaceText, strip, titleCase } from '../methods.ts';
import { isDict, isTrue, iterate, list, text } from '../python.ts';
import { expand, expression } from '../regex.ts';
import { comment } from './comment.ts';

const hash = (algorithm: string, value: unknown) => {
  if (!getHashes().includes(algorithm)) throw new TaskFailure(`there is no hash '${algorithm}'`);
  return createHash(algorithm).update(text(value)).digest('hex');
};
const flags = (ignorecase: unknown, multiline: unknown) => ({
  ignorecase: isTrue(ignorecase ?? false),
  multiline: isTrue(multiline ?? false),
});

/** Filters for texts. */
export const strings: Filters = {
  lower: filter([], (value) => text(value).toLowerCase()),
  upper: filter([], (value) => text(value).toUpperCase()),
  title: filter([], (value) => titleCase(text(value))),
  capitalize: filter([], (value) => text(value).charAt(0).toUpperCase() + text(value).slice(1).toLowerCase()),
  trim: filter(['chars'], (value, [characters]) => strip(text(value), characters, true, true)),
  replace: filter(['old', 'new', 'count'], (value, [from, to, count]) =>
    replaceText(text(value), text(from), text(to), count),
  ),
  split: filter(['separator', 'maxsplit'], (value, args) => method(text(value), 'split')!.call(args, {})),
  splitlines: filter([], (value) => method(text(value), 'splitlines')!.call([], {})),
  format: variadic((value, args, { named }) =>
    formatPercent(text(value), Object.keys(named).length > 0 ? named : [...args]),
  ),
  indent: filter(['width', 'first', 'blank'], (value, [width = 4, first = false, blank = false]) => {
    const space = typeof width === 'string' ? width : ' '.repeat(Number(width));
    const lines = text(value).split('\n');
    return lines
      .map((line, index) =>
        (index > 0 || first) && (line !== '' || blank || index === 0) ? space + line : line,
      )
      .join('\n');
  }),
  wordwrap: filter(
    ['width', 'break_long_words', 'wrapstring', 'break_on_hyphens'],
    (value, [width = 79, breakLong = true, wrapString = '\n']) =>
      text(value)
        .split('\n')
        .map((line) => wrap(line, Number(width), isTrue(breakLong)).join(wrapString))
        .join(wrapString),
  ),
  center: filter(['width'], (value, [width = 80]) => center(text(value), Number(width))),
  truncate: filter(
    ['length', 'killwords', 'end', 'leeway'],
    (value, [length = 255, kill = false, end = '...', leeway = 5]) => {
      if (text(value).length <= length + leeway) return text(value);
      const cut = text(value).slice(0, length - text(end).length);
      return (kill ? cut : cut.replace(/\s\S*$/, '')) + text(end);
    },
  ),
  wordcount: filter([], (value) => (text(value).match(/\w+/g) ?? []).length),
  quote: filter([], (value) => (text(value) === '' ? "''" : quote(text(value)))),
  comment: filter(
    [
      'style',
      'newline',
      'beginning',
      'prefix',
      'prefix_count',
      'decoration',
      'postfix',
      'postfix_count',
      'end',
    ],
    comment,
  ),
  urlencode: filter([], (value) => {
    const encode = (part: unknown) =>
      encodeURIComponent(text(part)).replace(
        /[!'()*]/g,
        (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
      );
    if (!isDict(value) && !Array.isArray(value)) return encode(value).replaceAll('%2F', '/');
    const pairs = Array.isArray(value) ? (value as [unknown, unknown][]) : Object.entries(value);
    return pairs.map((pair) => pair.map((part) => encode(part).replaceAll('%20', '+')).join('=')).join('&');
  }),
  escape: filter([], escapeHtml),
  e: filter([], escapeHtml),
  safe: filter([], (value) => text(value)),
  regex_escape: filter(['re_type'], (value) =>
    text(value).replace(/[\s!-/:-@[-^`{-~]/g, (each) =>
      '%,:;<=>@!"\'/`'.includes(each) ? each : `\\${each}`,
    ),
  ),
  regex_replace: filter(
    ['pattern', 'replacement', 'ignorecase', 'multiline', 'count', 'mandatory_count'],
    (value, [pattern = '', replacement = '', ignorecase, multiline, count = 0, mandatory = 0]) => {
      let done = 0;
      const result = text(value).replace(
        expression(text(pattern), flags(ignorecase, multiline)),
        (...parts) => {
          if (count && done >= count) return parts[0] as string;
          done += 1;
          const groups = parts.at(-1);
          const captured = parts.slice(
            0,
            parts.findIndex((part) => typeof part === 'number'),
          );
          return expand(
            text(replacement),
            Object.assign(captured, typeof groups === 'object' && { groups }) as RegExpMatchArray,
          );
        },
      );
      if (mandatory && done !== mandatory)
        throw new TaskFailure(`'${pattern}' should match ${mandatory} times, but matches ${done} times`);
      return result;
    },
  ),
  regex_search: variadic((value, [pattern, ...groups], { named }) => {
    const match = expression(text(pattern), flags(named.ignorecase, named.multiline)).exec(text(value));
    if (match === null) return null;
    if (groups.length === 0) return match[0];
    return groups.map((group) => {
      const name = text(group).replace(/^\\(?:g<(\w+)>|(\d+))$/, '$1$2');
      return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? null;
    });
  }),
  regex_findall: filter(['pattern', 'multiline', 'ignorecase'], (value, [pattern, multiline, ignorecase]) =>
    [...text(value).matchAll(expression(text(pattern), flags(ignorecase, multiline)))].map((match) =>
      match.length === 1
        ? match[0]
        : match.length === 2
          ? (match[1] ?? '')
          : match.slice(1).map((each) => each ?? ''),
    ),
  ),
  b64encode: filter(['encoding'], (value) => Buffer.from(text(value), 'utf8').toString('base64')),
  b64decode: filter(['encoding'], (value) => Buffer.from(text(value), 'base64').toString('utf8')),
  hash: filter(['hashtype'], (value, [algorithm = 'sha1']) => hash(text(algorithm), value)),
  checksum: filter([], (value) => hash('sha1', value)),
  sha1: filter([], (value) => hash('sha1', value)),
  md5: filter([], (value) => hash('md5', value)),
  join: filter(['d', 'attribute'], (value, [separator = '', attribute]) =>
    iterate(value)
      .map((each) => text(attribute === undefined ? each : (each as Record<string, unknown>)[attribute]))
      .join(text(separator)),
  ),
  reverse: filter([], (value) =>
    typeof value === 'string' ? [...value].reverse().join('') : [...list(value, 'reverse')].reverse(),
  ),
};

function escapeHtml(value: unknown): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  };
  return text(value).replace(/[&<>"']/g, (each) => names[each]!);
}

function wrap(line: string, width: number, breakLong: boolean): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/\s+/).filter(Boolean)) {
    const pieces =
      breakLong && word.length > width ? (word.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : [word];
    for (const piece of pieces) {
      if (current && current.length + 1 + piece.length > width) {
        lines.push(current);
        current = piece;
      } else current = current ? `${current} ${piece}` : piece;
    }
  }
  return [...lines, current];
}
