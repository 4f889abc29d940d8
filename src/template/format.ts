import { TaskFailure } from '../errors.ts';
import { attribute, item } from './attributes.ts';
import { floatText, isFloat, isInt, isNumeric } from './numbers.ts';
import { characters, defined, isDict, repr, Tuple, text, typeName } from './python.ts';

/** Python's `format % values`. */
export function formatPercent(format: string, values: unknown): string {
  const list = values instanceof Tuple ? [...values] : [values];
  let next = 0;
  let named = false;
  const result = format.replace(
    /%(?:(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?([hlL]?)([a-zA-Z%])|([\s\S]|$))/g,
    (_whole, key, flags, width, precision, _size, type, wrong) => {
      if (wrong !== undefined) throw new TaskFailure(`incomplete format in '${format}'`);
      const one = () => {
        if (next >= list.length) throw new TaskFailure('not enough arguments for format string');
        next += 1;
        return list[next - 1];
      };
      if (type === '%') return '%';
      let columns = width === '*' ? Number(one()) : Number(width ?? 0);
      const digits =
        precision === '*' ? Number(one()) : precision === undefined ? undefined : Number(precision);
      if (key !== undefined) {
        named = true;
        if (!isDict(values)) throw new TaskFailure('format requires a mapping');
      }
      const value = defined(key === undefined ? one() : item(values, key));
      const left = flags.includes('-') || columns < 0;
      columns = Math.abs(columns);
      const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      const body = percent(type, value, digits, sign, flags.includes('#'));
      if (left) return body + ' '.repeat(Math.max(0, columns - characters(body).length));
      if (flags.includes('0') && !'srac'.includes(type)) return zeros(body, columns);
      return ' '.repeat(Math.max(0, columns - characters(body).length)) + body;
    },
  );
  const whole = values instanceof Tuple || (!Array.isArray(values) && !isDict(values));
  if (!named && whole && next < list.length)
    throw new TaskFailure('not all arguments converted during string formatting');
  return result;
}

function percent(
  type: string,
  value: unknown,
  precision: number | undefined,
  sign: string,
  long: boolean,
): string {
  if (type === 's') return cut(text(value), precision);
  if (type === 'r' || type === 'a') return cut(repr(value), precision);
  if (type === 'c') return typeof value === 'string' ? value : String.fromCodePoint(Number(value));
  if (!isNumeric(value)) {
    const kind = 'xXo'.includes(type) ? 'an integer' : 'a real number';
    throw new TaskFailure(`%${type} format: ${kind} is required, not ${typeName(value)}`);
  }
  if ('xXo'.includes(type) && isFloat(value))
    throw new TaskFailure(`%${type} format: an integer is required, not float`);
  return numeric(type === 'i' || type === 'u' ? 'd' : type, value, precision, sign, '', long);
}

function cut(value: string, length: number | undefined): string {
  return length === undefined ? value : [...value].slice(0, length).join('');
}

/** Python's `format.format(*values, **named)`. */
export function formatBraces(
  format: string,
  values: readonly unknown[],
  named: Record<string, unknown>,
): string {
  let next = 0;
  const field = (written: string): string => {
    const [, name = '', path = '', conversion, spec = ''] =
      /^([^.[!:]*)((?:\.[^.[!:]+|\[[^\]]*\])*)(?:!([rsa]))?(?::([\s\S]*))?$/.exec(written) ?? [];
    let value: unknown;
    if (name === '' || /^\d+$/.test(name)) {
      const index = name === '' ? next++ : Number(name);
      if (index >= values.length)
        throw new TaskFailure(`Replacement index ${index} out of range for positional args tuple`);
      value = values[index];
    } else {
      if (!Object.hasOwn(named, name)) throw new TaskFailure(`'${name}' is not given to '${format}'`);
      value = named[name];
    }
    for (const [, attr, key = ''] of path.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g))
      value =
        attr !== undefined ? attribute(value, attr) : item(value, /^\d+$/.test(key) ? Number(key) : key);
    defined(value);
    const inner = spec.replace(/\{([^{}]*)\}/g, (_whole, each: string) => field(each));
    return braces(
      conversion === 'r' || conversion === 'a' ? repr(value) : conversion === 's' ? text(value) : value,
      inner,
    );
  };
  return format.replace(
    /\{\{|\}\}|\{((?:[^{}]|\{[^{}]*\})*)\}|[{}]/g,
    (whole, written: string | undefined) => {
      if (whole === '{{') return '{';
      if (whole === '}}') return '}';
      if (written === undefined) throw new TaskFailure(`Single '${whole}' encountered in format string`);
      return field(written);
    },
  );
}

function braces(value: unknown, spec: string): string {
  if (spec === '') return text(value);
  if (value instanceof Date) return text(value);
  const parts = /^(?:([\s\S])?([<>^=]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u.exec(spec);
  if (!parts) throw new TaskFailure(`Invalid format specifier '${spec}'`);
  const [, fill, align, sign, long, zero, width, group, precision, type] = parts;
  const number = isNumeric(value) && (typeof value !== 'boolean' || type !== undefined);
  const digits = precision === undefined ? undefined : Number(precision);
  if (type !== undefined && (type === 's') === isNumeric(value))
    throw new TaskFailure(`Unknown format code '${type}' for object of type '${typeName(value)}'`);
  if (!number && typeof value !== 'string' && typeof value !== 'boolean')
    throw new TaskFailure(`unsupported format string passed to ${typeName(value)}.__format__`);
  if (type !== undefined && 'bcdoxX'.includes(type) && isFloat(value))
    throw new TaskFailure(`Unknown format code '${type}' for object of type 'float'`);
  const kind = type ?? (isFloat(value) ? (digits === undefined ? 'repr' : 'g') : 'd');
  const body = isNumeric(value)
    ? numeric(kind, value, digits, sign ?? '', group ?? '', long !== undefined)
    : cut(text(value), digits);
  const columns = Number(width ?? 0);
  if ((zero && !align) || align === '=') return zeros(body, columns, fill ?? (zero ? '0' : ' '));
  const side = align ?? (number ? '>' : '<');
  const missing = Math.max(0, columns - characters(body).length);
  const left = side === '>' ? missing : side === '^' ? Math.floor(missing / 2) : 0;
  const by = fill ?? (zero ? '0' : ' ');
  return by.repeat(left) + body + by.repeat(missing - left);
}

function numeric(
  type: string,
  value: unknown,
  precision: number | undefined,
  sign: string,
  group: string,
  long: boolean,
): string {
  const size = Math.abs(Number(value));
  const negative = Number(value) < 0 || Object.is(Number(value), -0);
  const prefix = negative ? '-' : sign === '-' ? '' : sign;
  const integer = () => {
    const exact = isInt(value) ? BigInt(value as bigint) : BigInt(Math.trunc(Number(value)));
    return exact < 0n ? -exact : exact;
  };
  const formats: Record<string, () => string> = {
    d: () => String(integer()),
    n: () => (isInt(value) ? String(integer()) : general(size, precision ?? 6)),
    f: () => fixed(size, precision ?? 6),
    F: () => fixed(size, precision ?? 6),
    e: () => exponential(size, precision ?? 6),
    E: () => exponential(size, precision ?? 6).toUpperCase(),
    g: () => general(size, precision ?? 6),
    G: () => general(size, precision ?? 6).toUpperCase(),
    repr: () => floatText(size),
    x: () => (long ? '0x' : '') + integer().toString(16),
    X: () => (long ? '0X' : '') + integer().toString(16).toUpperCase(),
    o: () => (long ? '0o' : '') + integer().toString(8),
    b: () => (long ? '0b' : '') + integer().toString(2),
    c: () => String.fromCodePoint(Number(value)),
    '%': () => `${fixed(size * 100, precision ?? 6)}%`,
  };
  const format = formats[type];
  if (!format) throw new TaskFailure(`Unknown format code '${type}'`);
  const body = format();
  const grouped = group ? body.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, group)) : body;
  return (
    (Number(value) === 0 && !Object.is(Number(value), -0) ? (sign === '-' ? '' : sign) : prefix) + grouped
  );
}

/** Exact digits, half to even as C prints them: toFixed rounds the decimal expansion too. */
function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : 'inf';
  return value < 1e21
    ? value.toFixed(Math.min(digits, 100))
    : `${BigInt(value)}.${'0'.repeat(digits)}`.replace(/\.$/, '');
}

function exponential(value: number, digits: number): string {
  return value.toExponential(Math.min(digits, 100)).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** C's %g: significant digits without zeros at the end. */
function general(value: number, precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : 'inf';
  if (value === 0) return '0';
  const digits = precision || 1;
  const exponent = Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) return exponential(value, digits - 1).replace(/\.?0+e/, 'e');
  const written = value.toFixed(Math.max(0, digits - 1 - exponent));
  return written.includes('.') ? written.replace(/\.?0+$/, '') : written;
}

function zeros(body: string, columns: number, fill = '0'): string {
  const sign = /^[-+ ]/.exec(body)?.[0] ?? '';
  return sign + body.slice(sign.length).padStart(columns - sign.length, fill);
}
