import { pythonEscapes } from '../python-escapes.ts';
import { parseYaml } from '../yaml/located.ts';

/**
 * The value of a text in an INI inventory: what Python's ast.literal_eval makes of it (numbers, texts in quotes, True,
 * False, None, lists, tuples, sets, mappings); anything else is the text itself.
 */
export function literalValue(text: string): unknown {
  try {
    return new Literal(text).read();
  } catch (error) {
    if (error instanceof NoLiteral) return text;
    throw error;
  }
}

class NoLiteral extends Error {}

const name = /[\p{L}_][\p{L}\p{N}_]*/uy;
const numbers: readonly [RegExp, (text: string) => unknown][] = [
  [/0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+/y, (text) => whole(text)],
  [
    /(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][-+]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?[eE][-+]?\d(?:_?\d)*|\d(?:_?\d)*\./y,
    (text) => fraction(Number(text)),
  ],
  // A number that starts with 0 is none in Python, zeros alone aside.
  [/[1-9](?:_?\d)*|0(?:_?0)*/y, (text) => whole(text)],
];
const escapes: Readonly<Record<string, string>> = { '\n': '', ...pythonEscapes };

class Literal {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replace(/^[ \t]+/, '');
  }

  read(): unknown {
    const first = this.#value();
    const value = this.#next() === ',' ? this.#items([first], '') : first;
    if (this.#next() !== '') throw new NoLiteral();
    return value;
  }

  /** The next letter that is neither blank nor comment; empty at the end. */
  #next(): string {
    for (;;) {
      const letter = this.#text[this.#at] ?? '';
      if (letter === '#') this.#at = this.#text.length;
      else if (letter !== '' && ' \t\f'.includes(letter)) this.#at++;
      else return letter;
    }
  }

  #take(letter: string): boolean {
    if (this.#next() !== letter) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #value(): unknown {
    const next = this.#next();
    if (next === '-' || next === '+') {
      this.#at++;
      this.#next();
      const number = this.#number();
      return next === '-' ? negative(number) : number;
    }
    if (this.#take('[')) return this.#items([], ']');
    if (this.#take('(')) return this.#tuple();
    if (this.#take('{')) return this.#braces();
    if (this.#text.startsWith('...', this.#at)) {
      this.#at += 3;
      return '...';
    }
    return /[\d.]/.test(next) ? this.#number() : this.#word();
  }

  #number(): unknown {
    for (const [pattern, read] of numbers) {
      const text = this.#match(pattern);
      if (text === undefined) continue;
      // What follows a number at once makes it none: 1j (imaginary) and 10th alike.
      if (/^[\p{L}\p{N}_.]/u.test(this.#text.slice(this.#at))) throw new NoLiteral();
      return read(text.replaceAll('_', ''));
    }
    throw new NoLiteral();
  }

  #word(): unknown {
    const start = this.#at;
    const text = this.#match(name);
    const quoted = /^["']/.test(this.#text[this.#at] ?? '');
    if (text === undefined || (quoted && /^(?:[rR]?[bB]?|[bB][rR]|[uU])$/.test(text))) {
      this.#at = start;
      return this.#texts();
    }
    if (text === 'True') return true;
    if (text === 'False') return false;
    if (text === 'None') return null;
    if (text === 'set' && this.#take('(') && this.#take(')')) return [];
    throw new NoLiteral();
  }

  /** Texts in quotes that stand side by side are one. */
  #texts(): string {
    let result = '';
    let found = false;
    let bytes: boolean | undefined;
    for (;;) {
      this.#next();
      const open = this.#match(/(?:[rR][bB]?|[bB][rR]?|[uU])?(?:'''|"""|'|")/y);
      if (open === undefined) break;
      if (bytes !== undefined && bytes !== /b/i.test(open)) throw new NoLiteral();
      bytes = /b/i.test(open);
      result += this.#quoted(open);
      found = true;
    }
    if (!found) throw new NoLiteral();
    return result;
  }

  #quoted(open: string): string {
    const quote = open.replace(/^[a-zA-Z]+/, '');
    const raw = /r/i.test(open);
    let result = '';
    while (!this.#text.startsWith(quote, this.#at)) {
      const letter = this.#text[this.#at];
      if (letter === undefined) throw new NoLiteral();
      this.#at++;
      if (letter !== '\\') result += letter;
      else if (raw) result += letter + (this.#text[this.#at++] ?? '');
      else result += this.#escape();
    }
    this.#at += quote.length;
    return result;
  }

  #escape(): string {
    const octal = this.#match(/[0-7]{1,3}/y);
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    const code = this.#match(/x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}/y);
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    const letter = this.#text[this.#at++] ?? '';
    if (letter === '' || /[xuUN]/.test(letter)) throw new NoLiteral();
    return escapes[letter] ?? `\\${letter}`;
  }

  /** The rest of a list or tuple; a tuple is a list for Ansible. */
  #items(items: unknown[], close: string): unknown[] {
    if (items.length > 0 && !this.#take(',')) throw new NoLiteral();
    while (close === '' ? this.#next() !== '' : !this.#take(close)) {
      items.push(this.#value());
      const more = this.#take(',');
      if (!more && this.#next() !== close) throw new NoLiteral();
    }
    return items;
  }

  #tuple(): unknown {
    if (this.#take(')')) return [];
    const first = this.#value();
    if (this.#take(')')) return first;
    return this.#items([first], ')');
  }

  #braces(): unknown {
    const mapping: Record<string, unknown> = {};
    if (this.#take('}')) return mapping;
    const first = this.#value();
    if (this.#next() !== ':') {
      const items = this.#take('}') ? [first] : this.#items([first], '}');
      if (items.some((item) => typeof item === 'object' && item !== null)) throw new NoLiteral();
      return items.filter((item, index) => items.indexOf(item) === index);
    }
    for (let key = first; ; key = this.#value()) {
      if (!this.#take(':') || (typeof key === 'object' && key !== null)) throw new NoLiteral();
      Object.defineProperty(mapping, keyText(key), {
        value: this.#value(),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      const more = this.#take(',');
      if (this.#take('}')) return mapping;
      if (!more) throw new NoLiteral();
    }
  }
}

function keyText(key: unknown): string {
  if (key === null) return 'None';
  if (typeof key === 'boolean') return key ? 'True' : 'False';
  return String(key);
}

/** A number with more digits than one can hold stays a text, so that none is lost. */
function whole(text: string): unknown {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : String(BigInt(text));
}

function negative(number: unknown): unknown {
  return typeof number === 'number' ? -number : `-${number}`;
}

/** As YAML gives such a number: 8.0 is the same in both kinds of inventory. */
function fraction(number: number): unknown {
  return Number.isInteger(number) && Math.abs(number) < 1e16
    ? parseYaml(number.toFixed(1), 'a number')
    : number;
}
