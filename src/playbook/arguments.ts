import { freeForm, rawParameter } from './keywords.ts';

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Splits at blanks as Ansible does: quotes and Jinja's braces keep together what is inside them. */
function tokens(text: string): Token[] {
  const found: Token[] = [];
  let start = -1;
  let quote = '';
  let depth = 0;
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at] ?? ' ';
    const pair = text.slice(at, at + 2);
    if (depth === 0 && quote === '' && /\s/.test(letter)) {
      if (start >= 0) found.push({ text: text.slice(start, at), start, end: at });
      start = -1;
      continue;
    }
    if (at === text.length) break;
    if (start < 0) start = at;
    if (quote === '' && ['{{', '{%', '{#'].includes(pair)) depth++;
    if (depth > 0 && ['}}', '%}', '#}'].includes(pair)) depth--;
    if (depth > 0) continue;
    if (letter === '\\' && quote !== '') at++;
    else if (quote === letter) quote = '';
    else if (quote === '' && (letter === '"' || letter === "'")) quote = letter;
  }
  if (start >= 0) found.push({ text: text.slice(start), start, end: text.length });
  return found;
}

/** Name, value, and where the value starts in the whole text. */
function pairOf(token: Token): [string, string, number] | undefined {
  const found = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(token.text);
  if (found === null) return undefined;
  const [, name = '', value = ''] = found;
  const quote = /^["']/.test(value) ? 1 : 0;
  return [name, unquoted(value), token.start + name.length + 1 + quote];
}

function unquoted(text: string): string {
  const found = /^(["'])([\s\S]*)\1$/.exec(text);
  return found === null ? text : (found[2] as string).replaceAll(`\\${found[1]}`, found[1] as string);
}

export interface ParsedText {
  /** Where in the text the value of each parameter starts. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly args: Record<string, unknown>;
  /** Words that are neither `name=value` nor a free form that this module takes. */
  readonly extra: readonly string[];
}

/**
 * The parameters in a task's text: `apt: name=nginx state=present`, `command: make creates=/x`.
 * A free form stands under `_raw_params`.
 */
export function parseText(module: string, text: string): ParsedText {
  const options = freeForm[module];
  const args: Record<string, unknown> = {};
  const offsets: Record<string, number> = {};
  if (options !== undefined) {
    let raw = '';
    let from = 0;
    for (const token of tokens(text)) {
      const pair = pairOf(token);
      if (pair === undefined || !options.includes(pair[0])) continue;
      args[pair[0]] = pair[1];
      offsets[pair[0]] = pair[2];
      raw += text.slice(from, token.start);
      from = token.end;
    }
    raw = (raw + text.slice(from)).trim();
    if (raw !== '') args[rawParameter] = raw;
    return { args, offsets, extra: [] };
  }
  const extra: string[] = [];
  for (const token of tokens(text)) {
    const pair = pairOf(token);
    if (pair === undefined) extra.push(unquoted(token.text));
    else {
      args[pair[0]] = pair[1];
      offsets[pair[0]] = pair[2];
    }
  }
  if ((module === 'include_vars' || module === 'meta') && extra.length > 0) {
    args[rawParameter] = extra.join(' ');
    return { args, offsets, extra: [] };
  }
  return { args, offsets, extra };
}
