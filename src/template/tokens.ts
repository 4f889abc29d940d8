import { TemplateSyntaxError } from './failures.ts';
import { type Marks, marksOf, type Opening } from './marks.ts';
import { pythonString } from './string-literals.ts';
import { ansibleSyntax, type SyntaxOptions } from './syntax-options.ts';

type TokenKind =
  | 'text'
  | 'string'
  | 'integer'
  | 'float'
  | 'name'
  | 'operator'
  | 'output-begin'
  | 'output-end'
  | 'tag-begin'
  | 'tag-end';

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly line: number;
  readonly column: number;
}

/** The tokens of a template, as jinja2/lexer.py cuts it. Throws TemplateSyntaxError. */
export function tokenizeTemplate(text: string, options: SyntaxOptions): Token[] {
  return new Lexer(text, options).template();
}

/** The tokens of an expression without braces. Throws TemplateSyntaxError. */
export function tokenizeExpression(text: string): Token[] {
  return new Lexer(text, ofExpressions).expression();
}

const ofExpressions: SyntaxOptions = { ...ansibleSyntax, keep_trailing_newline: true };

/** The first of these serves nearly always, and the other is dear to compile. */
const plainWord = /[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_\u0080-\uffff])/y;
const word = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const float = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const quoted = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y;
const operator = /\/\/|\*\*|==|!=|>=|<=|[+\-/*%~[\](){}<>=.:|,;]/y;
const space = /\s+/y;
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

class Lexer {
  readonly #text: string;
  readonly #options: SyntaxOptions;
  readonly #tokens: Token[] = [];
  readonly #marks: Marks;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #break: number;

  constructor(text: string, options: SyntaxOptions) {
    const lines = text.includes('\r') ? text.replace(/\r\n|\r/g, '\n') : text;
    this.#text = !options.keep_trailing_newline && lines.endsWith('\n') ? lines.slice(0, -1) : lines;
    this.#break = this.#text.indexOf('\n');
    this.#options = options;
    this.#marks = marksOf(options);
  }

  template(): Token[] {
    let linesStart = true;
    const { opening, openings } = this.#marks;
    while (this.#at < this.#text.length) {
      opening.lastIndex = this.#at;
      const found = opening.exec(this.#text);
      if (!found) {
        this.#say('text', this.#text.slice(this.#at), this.#at);
        break;
      }
      const { kind } = openings.find((each) => found.groups?.[each.kind] !== undefined)!;
      const sign = found.groups?.[`sign_${kind}`];
      let text = this.#text.slice(this.#at, found.index);
      if (sign === '-') text = text.trimEnd();
      else if (
        sign !== '+' &&
        this.#options.lstrip_blocks &&
        (kind === 'tag' || kind === 'comment' || kind === 'raw')
      ) {
        const lineStart = text.lastIndexOf('\n') + 1;
        if ((lineStart > 0 || linesStart) && /^\s*$/.test(text.slice(lineStart)))
          text = text.slice(0, lineStart);
      }
      this.#say('text', text, this.#at);
      this.#at = found.index + found[0].length;
      this.#open(kind, found);
      linesStart = this.#text[this.#at - 1] === '\n';
    }
    return this.#tokens.filter((token) => token.kind !== 'text' || token.value !== '');
  }

  expression(): Token[] {
    while (this.#at < this.#text.length) this.#piece(undefined);
    return this.#tokens;
  }

  #open(kind: Opening['kind'], found: RegExpExecArray): void {
    const { end } = this.#marks;
    switch (kind) {
      case 'comment':
        this.#skipTo(end.comment, found.index, 'a comment is never closed');
        return;
      case 'raw': {
        const from = this.#at;
        const closed = this.#skipTo(end.raw, found.index, "'raw' is never closed: expected 'endraw'");
        const text = this.#text.slice(from, closed.index);
        this.#say('text', closed[1] === '-' ? text.trimEnd() : text, from);
        return;
      }
      case 'remark':
        return;
      case 'tag':
        this.#say('tag-begin', found[0], found.index);
        this.#inside(end.tag, 'tag-end');
        return;
      case 'line':
        this.#say('tag-begin', found[0], found.index);
        this.#inside(/\s*(?:\n|$)/y, 'tag-end');
        return;
      case 'output':
        this.#say('output-begin', found[0], found.index);
        this.#inside(end.output, 'output-end');
        return;
    }
  }

  #skipTo(end: RegExp, begin: number, unclosed: string): RegExpExecArray {
    end.lastIndex = this.#at;
    const found = end.exec(this.#text);
    if (!found) throw new TemplateSyntaxError(unclosed, this.#place(begin));
    this.#at = found.index + found[0].length;
    return found;
  }

  /** Tokens up to the end of the tag; brackets that are open keep an end from being one. */
  #inside(end: RegExp, kind: 'tag-end' | 'output-end'): void {
    const open: string[] = [];
    while (this.#at < this.#text.length) {
      end.lastIndex = this.#at;
      const found = open.length === 0 ? end.exec(this.#text) : null;
      if (found) {
        this.#say(kind, found[0], this.#at);
        this.#at += found[0].length;
        return;
      }
      this.#piece(open);
    }
    // A line statement ends with the text.
    end.lastIndex = this.#at;
    if (open.length === 0 && end.test(this.#text)) this.#say(kind, '', this.#at);
  }

  #piece(open: string[] | undefined): void {
    const begin = this.#at;
    if (this.#match(space) !== undefined) return;
    const found = this.#literal(open !== undefined);
    if (found) {
      this.#say(found[0], found[1], begin);
      return;
    }
    const sign = this.#match(operator);
    if (sign === undefined) {
      const character = this.#text[this.#at]!;
      throw new TemplateSyntaxError(
        character === "'" || character === '"' ? 'a string is never closed' : `unexpected '${character}'`,
        this.#place(begin),
      );
    }
    if (closing[sign] !== undefined) open?.push(closing[sign]);
    else if (Object.values(closing).includes(sign)) {
      const expected = open?.pop();
      if (open && expected !== sign)
        throw new TemplateSyntaxError(
          `unexpected '${sign}'${expected ? `: expected '${expected}'` : ''}`,
          this.#place(begin),
        );
    }
    this.#say('operator', sign, begin);
  }

  #literal(inTemplate: boolean): [TokenKind, string] | undefined {
    const begin = this.#at;
    const first = this.#text.charCodeAt(begin);
    if (first >= 0x30 && first <= 0x39) {
      const real = this.#match(float);
      if (real !== undefined) return ['float', real.replaceAll('_', '')];
      const number = this.#match(integer);
      return number === undefined ? undefined : ['integer', number.replaceAll('_', '').toLowerCase()];
    }
    const name = this.#match(plainWord) ?? (isLetter(first) ? this.#match(word) : undefined);
    if (name !== undefined) return ['name', name];
    const string = first === 0x22 || first === 0x27 ? this.#match(quoted) : undefined;
    return string === undefined ? undefined : ['string', this.#string(string, inTemplate, begin)];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #string(written: string, inTemplate: boolean, at: number): string {
    const inside = written.slice(1, -1);
    const output = inTemplate && this.#tokens.findLast((token) => token.kind.endsWith('-begin'))?.kind;
    if (this.#options.escapeBackslashes && output === 'output-begin') return inside;
    try {
      return pythonString(inside);
    } catch (error) {
      throw new TemplateSyntaxError((error as Error).message, this.#place(at));
    }
  }

  #say(kind: TokenKind, value: string, at: number): void {
    const { newline_sequence: newline } = this.#options;
    const written = kind === 'text' && newline !== '\n' ? value.replaceAll('\n', newline) : value;
    this.#tokens.push({ kind, value: written, ...this.#place(at) });
  }

  #place(at: number): { line: number; column: number } {
    while (this.#break >= 0 && this.#break < at) {
      this.#line += 1;
      this.#lineStart = this.#break + 1;
      this.#break = this.#text.indexOf('\n', this.#lineStart);
    }
    return { line: this.#line, column: Math.max(at - this.#lineStart, 0) + 1 };
  }
}

/** A word may begin with it. */
function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return code >= 0x80 || code === 0x5f || (lower >= 0x61 && lower <= 0x7a);
}
