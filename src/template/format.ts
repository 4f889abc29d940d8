import { TaskFailure } from '../errors.ts';
import { isDict, repr, text, typeName, Undefined } from './python.ts';

/** Python's `format % values`. */
export function formatPercent(format: string, values: unknown): string {
  const list = Array.isArray(values) ? values : [values];
  let next = 0;
  const result = format.replace(
    /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_whole, key, flags, width, precision, type) => {
      if (type === '%') return '%';
      const columns = width === '*' ? Number(list[next++]) : Number(width ?? 0);
      const value = key === undefined ? list[next++] : isDict(values) ? values[key] : undefined;
      if (value === undefined) throw new TaskFailure(`'${format}' is given too few values`);
      if (value instanceof Undefined) value.fail();
      const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
      const body = percent(type, value, precision === undefined ? undefined : Number(precision), sign);
      if (flags.includes('-')) return body.padEnd(columns);
      if (flags.includes('0') && type !== 's') return zeros(body, columns);
      return body.padStart(columns);
    },
  );
  if (next < list.length && Array.isArray(values))
    throw new TaskFailure(`'${format}' is given too many values`);
  return result;
}

function percent(type: string, value: unknown, precision: number | undefined, sign: string): string {
  if (type === 's') return text(value).slice(0, precision);
  if (type === 'r') return repr(value);
  const kind = type === 'i' || type === 'u' ? 'd' : type;
  return numeric(kind, number(value), precision, sign, '');
}

/** Python's `format.format(*values, **named)`. */
export function formatBraces(
  format: string,
  values: readonly unknown[],
  named: Record<string, unknown>,
): string {
  let next = 0;
  return format.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\}/g,
    (whole, field: string | undefined, conversion: string | undefined, spec: string | undefined) => {
      if (whole === '{{') return '{';
      if (whole === '}}') return '}';
      const [name = '', ...path] = (field ?? '')
        .split(/[.[\]]+/)
        .filter((part, index) => part || index === 0);
      let value: unknown =
        name === '' ? values[next++] : /^\d+$/.test(name) ? values[Number(name)] : named[name];
      for (const part of path) value = (value as Record<string, unknown> | undefined)?.[part];
      if (value === undefined) throw new TaskFailure(`'${format}' is given no value for '${whole}'`);
      return braces(conversion === 'r' ? repr(value) : value, spec ?? '');
    },
  );
}

function braces(value: unknown, spec: string): string {
  const parts = /^(?:(.)?([<>^=]))?([-+ ])?#?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/.exec(spec);
  if (!parts) throw new TaskFailure(`'${spec}' is no format that is known`);
  const [, fill, align, sign, zero, width, group, precision, type] = parts;
  const isNumber = typeof value === 'number';
  const digits = precision === undefined ? undefined : Number(precision);
  const body =
    isNumber || (type !== undefined && type !== 's')
      ? numeric(type ?? (digits === undefined ? 'n' : 'g'), number(value), digits, sign ?? '', group ?? '')
      : text(value).slice(0, digits);
  const columns = Number(width ?? 0);
  if (zero && !align) return zeros(body, columns);
  const side = align ?? (isNumber ? '>' : '<');
  const space = Math.max(0, columns - body.length);
  const left = side === '>' || side === '=' ? space : side === '^' ? Math.floor(space / 2) : 0;
  return (fill ?? ' ').repeat(left) + body + (fill ?? ' ').repeat(space - left);
}

function numeric(
  type: string,
  value: number,
  precision: number | undefined,
  sign: string,
  group: string,
): string {
  const size = Math.abs(value);
  const prefix = value < 0 ? '-' : sign === '-' ? '' : sign;
  const formats: Record<string, () => string> = {
    d: () => String(Math.trunc(size)),
    n: () => String(size),
    f: () => size.toFixed(precision ?? 6),
    F: () => size.toFixed(precision ?? 6),
    e: () => size.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2'),
    g: () => String(Number(size.toPrecision(precision || 6))),
    x: () => Math.trunc(size).toString(16),
    X: () => Math.trunc(size).toString(16).toUpperCase(),
    o: () => Math.trunc(size).toString(8),
    b: () => Math.trunc(size).toString(2),
    c: () => String.fromCodePoint(size),
    '%': () => `${(size * 100).toFixed(precision ?? 6)}%`,
  };
  const format = formats[type];
  if (!format) throw new TaskFailure(`'${type}' is no format that is known`);
  const body = format();
  return prefix + (group ? body.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, group) : body);
}

function zeros(body: string, columns: number): string {
  const sign = /^[-+ ]/.exec(body)?.[0] ?? '';
  return sign + body.slice(sign.length).padStart(columns - sign.length, '0');
}

function number(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  throw new TaskFailure(`a number is needed, not ${typeName(value)}`);
}
