import { TaskFailure } from '../../errors.ts';
import { parseYaml } from '../../yaml/located.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { fromJson, toJson } from '../json.ts';
import { type Dict, isTrue, iterate, repr, text, typeName } from '../python.ts';
import { toYaml } from '../yaml/dump.ts';

function json(value: unknown, { indent, sort_keys: sort, ensure_ascii: ascii, separators }: Dict): string {
  const given = separators === undefined || separators === null ? undefined : iterate(separators).map(text);
  const width =
    indent === undefined || indent === null
      ? undefined
      : typeof indent === 'string'
        ? indent
        : ' '.repeat(Number(indent));
  return toJson(value, {
    indent: width,
    sort: isTrue(sort ?? false),
    ascii: isTrue(ascii ?? true),
    between: given?.[0] ?? (width === undefined ? ', ' : ','),
    colon: given?.[1] ?? ': ',
  });
}

/** Jinja2's own, which is safe in HTML. */
const tojson = filter(['indent'], (value, [indent]) =>
  json(value, { indent, sort_keys: true }).replace(
    /[<>&']/g,
    (each) => `\\u00${each.charCodeAt(0).toString(16)}`,
  ),
);

/** Filters between values and their written forms. */
export const data: Filters = {
  to_json: variadic((value, _args, { named }) => json(value, named)),
  tojson,
  to_nice_json: variadic((value, [indent = 4, sort = true], { named }) =>
    json(value, { indent, sort_keys: sort, ...named, separators: [',', ': '] }),
  ),
  from_json: filter([], (value) => {
    if (typeof value === 'string') return fromJson(value);
    throw new TaskFailure(`from_json: the JSON object must be str, not ${typeName(value)}`);
  }),
  to_yaml: variadic((value, _args, { named }) => toYaml(value, { default_flow_style: null, ...named })),
  to_nice_yaml: variadic((value, [indent = 4], { named }) =>
    toYaml(value, { indent, default_flow_style: false, ...named }),
  ),
  from_yaml: filter([], (value) => (typeof value === 'string' ? parseYaml(value, 'from_yaml') : value)),
  from_yaml_all: filter([], (value) => {
    if (value === null) return [];
    return typeof value === 'string'
      ? value
          .split(/^---(?:\s|$)/m)
          .filter((document, index) => index > 0 || document.trim() !== '')
          .map((document) => parseYaml(document, 'from_yaml_all'))
      : value;
  }),
  pprint: filter([], (value) => repr(value)),
};
