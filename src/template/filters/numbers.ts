import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { isTrue, text, typeName } from '../python.ts';

const units = ['', 'K', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

function needed(value: unknown, name: string): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  throw new TaskFailure(
    `${name} needs a number, not ${typeName(value)}`,
    "make it one with '| int' or '| float'",
  );
}

/** A whole number of Python's int(): "10", "0x1f" by base 16, 3.9; the fallback for all else. */
function integer(value: unknown, fallback: unknown, base: number): unknown {
  if (typeof value !== 'string') {
    const number = Number(value);
    return Number.isFinite(number) && value !== null && typeof value !== 'object'
      ? Math.trunc(number)
      : fallback;
  }
  const written = value.trim().replaceAll('_', '').toLowerCase();
  const [, sign, prefix = '', digits = ''] = /^([-+]?)(0x|0o|0b)?([0-9a-z.e+]+)$/.exec(written) ?? [];
  const implied = { '0x': 16, '0o': 8, '0b': 2 }[prefix];
  const radix = base === 0 || implied === base ? (implied ?? 10) : base;
  if (radix === 10 && !prefix) {
    const number = written === '' ? Number.NaN : Number(written);
    return Number.isFinite(number) ? Math.trunc(number) : fallback;
  }
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, radix);
  const valid = digits !== '' && [...digits].every((digit) => alphabet.includes(digit));
  if (!valid || (prefix && implied !== radix)) return fallback;
  return Number.parseInt(digits, radix) * (sign === '-' ? -1 : 1);
}

/** Python's round(): half to even, and 42.55 is a little less than it looks. */
function round(value: number, precision: number, method: string): number {
  const factor = 10 ** precision;
  if (method === 'ceil') return Math.ceil(value * factor) / factor;
  if (method === 'floor') return Math.floor(value * factor) / factor;
  if (precision > 0) return Number(value.toFixed(precision));
  const floor = Math.floor(value * factor);
  const tie = value * factor - floor === 0.5;
  return (tie ? floor + Math.abs(floor % 2) : Math.round(value * factor)) / factor;
}

/** Filters for numbers. */
export const numbers: Filters = {
  int: filter(['default', 'base'], (value, [fallback = 0, base = 10]) =>
    integer(value, fallback, Number(base)),
  ),
  float: filter(['default'], (value, [fallback = 0]) => {
    if (value === null || typeof value === 'object' || text(value).trim() === '') return fallback;
    const number = Number(value);
    return Number.isNaN(number) ? fallback : number;
  }),
  abs: filter([], (value) => Math.abs(needed(value, 'abs'))),
  round: filter(['precision', 'method'], (value, [precision = 0, method = 'common']) =>
    round(needed(value, 'round'), Number(precision), text(method)),
  ),
  log: filter(['base'], (value, [base]) =>
    base === undefined
      ? Math.log(needed(value, 'log'))
      : base === 10
        ? Math.log10(value)
        : Math.log(value) / Math.log(base),
  ),
  pow: filter(['power'], (value, [power]) => needed(value, 'pow') ** needed(power, 'pow')),
  root: filter(['base'], (value, [base = 2]) =>
    base === 2 ? Math.sqrt(needed(value, 'root')) : needed(value, 'root') ** (1 / base),
  ),
  human_readable: filter(['isbits', 'unit'], (value, [bits = false, unit]) => {
    const size = Math.abs(needed(value, 'human_readable'));
    const wanted = typeof unit === 'string' ? units.indexOf(unit.toUpperCase()) : -1;
    const power =
      wanted >= 0 ? wanted : Math.min(units.length - 1, size < 1024 ? 0 : Math.floor(Math.log2(size) / 10));
    const suffix = (units[power] ?? '') + (isTrue(bits) ? (power ? 'b' : 'bits') : power ? 'B' : 'Bytes');
    return `${(value / 1024 ** power).toFixed(2)} ${suffix}`;
  }),
  human_to_bytes: filter(['default_unit', 'isbits'], (value, [unit]) => {
    const parts = /^\s*(\d*\.?\d+)\s*([A-Za-z]+)?\s*$/.exec(text(value));
    const letter = (parts?.[2] ?? (unit === undefined ? '' : text(unit))).charAt(0).toUpperCase();
    const power = letter === 'B' ? 0 : units.indexOf(letter);
    if (!parts || power < 0) throw new TaskFailure(`'${text(value)}' is no size`, 'write it as 512M or 2 GB');
    return Math.round(Number(parts[1]) * 1024 ** power);
  }),
  filesizeformat: filter(['binary'], (value, [binary = false]) => {
    const base = binary ? 1024 : 1000;
    const size = needed(value, 'filesizeformat');
    if (size === 1) return '1 Byte';
    if (size < base) return `${size} Bytes`;
    const power = Math.min(units.length - 1, Math.floor(Math.log(size) / Math.log(base)));
    const prefix = power === 1 && !binary ? 'k' : units[power];
    return `${(size / base ** power).toFixed(1)} ${prefix}${binary ? 'iB' : 'B'}`;
  }),
};
