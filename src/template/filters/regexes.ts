import { TaskFailure } from '../../errors.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { isTrue, Tuple, text, typeName } from '../python.ts';
import { expand, expression } from '../regex.ts';

const flags = (ignorecase: unknown, multiline: unknown) => ({
  ignorecase: isTrue(ignorecase ?? false),
  multiline: isTrue(multiline ?? false),
});

/** What `\1` and `\g<name>` stand for. */
function group(match: RegExpExecArray, reference: unknown): unknown {
  if (typeof reference !== 'string') throw new TaskFailure(`a group is a text, not ${typeName(reference)}`);
  const name = /^\\(?:g<(\S+)>|(\d+))/.exec(reference);
  if (!name)
    throw new TaskFailure(`Unknown argument ${reference}`, "groups are written '\\1' or '\\g<name>'");
  const key = name[1] ?? name[2]!;
  const known = /^\d+$/.test(key) ? Number(key) < match.length : Object.hasOwn(match.groups ?? {}, key);
  if (!known) throw new TaskFailure(`no such group: ${key}`);
  return (/^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key]) ?? null;
}

/** Filters with Python's regular expressions. */
export const regexes: Filters = {
  regex_escape: filter(['re_type'], (value, [type = 'python']) => {
    if (type === 'python')
      return text(value).replace(/[ \t\n\r\v\f#$&()*+.?[\\\]^{|}~-]/g, (each) => `\\${each}`);
    if (type === 'posix_basic')
      return text(value).replace(/[\]["^.*\\$]/g, (each) => (each === '"' ? each : `\\${each}`));
    throw new TaskFailure(`Invalid regex type (${text(type)})`, 'use python or posix_basic');
  }),
  regex_replace: filter(
    ['pattern', 'replacement', 'ignorecase', 'multiline', 'count', 'mandatory_count'],
    (value, [pattern = '', replacement = '', ignorecase, multiline, count = 0, mandatory = 0]) => {
      let done = 0;
      const result = text(value).replace(
        expression(text(pattern), flags(ignorecase, multiline)),
        (...parts) => {
          if (Number(count) && done >= Number(count)) return parts[0] as string;
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
      if (isTrue(mandatory) && done !== Number(mandatory))
        throw new TaskFailure(
          `'${text(pattern)}' should match ${mandatory} times, but matches ${done} times in '${text(value)}'`,
        );
      return result;
    },
  ),
  regex_search: variadic((value, [pattern, ...groups], { named }) => {
    const { ignorecase, multiline, regex = pattern } = named;
    if (regex === undefined) throw new TaskFailure('regex_search needs a regular expression');
    const match = expression(text(regex), flags(ignorecase, multiline)).exec(text(value));
    if (match === null) return null;
    return groups.length === 0 ? match[0] : groups.map((each) => group(match, each));
  }),
  regex_findall: filter(['regex!', 'multiline', 'ignorecase'], (value, [pattern, multiline, ignorecase]) =>
    [...text(value).matchAll(expression(text(pattern), flags(ignorecase, multiline)))].map((match) => {
      if (match.length === 1) return match[0];
      return match.length === 2 ? (match[1] ?? '') : Tuple.of(...match.slice(1).map((each) => each ?? ''));
    }),
  ),
};
