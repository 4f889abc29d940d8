import { TaskFailure } from '../errors.ts';
import { compare } from './comparison.ts';
import { entriesOf, keyOf } from './keys.ts';
import { floatText, isFloat, isNumeric, real, whole } from './numbers.ts';
import { type Dict, defined, isDict, omit, Range, text, typeName } from './python.ts';

export interface JsonStyle {
  readonly indent: string | undefined;
  readonly sort: boolean;
  readonly ascii: boolean;
  readonly between: string;
  readonly colon: string;
}

/** Python's json.dumps, whose spacing, floats and escapes are not those of JSON.stringify. */
export function toJson(value: unknown, style: JsonStyle, depth = 0): string {
  defined(value);
  if (typeof value === 'string') return quoted(value, style.ascii);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (isNumeric(value)) return isFloat(value) ? floatJson(Number(value)) : String(value);
  if (value instanceof Date) return quoted(value.toISOString().replace(/\.000Z$|Z$/, ''), style.ascii);
  if (value === omit || value instanceof Range || (!Array.isArray(value) && !isDict(value)))
    throw new TaskFailure(`a value of the type '${typeName(value)}' cannot be written as JSON`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const parts = Array.isArray(value)
    ? value.map((each) => toJson(each, style, depth + 1))
    : members(value, style.sort).map(
        ([key, each]) => quoted(key, style.ascii) + style.colon + toJson(each, style, depth + 1),
      );
  if (parts.length === 0) return `${open}${close}`;
  if (style.indent === undefined) return `${open}${parts.join(style.between)}${close}`;
  const line = (level: number) => `\n${style.indent!.repeat(level)}`;
  return `${open}${line(depth + 1)}${parts.join(style.between.trimEnd() + line(depth + 1))}${line(depth)}${close}`;
}

function members(value: Dict, sort: boolean): [string, unknown][] {
  const all = entriesOf(value);
  if (sort) all.sort(([left], [right]) => compare(left, right));
  return all.map(([key, each]) => [keyText(key), each]);
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  if (isNumeric(key)) return isFloat(key) ? floatJson(Number(key)) : text(key);
  throw new TaskFailure(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  return floatText(value);
}

function quoted(value: string, ascii: boolean): string {
  const written = JSON.stringify(value);
  if (!ascii) return written;
  return written.replace(/[^\x20-\x7f]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Python's json.loads: 1.0 stays a float, NaN and Infinity are read. Throws TaskFailure. */
export function fromJson(written: string): unknown {
  return new Reader(written).whole();
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(written: string) {
    this.#text = written;
  }

  whole(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('Extra data');
    return value;
  }

  #value(): unknown {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object();
    if (first === '[') return this.#array();
    if (first === '"') return this.#string();
    const word = this.#match(/true|false|null|NaN|-?Infinity/y);
    if (word !== undefined) return constants[word];
    const number = this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y);
    if (number === undefined) return this.#fail('Expecting value');
    return /[.eE]/.test(number) ? real(Number(number)) : whole(BigInt(number));
  }

  #object(): Dict {
    const result: Dict = {};
    this.#at += 1;
    this.#space();
    if (this.#skip('}')) return result;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail('Expecting property name enclosed in double quotes');
      const key = keyOf(this.#string());
      this.#space();
      if (!this.#skip(':')) this.#fail("Expecting ':' delimiter");
      const value = this.#value();
      if (key === '__proto__')
        Object.defineProperty(result, key, { value, enumerable: true, writable: true, configurable: true });
      else result[key] = value;
      this.#space();
    } while (this.#skip(','));
    if (!this.#skip('}')) this.#fail("Expecting ',' delimiter");
    return result;
  }

  #array(): unknown[] {
    const result: unknown[] = [];
    this.#at += 1;
    this.#space();
    if (this.#skip(']')) return result;
    do {
      result.push(this.#value());
      this.#space();
    } while (this.#skip(','));
    if (!this.#skip(']')) this.#fail("Expecting ',' delimiter");
    return result;
  }

  #string(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not stand there
    const written = this.#match(/"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y);
    if (written === undefined) this.#fail('Invalid string');
    return JSON.parse(written as string) as string;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #space(): void {
    this.#match(/[ \t\n\r]*/y);
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(reason: string): never {
    const before = this.#text.slice(0, this.#at).split('\n');
    throw new TaskFailure(`from_json: ${reason}: line ${before.length} column ${before.at(-1)!.length + 1}`);
  }
}

const constants: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
