import lexer, { type Tokenizer } from 'nunjucks/src/lexer.js';
import { TemplateSyntaxError } from './failures.ts';

type TokenKind =
  | 'text'
  | 'string'
  | 'number'
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

export interface Whitespace {
  /** Jinja's trim_blocks; Ansible's default is true. */
  readonly trimBlocks: boolean;
  /** Jinja's lstrip_blocks; Ansible's default is false. */
  readonly lstripBlocks: boolean;
}

const kinds: Readonly<Record<string, TokenKind>> = {
  data: 'text',
  string: 'string',
  int: 'number',
  float: 'number',
  boolean: 'name',
  none: 'name',
  symbol: 'name',
  'block-start': 'tag-begin',
  'block-end': 'tag-end',
  'variable-start': 'output-begin',
  'variable-end': 'output-end',
};

/** The tokens of a template. Throws TemplateSyntaxError. */
export function tokenizeTemplate(text: string, whitespace: Whitespace): Token[] {
  return tokenize(lexer.lex(text, whitespace), whitespace);
}

/** The tokens of an expression without braces. Throws TemplateSyntaxError. */
export function tokenizeExpression(text: string): Token[] {
  const source = lexer.lex(text);
  source.in_code = true;
  return tokenize(source, { trimBlocks: false, lstripBlocks: false });
}

/**
 * nunjucks reads the characters. Where its rules are not Jinja2's this mends them: escapes in strings, `}}` that
 * closes nested dicts, `list.0.name`, raw blocks and comments with whitespace control.
 */
function tokenize(source: Tokenizer, whitespace: Whitespace): Token[] {
  const tokens: Token[] = [];
  let braces = 0;
  let strip = false;
  source._parseString = (delimiter) => readString(source, delimiter);
  const last = () => tokens.at(-1);
  const push = (kind: TokenKind, value: string, line: number, column: number) =>
    tokens.push({ kind, value, line, column });

  for (;;) {
    const line = source.lineno + 1;
    const column = source.colno + 1;
    if (source.in_code && readOurselves(source, braces)) {
      const value = source.current();
      source.forward();
      if (value === '}') braces -= 1;
      push(value === 'r' ? 'name' : 'operator', value, line, column);
      continue;
    }
    const token = next(source, line, column);
    if (token === null) break;
    if (token.type === 'whitespace') continue;
    if (token.type === 'data' || token.type === 'comment') {
      if (token.type === 'comment') {
        if (token.value.startsWith('{#-')) trimEnd(tokens);
        strip = token.value.endsWith('-#}');
        if (whitespace.trimBlocks && !strip && source.current() === '\n') source.forward();
        continue;
      }
      push('text', strip ? token.value.trimStart() : token.value, line, column);
      strip = false;
      continue;
    }
    const kind = kinds[token.type] ?? 'operator';
    if (kind === 'tag-begin' || kind === 'output-begin') {
      if (token.value.endsWith('-')) trimEnd(tokens);
      strip = false;
      braces = 0;
      push(kind, token.value, line, column);
    } else if (kind === 'tag-end' || kind === 'output-end') {
      strip = token.value.startsWith('-');
      push(kind, token.value, line, column);
      const tag = tokens.at(-2);
      if (kind === 'tag-end' && tag?.value === 'raw' && tokens.at(-3)?.kind === 'tag-begin') {
        tokens.splice(-3);
        strip = readRaw(source, tokens, strip, whitespace);
      }
    } else if (token.type === 'float' && last()?.value === '.') {
      const [index, rest] = token.value.split('.');
      push('name', index ?? '', line, column);
      push('operator', '.', line, column + 1);
      if (rest) push('name', rest, line, column + 2);
    } else {
      if (token.type === 'left-curly') braces += 1;
      push(kind === 'number' && last()?.value === '.' ? 'name' : kind, token.value, line, column);
    }
  }
  return tokens.filter((token) => token.kind !== 'text' || token.value !== '');
}

function next(source: Tokenizer, line: number, column: number) {
  try {
    return source.nextToken();
  } catch (error) {
    throw new TemplateSyntaxError(error instanceof Error ? error.message : String(error), { line, column });
  }
}

/** A brace that closes a dict, not the output; and a variable `r` that is divided, not a regular expression. */
function readOurselves(source: Tokenizer, braces: number): boolean {
  const character = source.current();
  if (character === '}') return braces > 0;
  return character === 'r' && source.str.charAt(source.index + 1) === '/';
}

function trimEnd(tokens: Token[]): void {
  const token = tokens.at(-1);
  if (token?.kind === 'text') tokens[tokens.length - 1] = { ...token, value: token.value.trimEnd() };
}

function readRaw(source: Tokenizer, tokens: Token[], strip: boolean, whitespace: Whitespace): boolean {
  const at = { line: source.lineno + 1, column: source.colno + 1 };
  const end = /\{%(-?)\s*endraw\s*(-?)%\}/g;
  end.lastIndex = source.index;
  const found = end.exec(source.str);
  if (found === null) throw new TemplateSyntaxError("'raw' is never closed: expected 'endraw'", at);
  // Jinja's trim_blocks leaves the newline after the opening tag of a raw block.
  const newline = source.str.charAt(source.index - 1) === '\n' ? '\n' : '';
  let text = newline + source.str.slice(source.index, found.index);
  if (strip) text = text.trimStart();
  if (found[1]) text = text.trimEnd();
  source.forwardN(end.lastIndex - source.index);
  if (whitespace.trimBlocks && !found[2] && source.current() === '\n') source.forward();
  tokens.push({ kind: 'text', value: text, ...at });
  return found[2] === '-';
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** Python's string escapes: an unknown one keeps its backslash, so that '\d' stays a regular expression. */
function readString(source: Tokenizer, delimiter: string): string {
  const begin = { line: source.lineno + 1, column: source.colno + 1 };
  source.forward();
  let text = '';
  for (; source.current() !== delimiter; source.forward()) {
    if (source.isFinished()) throw new TemplateSyntaxError('a string is never closed', begin);
    if (source.current() !== '\\') {
      text += source.current();
      continue;
    }
    const code = /^\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/i.exec(
      source.str.slice(source.index, source.index + 10),
    );
    if (code) {
      text += String.fromCodePoint(Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16));
      source.forwardN(code[0].length - 1);
      continue;
    }
    source.forward();
    text += escapes[source.current()] ?? `\\${source.current()}`;
  }
  source.forward();
  return text;
}
