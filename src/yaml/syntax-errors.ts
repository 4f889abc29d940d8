import type { Problem } from '../errors.ts';
import type { Source } from './places.ts';

/** A syntax error of the YAML parser in words that help, at its place. */
export function syntaxProblem(said: string, position: number, source: Source, text: string): Problem {
  const offset = Math.min(position, text.length);
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', offset);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const reason = /^ *\t/.test(line) ? 'tab characters' : said;
  return {
    message: wording(reason),
    place: source.place(offset),
    hint: syntaxHint(reason, line),
    severity: 'error',
  };
}

function wording(reason: string): string {
  if (reason.startsWith('tab characters')) return 'a tab character is used for indentation';
  if (reason === 'bad indentation of a mapping entry') return 'this is not a valid mapping entry';
  if (reason === 'deficient indentation')
    return 'a quote or bracket is not closed, or a line is not indented enough';
  if (reason.startsWith('end of the stream')) return 'this line does not fit the indentation above it';
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
