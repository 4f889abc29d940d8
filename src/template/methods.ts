import { TaskFailure } from '../errors.ts';
import { formatBraces } from './format.ts';
import { Callable, compare, defined, equals, isDict, iterate, text, Undefined } from './python.ts';

type Named = Record<string, unknown>;
type Method<T> = (self: T, args: readonly unknown[], named: Named) => unknown;

/** The method that Python's type of this value has under this name. */
export function method(self: unknown, name: string): Callable | undefined {
  const table =
    typeof self === 'string'
      ? strings
      : Array.isArray(self)
        ? lists
        : self instanceof Date
          ? dates
          : isDict(self)
            ? dicts
            : undefined;
  if (!table || !Object.hasOwn(table, name)) return undefined;
  const found = table[name] as Method<unknown>;
  return new Callable(name, (args, named) => found(self, args.map(defined), named));
}

const spaces = ' \t\n\r\f\v';

const strings: Readonly<Record<string, Method<string>>> = {
  split: (self, [separator, limit], named) =>
    split(self, separator ?? named.sep, Number(limit ?? named.maxsplit ?? -1)),
  rsplit(self, [separator, limit], named) {
    const reversed = split(
      reverse(self),
      typeof separator === 'string' ? reverse(separator) : separator,
      Number(limit ?? named.maxsplit ?? -1),
    );
    return reversed.map(reverse).reverse();
  },
  splitlines: (self) => (self === '' ? [] : self.replace(/(\r\n|\n|\r)$/, '').split(/\r\n|\n|\r/)),
  partition: (self, [separator]) =>
    partition(self, String(separator), self.indexOf(String(separator)), false),
  rpartition: (self, [separator]) =>
    partition(self, String(separator), self.lastIndexOf(String(separator)), true),
  strip: (self, [characters]) => strip(self, characters, true, true),
  lstrip: (self, [characters]) => strip(self, characters, true, false),
  rstrip: (self, [characters]) => strip(self, characters, false, true),
  startswith: (self, [prefix]) => some(prefix, (each) => self.startsWith(each)),
  endswith: (self, [suffix]) => some(suffix, (each) => self.endsWith(each)),
  removeprefix: (self, [prefix]) =>
    self.startsWith(String(prefix)) ? self.slice(String(prefix).length) : self,
  removesuffix: (self, [suffix]) =>
    suffix !== '' && self.endsWith(String(suffix)) ? self.slice(0, -String(suffix).length) : self,
  replace: (self, [from, to, count]) => replaceText(self, String(from), String(to), count),
  lower: (self) => self.toLowerCase(),
  upper: (self) => self.toUpperCase(),
  title: (self) => titleCase(self),
  capitalize: (self) => self.charAt(0).toUpperCase() + self.slice(1).toLowerCase(),
  swapcase: (self) =>
    [...self].map((each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join(''),
  join: (self, [items]) => iterate(items).map(text).join(self),
  find: (self, [part]) => self.indexOf(String(part)),
  rfind: (self, [part]) => self.lastIndexOf(String(part)),
  index: (self, [part]) => position(self.indexOf(String(part)), part),
  count: (self, [part]) => self.split(String(part)).length - 1,
  isdigit: (self) => /^\d+$/.test(self),
  isdecimal: (self) => /^\d+$/.test(self),
  isnumeric: (self) => /^\d+$/.test(self),
  isalpha: (self) => /^\p{L}+$/u.test(self),
  isalnum: (self) => /^[\p{L}\p{N}]+$/u.test(self),
  isspace: (self) => /^\s+$/.test(self),
  islower: (self) => self !== self.toUpperCase() && self === self.toLowerCase(),
  isupper: (self) => self !== self.toLowerCase() && self === self.toUpperCase(),
  ljust: (self, [width, fill]) => self.padEnd(Number(width), String(fill ?? ' ')),
  rjust: (self, [width, fill]) => self.padStart(Number(width), String(fill ?? ' ')),
  zfill: (self, [width]) => self.padStart(Number(width), '0'),
  center: (self, [width]) => center(self, Number(width)),
  format: (self, args, named) => formatBraces(self, args, named),
  encode: (self) => self,
};

const lists: Readonly<Record<string, Method<unknown[]>>> = {
  append(self, [value]) {
    self.push(value);
    return null;
  },
  extend(self, [values]) {
    self.push(...iterate(values));
    return null;
  },
  insert(self, [index, value]) {
    self.splice(Number(index), 0, value);
    return null;
  },
  pop(self, [index]) {
    if (self.length === 0) throw new TaskFailure('pop from an empty list');
    return self.splice(Number(index ?? -1), 1)[0];
  },
  remove(self, [value]) {
    self.splice(
      position(
        self.findIndex((each) => equals(each, value)),
        value,
      ),
      1,
    );
    return null;
  },
  index: (self, [value]) =>
    position(
      self.findIndex((each) => equals(each, value)),
      value,
    ),
  count: (self, [value]) => self.filter((each) => equals(each, value)).length,
  copy: (self) => [...self],
  reverse(self) {
    self.reverse();
    return null;
  },
  sort(self) {
    self.sort(compare);
    return null;
  },
};

const dicts: Readonly<Record<string, Method<Named>>> = {
  items: (self) => Object.entries(self),
  keys: (self) => Object.keys(self),
  values: (self) => Object.values(self),
  get(self, [key, otherwise], named) {
    const name = text(key);
    return Object.hasOwn(self, name) ? self[name] : (otherwise ?? named.default ?? null);
  },
  update(self, [other], named) {
    Object.assign(
      self,
      isDict(other) ? other : Object.fromEntries((other ?? []) as [string, unknown][]),
      named,
    );
    return null;
  },
  setdefault(self, [key, value]) {
    const name = text(key);
    if (!Object.hasOwn(self, name)) self[name] = value ?? null;
    return self[name];
  },
  pop(self, args) {
    const name = text(args[0]);
    if (!Object.hasOwn(self, name))
      return args.length > 1 ? args[1] : new Undefined(name, `'dict object' has no attribute '${name}'`);
    const value = self[name];
    delete self[name];
    return value;
  },
  copy: (self) => ({ ...self }),
};

const dates: Readonly<Record<string, Method<Date>>> = {
  isoformat: (self) => self.toISOString().replace(/\.000Z$|Z$/, ''),
  timestamp: (self) => self.getTime() / 1000,
  strftime: (self, [format]) => strftime(String(format), self),
};

function split(self: string, separator: unknown, limit: number): string[] {
  if (separator === undefined || separator === null) {
    const words = self.trim() === '' ? [] : self.trim().split(/\s+/);
    if (limit < 0 || words.length <= limit) return words;
    let rest = self.trimStart();
    for (const word of words.slice(0, limit)) rest = rest.slice(word.length).trimStart();
    return [...words.slice(0, limit), rest];
  }
  if (separator === '') throw new TaskFailure('the separator of split() is empty');
  const parts = self.split(String(separator));
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(String(separator))];
}

function partition(self: string, separator: string, index: number, last: boolean): string[] {
  if (index < 0) return last ? ['', '', self] : [self, '', ''];
  return [self.slice(0, index), separator, self.slice(index + separator.length)];
}

/** Python's str.strip and its one-sided forms. */
export function strip(self: string, characters: unknown, left: boolean, right: boolean): string {
  const set = typeof characters === 'string' ? characters : spaces;
  let begin = 0;
  let end = self.length;
  if (left) while (begin < end && set.includes(self.charAt(begin))) begin += 1;
  if (right) while (end > begin && set.includes(self.charAt(end - 1))) end -= 1;
  return self.slice(begin, end);
}

export function replaceText(self: string, from: string, to: string, count: unknown): string {
  if (typeof count !== 'number' || count < 0) return self.replaceAll(from, () => to);
  const parts = self.split(from);
  return parts.slice(0, count).concat(parts.slice(count).join(from)).join(to);
}

export function titleCase(self: string): string {
  return self.replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
}

export function center(self: string, width: number): string {
  const space = Math.max(0, width - self.length);
  const left = Math.floor(space / 2) + (space % 2 && width % 2 ? 1 : 0);
  return ' '.repeat(left) + self + ' '.repeat(space - left);
}

function reverse(self: string): string {
  return [...self].reverse().join('');
}

function some(value: unknown, test: (each: string) => boolean): boolean {
  return (Array.isArray(value) ? value : [value]).some((each) => test(String(each)));
}

function position(index: number, what: unknown): number {
  if (index < 0) throw new TaskFailure(`${text(what)} is not there`);
  return index;
}

const two = (value: number) => String(value).padStart(2, '0');
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** Python's strftime in UTC, the codes that configuration files use. */
export function strftime(format: string, date: Date): string {
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  const codes: Record<string, () => string> = {
    Y: () => String(date.getUTCFullYear()),
    y: () => two(date.getUTCFullYear() % 100),
    m: () => two(date.getUTCMonth() + 1),
    d: () => two(date.getUTCDate()),
    H: () => two(date.getUTCHours()),
    I: () => two(date.getUTCHours() % 12 || 12),
    M: () => two(date.getUTCMinutes()),
    S: () => two(date.getUTCSeconds()),
    f: () => `${String(date.getUTCMilliseconds()).padStart(3, '0')}000`,
    p: () => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
    A: () => days[date.getUTCDay()] ?? '',
    a: () => (days[date.getUTCDay()] ?? '').slice(0, 3),
    B: () => months[date.getUTCMonth()] ?? '',
    b: () => (months[date.getUTCMonth()] ?? '').slice(0, 3),
    j: () => String(Math.floor((date.getTime() - start) / 86_400_000) + 1).padStart(3, '0'),
    s: () => String(Math.floor(date.getTime() / 1000)),
    F: () => strftime('%Y-%m-%d', date),
    T: () => strftime('%H:%M:%S', date),
    Z: () => 'UTC',
    z: () => '+0000',
    '%': () => '%',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, code) => codes[code]?.() ?? whole);
}
