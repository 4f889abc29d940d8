import { TaskFailure } from '../../errors.ts';
import { dumpYaml, parseYaml } from '../../yaml/located.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { type Dict, defined, isDict, isTrue } from '../python.ts';

interface Json {
  readonly indent: number | undefined;
  readonly sort: boolean;
  readonly ascii: boolean;
}

/** Python's json.dumps, whose spacing and escapes are not those of JSON.stringify. */
function json(value: unknown, options: Json, depth = 0): string {
  defined(value);
  const { indent, sort, ascii } = options;
  if (typeof value === 'string') return escaped(JSON.stringify(value), ascii);
  if (value instanceof Date) return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const array = Array.isArray(value);
  const keys = array ? [] : Object.keys(value);
  if (sort) keys.sort((left, right) => (left < right ? -1 : 1));
  const parts = array
    ? value.map((each) => json(each, options, depth + 1))
    : keys.map(
        (key) => `${escaped(JSON.stringify(key), ascii)}: ${json((value as Dict)[key], options, depth + 1)}`,
      );
  const [open, close] = array ? '[]' : '{}';
  if (parts.length === 0 || indent === undefined) return `${open}${parts.join(', ')}${close}`;
  const line = (level: number) => `\n${' '.repeat(indent * level)}`;
  return `${open}${line(depth + 1)}${parts.join(`,${line(depth + 1)}`)}${line(depth)}${close}`;
}

function escaped(written: string, ascii: boolean): string {
  if (!ascii) return written;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything that is not ASCII is meant
  return written.replace(/[^\x00-\x7f]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const toJson = (indent: number | undefined, sort: boolean) =>
  variadic((value, [width], { named }) =>
    json(value, {
      indent: (named.indent ?? width ?? indent) as number | undefined,
      sort: isTrue(named.sort_keys ?? sort),
      ascii: isTrue(named.ensure_ascii ?? true),
    }),
  );

const toYaml = (indent: number) =>
  variadic((value, [width], { named }) =>
    dumpYaml(plain(value), {
      indent: Number(named.indent ?? width ?? indent),
      sortKeys: isTrue(named.sort_keys ?? true),
      flow: isTrue(named.default_flow_style ?? false),
    }),
  );

/** Without what is lazy in it. */
function plain(value: unknown): unknown {
  defined(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isDict(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** Filters between values and their written forms. */
export const data: Filters = {
  to_json: toJson(undefined, false),
  tojson: toJson(undefined, false),
  to_nice_json: toJson(4, true),
  from_json: filter([], (value) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch (error) {
      throw new TaskFailure(`from_json: this is no JSON: ${(error as Error).message}`);
    }
  }),
  to_yaml: toYaml(2),
  to_nice_yaml: toYaml(4),
  from_yaml: filter([], (value) => (typeof value === 'string' ? parseYaml(value, 'from_yaml') : value)),
  pprint: filter([], (value) => json(value, { indent: 4, sort: true, ascii: false })),
};
