import { TaskFailure } from '../../errors.ts';
import { item } from '../attributes.ts';
import { compare, equals } from '../comparison.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { findKey } from '../keys.ts';
import { chance, shuffled } from '../mersenne.ts';
import { isFloat, isInt, isNumeric, real } from '../numbers.ts';
import { binaryOperators } from '../operators.ts';
import {
  defined,
  Group,
  isDict,
  isTrue,
  iterate,
  list,
  Range,
  repr,
  size,
  Tuple,
  text,
  typeName,
  Undefined,
} from '../python.ts';
import { sets } from './sets.ts';

/** `a.b.0` of a value. */
export function path(value: unknown, attribute: unknown): unknown {
  if (isInt(attribute)) return item(value, attribute);
  return text(attribute)
    .split('.')
    .reduce((result: unknown, part) => item(result, /^\d+$/.test(part) ? Number(part) : part), value);
}

/** Texts without regard to case, unless it counts. */
function folded(value: unknown, caseSensitive: unknown): unknown {
  return typeof value === 'string' && !isTrue(caseSensitive ?? false) ? value.toLowerCase() : value;
}

function ordered(values: readonly unknown[], key: (value: unknown) => unknown, reverse: boolean): unknown[] {
  const turn = reverse ? -1 : 1;
  return values
    .map((value) => ({ value, key: key(value) }))
    .sort((left, right) => turn * compare(left.key, right.key))
    .map(({ value }) => value);
}

function extreme(name: string, sign: 1 | -1) {
  return filter(['case_sensitive', 'attribute'], (value, [caseSensitive, attribute]) => {
    const values = iterate(value);
    const key = (each: unknown) =>
      folded(attribute === undefined ? each : path(each, attribute), caseSensitive);
    if (values.length === 0) return new Undefined('', 'No aggregated item, sequence was empty.', name);
    return values.reduce((best, each) => (compare(key(each), key(best)) * sign < 0 ? each : best));
  });
}

function flatten(values: readonly unknown[], levels: number, skipNulls: boolean): unknown[] {
  return values.flatMap((value) => {
    if (skipNulls && (value === null || value === 'None' || value === 'null')) return [];
    if (!Array.isArray(value) || levels === 0) return [value];
    return flatten(value, levels - 1, skipNulls);
  });
}

const edge = (name: string, at: number) =>
  filter([], (value) => {
    const all = iterate(value);
    if (all.length === 0) return new Undefined('', `No ${name} item, sequence was empty.`);
    return all.at(at);
  });

const length = filter([], size);

function subelements(value: unknown, names: unknown, skipMissing: boolean): unknown[] {
  const keys = Array.isArray(names)
    ? names.map(text)
    : typeof names === 'string'
      ? names.split('.')
      : undefined;
  if (!keys) throw new TaskFailure('subelements must be a list or a string');
  if (!isDict(value) && !Array.isArray(value))
    throw new TaskFailure('obj must be a list of dicts or a nested dict');
  return (isDict(value) ? Object.values(value) : value).flatMap((owner) => {
    let found: unknown = owner;
    for (const key of keys) {
      if (!isDict(found))
        throw new TaskFailure(`the key ${repr(key)} should point to a dictionary, got ${repr(found)}`);
      const name = findKey(found, key);
      if (name === undefined && skipMissing) return [];
      if (name === undefined)
        throw new TaskFailure(`could not find ${repr(key)} key in iterated item ${repr(found)}`);
      found = found[name];
    }
    if (!Array.isArray(found))
      throw new TaskFailure(`the key ${repr(keys.at(-1))} should point to a list, got ${repr(found)}`);
    return found.map((each) => Tuple.of(owner, each));
  });
}

/** Neumaier's compensated sum, as Python's sum() of floats does since 3.12. */
function floatSum(values: readonly unknown[]): unknown {
  let [sum, lost] = [0, 0];
  for (const each of values) {
    const value = Number(each);
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return real(Number.isFinite(lost) ? sum + lost : sum);
}

/** Filters for lists. */
export const collections: Filters = {
  ...sets,
  length,
  count: length,
  first: edge('first', 0),
  last: edge('last', -1),
  min: extreme('min', 1),
  max: extreme('max', -1),
  sum: filter(['attribute', 'start'], (value, [attribute, start = 0]) => {
    const parts = iterate(value).map((each) =>
      defined(attribute === undefined || attribute === null ? each : path(each, attribute)),
    );
    if (isNumeric(start) && parts.every(isNumeric) && parts.some(isFloat)) return floatSum([start, ...parts]);
    return parts.reduce((total, each) => binaryOperators['+']!(total, each), start);
  }),
  sort: filter(
    ['reverse', 'case_sensitive', 'attribute'],
    (value, [reverse = false, caseSensitive = false, attribute]) => {
      const keys = attribute === undefined || attribute === null ? [] : text(attribute).split(',');
      const key = (each: unknown) => {
        if (keys.length === 0) return folded(each, caseSensitive);
        return keys.map((part) => folded(path(each, part), caseSensitive));
      };
      return ordered(iterate(value), key, isTrue(reverse));
    },
  ),
  flatten: filter(['levels', 'skip_nulls'], (value, [levels = null, skipNulls = true]) =>
    flatten(iterate(value), levels === null ? -1 : Math.max(0, Number(levels)), isTrue(skipNulls)),
  ),
  batch: filter(['linecount!', 'fill_with'], (value, [count, fill = null]) => {
    const values = iterate(value);
    const rows: unknown[][] = [];
    for (let index = 0; index < values.length; index += Number(count))
      rows.push(values.slice(index, index + Number(count)));
    const last = rows.at(-1);
    if (last && fill !== null) while (last.length < Number(count)) last.push(fill);
    return rows;
  }),
  slice: filter(['slices!', 'fill_with'], (value, [slices, fill = null]) => {
    const values = iterate(value);
    const [each, more] = [Math.floor(values.length / slices), values.length % slices];
    return Array.from({ length: slices }, (_row, index) => {
      const start = index * each + Math.min(index, more);
      const row = values.slice(start, start + each + (index < more ? 1 : 0));
      return fill !== null && index >= more ? [...row, fill] : row;
    });
  }),
  groupby: filter(
    ['attribute!', 'default', 'case_sensitive'],
    (value, [attribute, _default, caseSensitive = false]) => {
      // Ansible's default comes too late: what is undefined has failed before.
      const plain = (each: unknown) => defined(path(each, attribute));
      const key = (each: unknown) => folded(plain(each), caseSensitive);
      const groups: { key: unknown; group: Group }[] = [];
      for (const each of ordered(iterate(value), key, false)) {
        const group = groups.at(-1);
        if (group && equals(group.key, key(each))) (group.group[1] as unknown[]).push(each);
        else {
          const next = new Group();
          next.push(plain(each), [each]);
          groups.push({ key: key(each), group: next });
        }
      }
      return groups.map(({ group }) => group);
    },
  ),
  random: filter(['start', 'step', 'seed'], (value, [start = null, step = null, seed]) => {
    const pick = chance(seed);
    if (isInt(value)) {
      const from = Number(start ?? 0);
      const by = Number(step ?? 0) || 1;
      return from + by * pick(Math.ceil((Number(value) - from) / by));
    }
    if (isDict(value)) throw new TaskFailure('random picks from lists and texts, not from a dict');
    const values = iterate(value);
    if (isTrue(start) || isTrue(step))
      throw new TaskFailure('start and step can only be used with integer values');
    if (values.length === 0) throw new TaskFailure('Cannot choose from an empty sequence');
    return values[pick(values.length)];
  }),
  shuffle: filter(['seed'], (value, [seed]) => {
    if (!Array.isArray(value) && typeof value !== 'string' && !isDict(value)) return value;
    return shuffled(iterate(value), chance(isTrue(seed ?? null) ? seed : undefined));
  }),
  subelements: filter(['subelements!', 'skip_missing'], (value, [names, skipMissing = false]) =>
    subelements(value, names, isTrue(skipMissing)),
  ),
  reverse: filter([], (value) => {
    if (typeof value === 'string') return [...value].reverse().join('');
    if (value instanceof Range || Array.isArray(value) || isDict(value))
      return [...list(value, 'reverse')].reverse();
    throw new TaskFailure(`argument must be iterable, not ${typeName(value)}`);
  }),
  join: filter(['d', 'attribute'], (value, [separator = '', attribute]) =>
    iterate(value)
      .map((each) => text(attribute === undefined || attribute === null ? each : path(each, attribute)))
      .join(text(separator)),
  ),
  zip: variadic((value, others, { named }) => {
    const all = [value, ...others].map(iterate);
    const least = Math.min(...all.map((each) => each.length));
    if (isTrue(named.strict ?? false) && all.some((each) => each.length !== least))
      throw new TaskFailure('zip() arguments have different lengths');
    return Array.from({ length: least }, (_each, index) => Tuple.of(...all.map((each) => each[index])));
  }),
  zip_longest: variadic((value, others, { named }) => {
    const all = [value, ...others].map(iterate);
    const most = Math.max(...all.map((each) => each.length));
    return Array.from({ length: most }, (_each, index) =>
      Tuple.of(...all.map((each) => (index < each.length ? each[index] : (named.fillvalue ?? null)))),
    );
  }),
  product: variadic((value, others, { named }) => {
    const once = [value, ...others].map(iterate);
    const all = Array.from({ length: Number(named.repeat ?? 1) }, () => once).flat();
    let rows: unknown[][] = [[]];
    for (const next of all) rows = rows.flatMap((row) => next.map((each) => [...row, each]));
    return rows.map((row) => Tuple.of(...row));
  }),
  permutations: filter(['r'], (value, [count = null]) => {
    const values = iterate(value);
    return chosen(values, Number(count ?? values.length), (index, used) => !used.includes(index));
  }),
  combinations: filter(['r!'], (value, [count]) =>
    chosen(iterate(value), Number(count), (index, used) => index > (used.at(-1) ?? -1)),
  ),
};

/** Every pick of so many values that the rule allows, in the order of their places. */
function chosen(
  values: readonly unknown[],
  count: number,
  allowed: (index: number, used: readonly number[]) => boolean,
): unknown[] {
  let picks: number[][] = [[]];
  for (let round = 0; round < count; round += 1)
    picks = picks.flatMap((used) =>
      values.flatMap((_value, index) => (allowed(index, used) ? [[...used, index]] : [])),
    );
  return picks.map((used) => Tuple.of(...used.map((index) => values[index])));
}
