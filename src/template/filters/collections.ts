import { TaskFailure } from '../../errors.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { item } from '../operators.ts';
import {
  compare,
  contains,
  type Dict,
  dict,
  equals,
  isDict,
  isTrue,
  iterate,
  list,
  text,
  Undefined,
} from '../python.ts';

/** `a.b.0` of a value. */
export function path(value: unknown, attribute: unknown): unknown {
  if (typeof attribute === 'number') return item(value, attribute);
  return text(attribute)
    .split('.')
    .reduce((result: unknown, part) => item(result, /^\d+$/.test(part) ? Number(part) : part), value);
}

function unique(values: readonly unknown[], key: (value: unknown) => unknown = (same) => same): unknown[] {
  const seen: unknown[] = [];
  return values.filter((value) => {
    const name = key(value);
    if (contains(seen, name)) return false;
    seen.push(name);
    return true;
  });
}

const length = filter([], (value) => (typeof value === 'string' ? [...value].length : iterate(value).length));

/** Orders as Jinja2's sort does: texts without regard to case unless asked for. */
function orderBy(key: (value: unknown) => unknown, caseSensitive: boolean) {
  const fold = (value: unknown) =>
    typeof value === 'string' && !caseSensitive ? value.toLowerCase() : value;
  return (left: unknown, right: unknown) => compare(fold(key(left)), fold(key(right)));
}

function extreme(name: string, sign: 1 | -1) {
  return filter(['attribute', 'case_sensitive'], (value, [attribute]) => {
    const values = list(value, name);
    const key = (each: unknown) => (attribute === undefined ? each : path(each, attribute));
    if (values.length === 0) return new Undefined(name, `the list is empty: it has no ${name}`);
    return values.reduce((best, each) => (compare(key(each), key(best)) * sign < 0 ? each : best));
  });
}

function flatten(values: readonly unknown[], levels: number, skipNulls: boolean): unknown[] {
  return values.flatMap((value) => {
    if (skipNulls && (value === null || value === 'None' || value === 'null')) return [];
    if (!Array.isArray(value)) return [value];
    return levels === 0 ? [value] : flatten(value, levels - 1, skipNulls);
  });
}

function generator(seed: unknown): () => number {
  if (seed === undefined || seed === null) return Math.random;
  let state = 0;
  for (const character of text(seed)) state = Math.imul(state ^ character.codePointAt(0)!, 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Filters for lists. */
export const collections: Filters = {
  length,
  count: length,
  first: filter(
    [],
    (value) => iterate(value)[0] ?? new Undefined('first', 'the list is empty: it has no first item'),
  ),
  last: filter(
    [],
    (value) => iterate(value).at(-1) ?? new Undefined('last', 'the list is empty: it has no last item'),
  ),
  min: extreme('min', 1),
  max: extreme('max', -1),
  sum: filter(['attribute', 'start'], (value, [attribute, start = 0]) => {
    const parts = list(value, 'sum').map((each) => (attribute === undefined ? each : path(each, attribute)));
    if (Array.isArray(start)) return [start, ...parts.map((each) => list(each, 'sum'))].flat();
    return parts.reduce((total: number, each) => {
      if (typeof each !== 'number') throw new TaskFailure(`sum adds numbers, not ${text(each)}`);
      return total + each;
    }, start);
  }),
  sort: filter(
    ['reverse', 'case_sensitive', 'attribute'],
    (value, [reverse = false, caseSensitive = false, attribute]) => {
      const keys = attribute === undefined ? [] : text(attribute).split(',');
      const key = (each: unknown) =>
        keys.length === 0
          ? each
          : keys.length === 1
            ? path(each, keys[0])
            : keys.map((part) => path(each, part));
      const sorted = [...iterate(value)].sort(orderBy(key, isTrue(caseSensitive)));
      return isTrue(reverse) ? sorted.reverse() : sorted;
    },
  ),
  unique: filter(['case_sensitive', 'attribute'], (value, [caseSensitive, attribute]) =>
    unique(list(value, 'unique'), (each) => {
      const key = attribute === undefined ? each : path(each, attribute);
      return typeof key === 'string' && caseSensitive === false ? key.toLowerCase() : key;
    }),
  ),
  union: filter(['other'], (value, [other]) => unique([...list(value, 'union'), ...list(other, 'union')])),
  intersect: filter(['other'], (value, [other]) =>
    unique(list(value, 'intersect').filter((each) => contains(list(other, 'intersect'), each))),
  ),
  difference: filter(['other'], (value, [other]) =>
    unique(list(value, 'difference').filter((each) => !contains(list(other, 'difference'), each))),
  ),
  symmetric_difference: filter(['other'], (value, [other]) => {
    const [left, right] = [list(value, 'symmetric_difference'), list(other, 'symmetric_difference')];
    return unique([
      ...left.filter((each) => !contains(right, each)),
      ...right.filter((each) => !contains(left, each)),
    ]);
  }),
  flatten: filter(['levels', 'skip_nulls'], (value, [levels, skipNulls = true]) =>
    flatten(list(value, 'flatten'), typeof levels === 'number' ? levels : -1, isTrue(skipNulls)),
  ),
  zip: variadic((value, others) => {
    const all = [value, ...others].map(iterate);
    return Array.from({ length: Math.min(...all.map((each) => each.length)) }, (_each, index) =>
      all.map((each) => each[index]),
    );
  }),
  zip_longest: variadic((value, others, { named }) => {
    const all = [value, ...others].map(iterate);
    return Array.from({ length: Math.max(...all.map((each) => each.length)) }, (_each, index) =>
      all.map((each) => (index < each.length ? each[index] : (named.fillvalue ?? null))),
    );
  }),
  product: variadic((value, others) =>
    [value, ...others]
      .map(iterate)
      .reduce<unknown[][]>((rows, next) => rows.flatMap((row) => next.map((each) => [...row, each])), [[]]),
  ),
  batch: filter(['linecount', 'fill_with'], (value, [size, fill]) => {
    const values = iterate(value);
    const rows = Array.from({ length: Math.ceil(values.length / size) }, (_each, index) =>
      values.slice(index * size, (index + 1) * size),
    );
    const last = rows.at(-1);
    if (last && fill !== undefined) while (last.length < size) last.push(fill);
    return rows;
  }),
  slice: filter(['slices', 'fill_with'], (value, [slices, fill]) => {
    const values = iterate(value);
    const [each, more] = [Math.floor(values.length / slices), values.length % slices];
    return Array.from({ length: slices }, (_row, index) => {
      const start = index * each + Math.min(index, more);
      const row = values.slice(start, start + each + (index < more ? 1 : 0));
      return fill !== undefined && index >= more ? [...row, fill] : row;
    });
  }),
  groupby: filter(['attribute', 'default'], (value, [attribute, otherwise]) => {
    const key = (each: unknown) => {
      const found = path(each, attribute);
      return found instanceof Undefined && otherwise !== undefined ? otherwise : found;
    };
    const sorted = [...list(value, 'groupby')].sort(orderBy(key, false));
    const groups: [unknown, unknown[]][] = [];
    for (const each of sorted) {
      const group = groups.at(-1);
      if (group && equals(group[0], key(each))) group[1].push(each);
      else groups.push([key(each), [each]]);
    }
    return groups;
  }),
  random: filter(['start', 'step', 'seed'], (value, [start = 0, step = 1, seed]) => {
    const next = generator(seed);
    if (typeof value === 'number')
      return start + step * Math.floor(next() * Math.ceil((value - start) / step));
    const values = iterate(value);
    if (values.length === 0) return new Undefined('random', 'the list is empty: it has no random item');
    return values[Math.floor(next() * values.length)];
  }),
  shuffle: filter(['seed'], (value, [seed]) => {
    const next = generator(seed);
    const values = [...list(value, 'shuffle')];
    for (let index = values.length - 1; index > 0; index -= 1) {
      const other = Math.floor(next() * (index + 1));
      [values[index], values[other]] = [values[other], values[index]];
    }
    return values;
  }),
  subelements: filter(['subelements', 'skip_missing'], (value, [names, skipMissing = false]) => {
    const keys = Array.isArray(names) ? names.join('.') : text(names);
    const owners = isDict(value) ? Object.values(value) : list(value, 'subelements');
    return owners.flatMap((owner) => {
      const found = path(dict(owner, 'subelements'), keys);
      if (found instanceof Undefined) return skipMissing ? [] : found.fail();
      return list(found, 'subelements').map((each) => [owner as Dict, each]);
    });
  }),
};
