import { TaskFailure } from '../../errors.ts';
import { equals } from '../comparison.ts';
import { csv } from '../csv.ts';
import { type Filters, filter, variadic } from '../environment.ts';
import { findKey, makeDict, put } from '../keys.ts';
import { chance } from '../mersenne.ts';
import { real } from '../numbers.ts';
import { type Dict, isDict, isTrue, iterate, repr, size, text, typeName } from '../python.ts';
import { compareVersions } from '../version.ts';
import { type ListMerge, merge } from './dicts.ts';

/** A list or a text, as Python's Sequence. */
function sequence(value: unknown, what: string): unknown[] {
  if (Array.isArray(value) || typeof value === 'string') return iterate(value);
  throw new TaskFailure(`${what} needs a list, not ${typeName(value)}`);
}

function pair(value: unknown): readonly [unknown, unknown] {
  const parts = iterate(value);
  if (parts.length !== 2) throw new TaskFailure(`a pair of key and value is needed, not ${repr(value)}`);
  return [parts[0], parts[1]];
}

function counted(value: unknown): Dict {
  const result: Dict = {};
  for (const each of sequence(value, 'counter')) {
    const name = findKey(result, each);
    if (name === undefined) put(result, each, 1);
    else result[name] = (result[name] as number) + 1;
  }
  return result;
}

function grouped(value: unknown, attribute: unknown): Dict {
  const result: Dict = {};
  for (const [index, each] of sequence(value, 'groupby_as_dict').entries()) {
    if (!isDict(each)) throw new TaskFailure(`Sequence element #${index} is not a mapping`);
    const name = findKey(each, attribute);
    if (name === undefined) throw new TaskFailure(`Attribute not contained in element #${index} of sequence`);
    if (findKey(result, each[name]) !== undefined)
      throw new TaskFailure(`Multiple sequence entries have attribute value ${repr(each[name])}`);
    put(result, each[name], each);
  }
  return result;
}

/** Lists of dicts as one: those with the same value under `index` are merged. */
function mergedBy(all: readonly unknown[], index: unknown, recursive: boolean, lists: ListMerge): unknown {
  const flat = all.flatMap((given) => {
    const items = sequence(given, 'lists_mergeby');
    if (items.length === 0) return [];
    return items.every((each) => Array.isArray(each) || typeof each === 'string') ? items : [items];
  });
  if (flat.length < 2) return flat[0] ?? [];
  if (typeof index !== 'string')
    throw new TaskFailure(`lists_mergeby: the name to merge by must be a text, not ${typeName(index)}`);
  return flat.reduceRight((above, below) => {
    const found = new Map<unknown, Dict>();
    for (const each of [...iterate(below), ...iterate(above)]) {
      if (!isDict(each))
        throw new TaskFailure('Elements of list arguments for lists_mergeby must be dictionaries.');
      const name = findKey(each, index);
      if (name === undefined) continue;
      const key = [...found.keys()].find((known) => equals(known, each[name])) ?? each[name];
      found.set(key, merge(found.get(key) ?? {}, each, recursive, lists));
    }
    return [...found.entries()]
      .sort(([left], [right]) => (compareKeys(left, right) ? -1 : 1))
      .map(([, value]) => value);
  });
}

function compareKeys(left: unknown, right: unknown): boolean {
  if (typeof left !== typeof right)
    throw new TaskFailure(
      `'<' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
    );
  return (left as string) < (right as string);
}

const dialects: Readonly<Record<string, string>> = { excel: ',', 'excel-tab': '\t', unix: ',' };

function fromCsv(value: unknown, given: readonly unknown[]): unknown {
  const [dialect = 'excel', names = null, delimiter = null, skip = null, strict = null] = given;
  if (!Object.hasOwn(dialects, text(dialect)))
    throw new TaskFailure(`Dialect '${text(dialect)}' is not supported by your version of python.`);
  if (isTrue(strict)) throw new TaskFailure('from_csv: strict is not supported');
  const between = delimiter === null ? dialects[text(dialect)]! : text(delimiter);
  const source = text(value).replaceAll('\r\n', '\n');
  const rows = csv(
    isTrue(skip) ? source.replaceAll(new RegExp(`(?<=[${between}]) +`, 'g'), '') : source,
    between,
  );
  const [head, ...more] = names === null ? rows : [iterate(names), ...rows];
  const fields = (head ?? []).map(text);
  return more
    .filter((row) => row.length > 0)
    .map((row) => {
      const known = fields.map((field, index) => [field, row[index] ?? null] as const);
      return makeDict(row.length > fields.length ? [...known, [null, row.slice(fields.length)]] : known);
    });
}

function randomMac(value: unknown, seed: unknown): string {
  if (typeof value !== 'string')
    throw new TaskFailure(`Invalid value type for random_mac: ${typeName(value)}`);
  const start = value.toLowerCase();
  const items = start.split(':');
  const wrong = items.some((item) => !/^[a-f0-9]{2}/.test(item));
  if (items.length > 5 || wrong)
    throw new TaskFailure(`Invalid value (${value}) for random_mac`, "it takes up to five bytes: '52:54:00'");
  const low = 2 ** 36;
  const number = low + chance(seed)(2 ** 40 - low);
  return (
    start +
    number
      .toString(16)
      .slice(0, 2 * (6 - items.length))
      .replace(/../g, ':$&')
  );
}

const units: Readonly<Record<string, readonly number[]>> = {
  ms: [],
  s: [1000],
  m: [1000, 60],
  h: [1000, 60, 60],
  d: [1000, 60, 60, 24],
  w: [1000, 60, 60, 24, 7],
  mo: [1000, 60, 60, 24, 30],
  y: [1000, 60, 60, 24, 365],
};

const shortUnits: Readonly<Record<string, string>> = {
  millisecond: 'ms',
  msec: 'ms',
  msecond: 'ms',
  sec: 's',
  second: 's',
  hour: 'h',
  min: 'm',
  minute: 'm',
  day: 'd',
  week: 'w',
  month: 'mo',
  year: 'y',
};

/** Milliseconds of a unit; `year` and `month` give the days of one. */
function milliseconds(unit: string, days: Dict): number {
  const short = shortUnits[unit.replace(/s+$/, '')] ?? unit;
  const factors = Object.hasOwn(units, short) ? units[short] : undefined;
  if (factors === undefined)
    throw new TaskFailure(`there is no unit of time ${unit}`, `use ${Object.keys(units).join(', ')}`);
  const own = short === 'y' ? days.year : short === 'mo' ? days.month : undefined;
  const all = own === undefined ? factors : [...factors.slice(0, -1), Number(own)];
  return all.reduce((product, factor) => product * factor, 1);
}

function toTime(value: unknown, unit: string, days: Dict): unknown {
  if (value === '0') return 0;
  if (typeof value !== 'string')
    throw new TaskFailure(`a text such as '1h 30m' is needed, not ${typeName(value)}`);
  let total = 0;
  for (const part of value.split(/\s+/).filter(Boolean)) {
    const [, count, of] = /^(-?\d+)(\w+)/.exec(part) ?? [];
    if (of === undefined)
      throw new TaskFailure(`to_time_unit() can not interpret following string: ${value}`);
    total += Number(count) * milliseconds(of, days);
  }
  return real(Number((total / milliseconds(unit, days)).toFixed(12)));
}

const toUnit = (unit: string) => variadic((value, _args, { named }) => toTime(value, unit, named));

const checksums = Uint32Array.from({ length: 256 }, (_entry, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(value: unknown): string {
  if (typeof value !== 'string') throw new TaskFailure(`Invalid value type for crc32: ${typeName(value)}`);
  let sum = 0xffffffff;
  for (const byte of Buffer.from(value)) sum = checksums[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return ((sum ^ 0xffffffff) >>> 0).toString(16);
}

function sortedVersions(value: unknown, reverse: boolean): unknown[] {
  const turn = reverse ? -1 : 1;
  const isLess = (left: unknown, right: unknown) => compareVersions(text(left), text(right), '<', 'loose');
  return [...iterate(value)].sort((left, right) =>
    isLess(left, right) ? -turn : isLess(right, left) ? turn : 0,
  );
}

/** Filters of community.general that need nothing but the value, by their full names. */
const filters: Filters = {
  counter: filter([], counted),
  crc32: filter([], crc32),
  dict: filter([], (value) => makeDict(iterate(value).map(pair))),
  dict_kv: filter(['key!'], (value, [key]) => makeDict([[key, value]])),
  from_csv: filter(['dialect', 'fieldnames', 'delimiter', 'skipinitialspace', 'strict'], fromCsv),
  groupby_as_dict: filter(['attribute!'], (value, [attribute]) => grouped(value, attribute)),
  lists_mergeby: variadic((value, args, { named }) => {
    const { recursive = false, list_merge: lists = 'replace', ...rest } = named;
    if (Object.keys(rest).length > 0)
      throw new TaskFailure("'recursive' and 'list_merge' are the only valid keyword arguments.");
    if (size(args) === 0) throw new TaskFailure('At least one list and index are needed.');
    return mergedBy([value, ...args.slice(0, -1)], args.at(-1), isTrue(recursive), lists as ListMerge);
  }),
  random_mac: filter(['seed'], (value, [seed]) => randomMac(value, seed)),
  to_time_unit: variadic((value, [unit = 'ms'], { named: { unit: other, ...days } }) =>
    toTime(value, text(other ?? unit), days),
  ),
  to_milliseconds: toUnit('ms'),
  to_seconds: toUnit('s'),
  to_minutes: toUnit('m'),
  to_hours: toUnit('h'),
  to_days: toUnit('d'),
  to_weeks: toUnit('w'),
  to_months: toUnit('mo'),
  to_years: toUnit('y'),
  version_sort: filter(['reverse'], (value, [reverse = false]) => sortedVersions(value, isTrue(reverse))),
};

export const community: Filters = {
  ...Object.fromEntries(Object.entries(filters).map(([name, each]) => [`community.general.${name}`, each])),
  random_mac: filters.random_mac!,
};
