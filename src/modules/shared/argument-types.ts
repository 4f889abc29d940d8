import { homedir } from 'node:os';
import { pythonJson } from './content.ts';
import { pythonRepr, pythonStr, pythonType } from './python-text.ts';

/** A value that cannot be what an argument's type says; the message is Ansible's. */
export class NotOfType extends Error {}

/** Ansible's conversions by type name (module_utils/common/validation.py). They throw NotOfType. */
export const argumentTypes: Readonly<Record<string, (value: unknown) => unknown>> = {
  str: toStr,
  int: toInt,
  float: toFloat,
  bool: toBool,
  list: toList,
  dict: toDict,
  path: (value) => expanded(toStr(value)),
  raw: (value) => value,
  jsonarg: toJson,
  json: toJson,
  bytes: (value) => toSize(value, 'Byte'),
  bits: (value) => toSize(value, 'Bit'),
};

function toStr(value: unknown): string {
  return value === null ? '' : pythonStr(value);
}

function toInt(value: unknown): number {
  if (typeof value === 'boolean') return Number(value);
  const text = typeof value === 'string' ? value.trim().replaceAll('_', '') : String(value);
  const number =
    (typeof value === 'string' || typeof value === 'number') &&
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
      ? Number(text)
      : Number.NaN;
  if (!Number.isInteger(number)) throw new NotOfType(`"${pythonRepr(value)}" cannot be converted to an int`);
  return number;
}

function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (/^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text)) return Number(text.replaceAll('_', ''));
  const [, sign, special] = /^([+-]?)(nan|inf|infinity)$/.exec(text) ?? [];
  if (special !== undefined)
    return special === 'nan'
      ? Number.NaN
      : sign === '-'
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
  throw new NotOfType(`<class '${pythonType(value)}'> cannot be converted to a float`);
}

const truths = ['y', 'yes', 'on', '1', 'true', 't'];
const falsehoods = ['n', 'no', 'off', '0', 'false', 'f'];

function toBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new NotOfType(`<class '${pythonType(value)}'> cannot be converted to a bool`);
  const word = String(value).toLowerCase().trim();
  if (truths.includes(word)) return true;
  if (falsehoods.includes(word)) return false;
  const valid = [...truths, ...falsehoods].map((name) => `'${name}'`);
  throw new NotOfType(
    `The value '${pythonStr(value)}' is not a valid boolean. Valid booleans include: ${[...valid, '0', '1'].join(', ')}`,
  );
}

function toList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return value.split(',');
  if (typeof value === 'number' || typeof value === 'boolean') return [pythonStr(value)];
  throw new NotOfType(`<class '${pythonType(value)}'> cannot be converted to a list`);
}

function toDict(value: unknown): Record<string, unknown> {
  if (pythonType(value) === 'dict') return value as Record<string, unknown>;
  if (typeof value !== 'string')
    throw new NotOfType(`<class '${pythonType(value)}'> cannot be converted to a dict`);
  if (value.startsWith('{')) {
    const read = readMapping(value) ?? readMapping(likeJson(value));
    if (read === undefined) throw new NotOfType('unable to evaluate string as dictionary');
    return read;
  }
  if (!value.includes('=')) throw new NotOfType('dictionary requested, could not parse JSON or key=value');
  const fields = splitFields(value.trim());
  if (fields.some((field) => !field.includes('=')))
    throw new NotOfType('unable to evaluate string in the "key=value" format as dictionary');
  return Object.fromEntries(
    fields.map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
}

function readMapping(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A literal of Python made JSON: its quotes and its names for nothing, true and false. */
function likeJson(text: string): string {
  return text.replaceAll(
    /'((?:\\.|[^'\\])*)'|"(?:\\.|[^"\\])*"|\b(None|True|False)\b/g,
    (all, inner, word) => {
      if (word !== undefined) return { None: 'null', True: 'true', False: 'false' }[word as 'None'];
      return inner === undefined ? all : JSON.stringify((inner as string).replaceAll("\\'", "'"));
    },
  );
}

/** key=value fields, separated by commas and blanks; quotes and backslashes protect both. */
function splitFields(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '\\') {
      at += 1;
      field += text[at] ?? '';
    } else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = '';
    else if (quote === '' && (char === ',' || char === ' ')) {
      if (field !== '') fields.push(field);
      field = '';
    } else field += char;
  }
  return field === '' ? fields : [...fields, field];
}

function toJson(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (value !== null && typeof value === 'object') return pythonJson(value);
  throw new NotOfType(`<class '${pythonType(value)}'> cannot be converted to a json string`);
}

const units = ['B', 'K', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const names = ['', 'kilo', 'mega', 'giga', 'tera', 'peta', 'exa', 'zetta', 'yotta'];

/** human_to_bytes: 1K, 1.5 MB, 2megabyte; for bits Mb and megabit. */
function toSize(value: unknown, what: 'Byte' | 'Bit'): number {
  const [, number, unit = 'B'] = /^([0-9]*\.?[0-9]+)(?:\s*([A-Za-z]+))?\s*$/.exec(pythonStr(value)) ?? [];
  const power = units.indexOf(unit[0]!.toUpperCase());
  const letter = what === 'Byte' ? 'B' : 'b';
  const long = `${names[power]}${what.toLowerCase()}`;
  const short = power === 0 ? letter : `${units[power]}${letter}`;
  const fits = unit.length === 1 || unit === short || unit.toLowerCase() === long;
  if (number === undefined || power < 0 || !fits)
    throw new NotOfType(`<class '${pythonType(value)}'> cannot be converted to a ${what} value`);
  return Math.round(Number(number) * 1024 ** power);
}

/** expandvars and expanduser of the controller, as Ansible expands them here. */
function expanded(path: string): string {
  const named = path.replaceAll(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (all, plain: string, braced: string) => process.env[plain ?? braced] ?? all,
  );
  return named === '~' || named.startsWith('~/') ? `${homedir()}${named.slice(1)}` : named;
}
