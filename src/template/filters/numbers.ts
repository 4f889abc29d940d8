import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { Float, isFloat, isInt, isNumeric, real, whole } from '../numbers.ts';
import { binaryOperators, comparisonOperators } from '../operators.ts';
import { isTrue, text, typeName } from '../python.ts';

const units = ['B', 'K', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const unitNames = [
  'byte',
  'kilobyte',
  'megabyte',
  'gigabyte',
  'terabyte',
  'petabyte',
  'exabyte',
  'zettabyte',
  'yottabyte',
];

function needed(value: unknown, name: string): number {
  if (isNumeric(value)) return Number(value);
  throw new TaskFailure(
    `${name}() can only be used on numbers, not ${typeName(value)}`,
    "make it one with '| int' or '| float'",
  );
}

/** Python's float() of a text, NaN for what is none. */
function floatOf(written: string): number | undefined {
  const plain = written.trim();
  if (/^[+-]?(?:inf|infinity)$/i.test(plain)) return plain.startsWith('-') ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(plain)) return Number.NaN;
  return /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i.test(plain)
    ? Number(plain.replaceAll('_', ''))
    : undefined;
}

/** Python's int() of a text. */
function intOf(written: string, base: number): number | bigint | undefined {
  const found = /^([+-]?)(0x|0o|0b)?([0-9a-z]+(?:_[0-9a-z]+)*)$/.exec(written.trim().toLowerCase());
  if (!found) return undefined;
  const [, sign, given = '', digits = ''] = found;
  const implied = { '0x': 16, '0o': 8, '0b': 2 }[given];
  const radix = base === 0 ? (implied ?? 10) : base;
  // 0b1 is a whole number in base 16 too.
  const prefixed = given !== '' && implied === radix;
  const all = (prefixed || given === '' ? digits : given + digits).replaceAll('_', '');
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, radix);
  if (![...all].every((digit) => alphabet.includes(digit))) return undefined;
  if (base === 0 && given === '' && /^0\d/.test(all) && /[1-9]/.test(all)) return undefined;
  let value = 0n;
  for (const digit of all) value = value * BigInt(radix) + BigInt(alphabet.indexOf(digit));
  return whole(sign === '-' ? -value : value);
}

function integer(value: unknown, fallback: unknown, base: number): unknown {
  if (typeof value === 'string') {
    const exact = intOf(value, base);
    if (exact !== undefined) return exact;
    const number = floatOf(value);
    return number !== undefined && Number.isFinite(number) ? whole(BigInt(Math.trunc(number))) : fallback;
  }
  if (!isNumeric(value)) return fallback;
  if (isInt(value)) return typeof value === 'boolean' ? Number(value) : value;
  return Number.isFinite(Number(value)) ? whole(BigInt(Math.trunc(Number(value)))) : fallback;
}

/** Python's round(): half to even, of the number as it is exactly. */
function round(value: number, precision: number): number {
  if (precision > 0) return precision > 15 ? value : exactly(value, precision);
  const factor = 10 ** -precision;
  const scaled = value / factor;
  const floor = Math.floor(scaled);
  const nearest = scaled - floor === 0.5 ? floor + Math.abs(floor % 2) : Math.round(scaled);
  return nearest * factor;
}

/** toFixed takes halves up; Python to the even digit. A half that is exact has few binary digits. */
function exactly(value: number, precision: number): number {
  const scaled = value * 10 ** precision;
  const floor = Math.floor(scaled);
  if (scaled - floor === 0.5 && scaled / 10 ** precision === value && Number.isInteger(value * 2 ** 20))
    return (floor + Math.abs(floor % 2)) / 10 ** precision;
  return Number(value.toFixed(precision));
}

function humanReadable(value: number, bits: boolean, unit: unknown): string {
  const wanted = typeof unit === 'string' ? units.indexOf(unit.toUpperCase()) : -1;
  let power = 0;
  if (unit !== undefined && unit !== null) power = Math.max(wanted, 0);
  else while (power < units.length - 1 && value >= 1024 ** (power + 1)) power += 1;
  const suffix = power === 0 ? (bits ? 'bits' : 'Bytes') : `${units[power]}${bits ? 'b' : 'B'}`;
  return `${(value / 1024 ** power).toFixed(2)} ${suffix}`;
}

function humanToBytes(value: unknown, defaultUnit: unknown, bits: boolean): number | bigint {
  const [, digits, written] = /([0-9]*\.?[0-9]+)(?:\s*([A-Za-z]+))?\s*$/.exec(text(value)) ?? [];
  if (digits === undefined || !/^[0-9]*\.?[0-9]+(?:\s*[A-Za-z]+)?\s*$/.test(text(value)))
    throw new TaskFailure(
      `human_to_bytes() can't interpret following string: ${text(value)}`,
      'write it as 512M or 2 GB',
    );
  const unit = written ?? (isTrue(defaultUnit ?? '') ? text(defaultUnit) : undefined);
  if (unit === undefined) return whole(BigInt(round(Number(digits), 0)));
  const power = units.indexOf(unit.charAt(0).toUpperCase());
  if (power < 0) throw new TaskFailure(`human_to_bytes() knows no unit ${unit}`, `use ${units.join(', ')}`);
  if (unit.length > 1) {
    const name = unitNames[power]!.replace('zetta', 'zetta');
    const long = bits ? name.replace(/byte$/, 'bit') : name;
    const short = power === 0 ? (bits ? 'b' : 'B') : `${units[power]}${bits ? 'b' : 'B'}`;
    if (unit.toLowerCase() !== long && unit !== short)
      throw new TaskFailure(
        `human_to_bytes() failed to convert ${text(value)}: the unit is ${unit}`,
        `use ${short} or ${long}`,
      );
  }
  return whole(BigInt(round(Number(digits) * 1024 ** power, 0)));
}

/** Filters for numbers. */
export const numbers: Filters = {
  int: filter(['default', 'base'], (value, [fallback = 0, base = 10]) =>
    integer(value, fallback, Number(base)),
  ),
  float: filter(['default'], (value, [fallback = new Float(0)]) => {
    if (isNumeric(value)) return isFloat(value) ? value : real(Number(value));
    const number = typeof value === 'string' ? floatOf(value) : undefined;
    return number === undefined ? fallback : real(number);
  }),
  abs: filter([], (value) => {
    if (!isNumeric(value)) throw new TaskFailure(`bad operand type for abs(): '${typeName(value)}'`);
    if (isFloat(value)) return real(Math.abs(Number(value)));
    const size = typeof value === 'boolean' ? Number(value) : value;
    return comparisonOperators['<']!(size, 0) ? binaryOperators['-']!(0, size) : size;
  }),
  round: filter(['precision', 'method'], (value, [precision = 0, method = 'common']) => {
    if (!['common', 'ceil', 'floor'].includes(method))
      throw new TaskFailure('method must be common, ceil or floor');
    const number = needed(value, 'round');
    if (method === 'common') {
      const rounded = round(number, Number(precision));
      return isInt(value) ? whole(BigInt(rounded)) : real(rounded);
    }
    const factor = 10 ** Number(precision);
    return real((method === 'ceil' ? Math.ceil(number * factor) : Math.floor(number * factor)) / factor);
  }),
  log: filter(['base'], (value, [base]) => {
    const number = needed(value, 'log');
    if (number <= 0) throw new TaskFailure('math domain error: log() needs a number above 0');
    if (base === undefined) return real(Math.log(number));
    const by = needed(base, 'log');
    return real(by === 10 ? Math.log10(number) : Math.log(number) / Math.log(by));
  }),
  pow: filter(['power!'], (value, [power]) => {
    const result = needed(value, 'pow') ** needed(power, 'pow');
    if (Number.isNaN(result)) throw new TaskFailure('math domain error in pow()');
    return real(result);
  }),
  root: filter(['base'], (value, [base = 2]) => {
    const number = needed(value, 'root');
    const result = Number(base) === 2 ? Math.sqrt(number) : number ** (1 / Number(base));
    if (Number.isNaN(result)) throw new TaskFailure('root() can only be used on numbers that have one');
    return real(result);
  }),
  human_readable: filter(['isbits', 'unit'], (value, [bits = false, unit]) =>
    humanReadable(needed(value, 'human_readable'), isTrue(bits), unit),
  ),
  human_to_bytes: filter(['default_unit', 'isbits'], (value, [unit, bits = false]) =>
    humanToBytes(value, unit, isTrue(bits)),
  ),
  filesizeformat: filter(['binary'], (value, [binary = false]) => {
    const base = isTrue(binary) ? 1024 : 1000;
    const size = isNumeric(value) ? Number(value) : typeof value === 'string' ? floatOf(value) : undefined;
    if (size === undefined) throw new TaskFailure(`filesizeformat needs a number, not ${typeName(value)}`);
    if (size === 1) return '1 Byte';
    if (size < base) return `${Math.trunc(size)} Bytes`;
    let power = 1;
    while (power < units.length - 1 && size >= base ** (power + 1)) power += 1;
    const prefix = power === 1 && base === 1000 ? 'k' : units[power];
    return `${(size / base ** power).toFixed(1)} ${prefix}${base === 1024 ? 'iB' : 'B'}`;
  }),
};
