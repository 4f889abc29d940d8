import type { Problem } from '../errors.ts';
import type { Source } from './places.ts';

/** A syntax error of the YAML parser in words that help, at its place. */
export function syntaxProblem(said: string, position: number, source: Source, text: string): Problem {
  const offset = Math.min(position, text.length);
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', offset);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const reason = /^ *\t/.test(line) ? 'tab characters' : said;
  const above = text.slice(0, lineStart).split('\n').slice(0, -1);
  const known = syntaxHint(reason, line) ?? unclosedHint(reason, above);
  const misplaced =
    known === undefined && reason.startsWith('bad indentation') ? indentationHint(line, above) : undefined;
  return {
    message: misplaced === undefined ? wording(reason) : misfit,
    place: source.place(misplaced === undefined ? offset : lineStart + line.search(/\S/)),
    hint: known ?? misplaced,
    severity: 'error',
  };
}

const misfit = 'this line does not fit the indentation above it';

function wording(reason: string): string {
  if (reason.startsWith('tab characters')) return 'a tab character is used for indentation';
  if (reason === 'bad indentation of a mapping entry') return 'this is not a valid mapping entry';
  if (reason === 'deficient indentation')
    return 'a quote or bracket is not closed, or a line is not indented enough';
  if (reason.startsWith('end of the stream') || reason === 'bad indentation of a sequence entry')
    return misfit;
  return `YAML: ${reason}`;
}

function syntaxHint(reason: string, line: string): string | undefined {
  if (reason.startsWith('tab characters')) return 'indent with spaces';
  if (/:\s+\{\{/.test(line) || /^\s*-\s+\{\{/.test(line))
    return 'a value that starts with {{ needs quotes: "{{ name }}"';
  if (/:\s+["'].*["']\s*\S/.test(line))
    return 'what follows a closing quote must be quoted too: quote the whole value';
  if (/:\s+[@`%]/.test(line)) return 'a value that starts with @, ` or % needs quotes';
  if (/:\s.*:\s/.test(line)) return 'a value that holds ": " needs quotes';
  if (/^\s*[\w-]+:\S/.test(line)) return 'put a space after the colon';
  return undefined;
}

/** The last line above in which a quote opens that does not close there. */
function unclosedHint(reason: string, above: readonly string[]): string | undefined {
  if (reason !== 'deficient indentation') return undefined;
  const index = above.findLastIndex((line) =>
    /(?:^|[:,[{-])\s*(?:"(?:[^"\\]|\\.)*|'(?:[^']|'')*)$/.test(line),
  );
  return index < 0 ? undefined : `the quote that opens in line ${index + 1} does not close there`;
}

/** Where a line stands that begins in a column in which nothing above it begins. */
function indentationHint(line: string, above: readonly string[]): string | undefined {
  const lines = above.flatMap((text, index) =>
    /^\s*(?:#.*)?$/.test(text) ? [] : [{ text, number: index + 1, ...begins(text) }],
  );
  const last = lines.at(-1);
  const indent = line.search(/\S/);
  if (!last || indent < 0) return undefined;
  const spaces = `${indent} ${indent === 1 ? 'space' : 'spaces'}`;
  if (indent > last.inner && /:\s*(?:#.*)?$/.test(last.text)) return undefined;
  if (indent > last.inner)
    return `it has ${spaces} before it, more than line ${last.number} above, which holds a value already: with ${last.inner} it stands beside that`;
  const open: number[] = [];
  for (const { outer, inner } of lines.toReversed())
    for (const column of [inner, outer])
      if (column < (open.at(-1) ?? Number.POSITIVE_INFINITY)) open.push(column);
  if (!open.includes(indent)) {
    const near = [open.findLast((column) => column > indent), open.find((column) => column < indent)].filter(
      (column) => column !== undefined,
    );
    return `it has ${spaces} before it; what it can belong to above begins after ${near.join(' or ')}`;
  }
  const bare = /^\s*-\s+([\w.]+)\s+[^:]*$/.exec(last.text);
  return bare ? `is a colon missing after "${bare[1]}" in line ${last.number}?` : undefined;
}

/** The column of a line's first character, and of the first behind the dashes of lists. */
function begins(line: string): { outer: number; inner: number } {
  return { outer: line.search(/\S/), inner: /^\s*(?:-\s+)*/.exec(line)?.[0].length ?? 0 };
}
