import type { SyntaxOptions } from './syntax-options.ts';

export interface Opening {
  readonly kind: 'raw' | 'comment' | 'tag' | 'output' | 'line' | 'remark';
  readonly pattern: RegExp;
}

/** What begins and ends the tags of a syntax: made once for it. */
export interface Marks {
  readonly opening: RegExp;
  readonly openings: readonly Opening[];
  readonly end: Readonly<Record<'raw' | 'comment' | 'tag' | 'output', RegExp>>;
}

const known = new Map<string, Marks>();
const found = new WeakMap<SyntaxOptions, Marks>();

/** The marks of a syntax. */
export function marksOf(options: SyntaxOptions): Marks {
  let marks = found.get(options);
  if (!marks) {
    marks = madeFor(options);
    found.set(options, marks);
  }
  return marks;
}

function madeFor(options: SyntaxOptions): Marks {
  const { newline_sequence: _newline, ...own } = options;
  const key = JSON.stringify(own);
  let marks = known.get(key);
  if (!marks) {
    const all = openings(options);
    const opening = all.map(({ kind, pattern }) => `(?<${kind}>${pattern.source})`).join('|');
    marks = { openings: all, opening: new RegExp(opening, 'gm'), end: endings(options) };
    known.set(key, marks);
  }
  return marks;
}

function endings(options: SyntaxOptions): Marks['end'] {
  const newline = options.trim_blocks ? '\\n?' : '';
  const closing = (text: string) => `\\+${text}|-${text}\\s*|${text}${newline}`;
  const [block, output] = [escaped(options.block_end_string), escaped(options.variable_end_string)];
  const begin = escaped(options.block_start_string);
  return {
    comment: new RegExp(closing(escaped(options.comment_end_string)), 'g'),
    raw: new RegExp(`${begin}([-+]?)\\s*endraw\\s*(?:${closing(block)})`, 'g'),
    tag: new RegExp(closing(block), 'y'),
    output: new RegExp(`-${output}\\s*|${output}`, 'y'),
  };
}

/** What begins a tag, the longest first, so that `{%` is not taken for `{`. */
function openings(options: SyntaxOptions): Opening[] {
  const block = escaped(options.block_start_string);
  const blockEnd = escaped(options.block_end_string);
  const found: (Opening & { readonly length: number })[] = [
    {
      kind: 'comment',
      length: options.comment_start_string.length,
      pattern: new RegExp(`${escaped(options.comment_start_string)}(?<sign_comment>[-+]?)`),
    },
    {
      kind: 'tag',
      length: options.block_start_string.length,
      pattern: new RegExp(`${block}(?<sign_tag>[-+]?)`),
    },
    {
      kind: 'output',
      length: options.variable_start_string.length,
      pattern: new RegExp(`${escaped(options.variable_start_string)}(?<sign_output>[-+]?)`),
    },
  ];
  if (options.line_statement_prefix !== null)
    found.push({
      kind: 'line',
      length: options.line_statement_prefix.length,
      pattern: new RegExp(`^[ \\t\\v]*${escaped(options.line_statement_prefix)}(?<sign_line>[-+]?)`),
    });
  if (options.line_comment_prefix !== null)
    found.push({
      kind: 'remark',
      length: options.line_comment_prefix.length,
      pattern: new RegExp(
        `(?:^|(?<=\\S))[^\\S\\n]*${escaped(options.line_comment_prefix)}(?<sign_remark>[-+]?)[^\\n]*`,
      ),
    });
  const raw = new RegExp(`${block}(?<sign_raw>[-+]?)\\s*raw\\s*(?:-${blockEnd}\\s*|${blockEnd})`);
  return [{ kind: 'raw', pattern: raw }, ...found.sort((left, right) => right.length - left.length)];
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
