import { expandMatch, pythonRegex } from './python-regex.ts';

/** What lineinfile is asked for, with the names of its parameters. */
export interface LineWish {
  readonly state: 'present' | 'absent';
  readonly line?: string | undefined;
  readonly regexp?: string | undefined;
  readonly search_string?: string | undefined;
  readonly insertafter?: string | undefined;
  readonly insertbefore?: string | undefined;
  readonly backrefs: boolean;
  readonly firstmatch: boolean;
}

/** Lines with their newlines. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The text as lineinfile wants it. */
export function editLines(text: string, want: LineWish): string {
  const lines = splitLines(text);
  return want.state === 'absent' ? without(lines, want).join('') : withLine(lines, want).join('');
}

function bare(line: string): string {
  return line.replace(/[\r\n]+$/, '');
}

function without(lines: readonly string[], want: LineWish): string[] {
  const regexp = want.regexp === undefined ? undefined : pythonRegex(want.regexp);
  return lines.filter((line) => {
    if (regexp !== undefined) return !regexp.test(line);
    if (want.search_string !== undefined) return !line.includes(want.search_string);
    return bare(line) !== want.line;
  });
}

function withLine(lines: string[], want: LineWish): string[] {
  const line = want.line ?? '';
  const found = matching(lines, want);
  if (found !== undefined) {
    const fresh = want.backrefs && found.match !== undefined ? expandMatch(line, found.match) : line;
    return lines.with(found.index, ended(fresh));
  }
  // With firstmatch Ansible looks no further than the first line that matches insertafter or insertbefore.
  const anchor = want.firstmatch ? anchorOf(lines, want) : -1;
  const seen = anchor < 0 ? lines : lines.slice(0, anchor + 1);
  const exact = seen.findLastIndex((candidate) => bare(candidate) === line);
  if (exact >= 0) return lines.with(exact, ended(line));
  if (want.backrefs) return lines;
  return insert(lines, ended(line), want);
}

/** The line that `regexp` or `search_string` names: the last one, or with firstmatch the first. */
function matching(
  lines: readonly string[],
  want: LineWish,
): { index: number; match: RegExpExecArray | undefined } | undefined {
  const regexp = want.regexp === undefined ? undefined : pythonRegex(want.regexp);
  const tests = (line: string) =>
    regexp !== undefined
      ? regexp.test(line)
      : want.search_string !== undefined && line.includes(want.search_string);
  const index = want.firstmatch ? lines.findIndex(tests) : lines.findLastIndex(tests);
  return index < 0 ? undefined : { index, match: regexp?.exec(lines[index]!) ?? undefined };
}

function insert(lines: string[], line: string, want: LineWish): string[] {
  if (want.insertbefore === 'BOF' || want.insertafter === 'BOF') return [line, ...lines];
  const index = anchorOf(lines, want);
  const at = index < 0 ? lines.length : index + (want.insertafter === undefined ? 0 : 1);
  if (index >= 0 && want.insertafter !== undefined && at < lines.length && bare(lines[at]!) === bare(line))
    return lines;
  return lines
    .slice(0, at)
    .map((candidate, i) => (i === at - 1 ? ended(candidate) : candidate))
    .concat(line, lines.slice(at));
}

/** The line that insertafter or insertbefore names, or -1. */
function anchorOf(lines: readonly string[], want: LineWish): number {
  if (want.insertbefore === 'BOF' || want.insertafter === 'BOF' || want.insertafter === 'EOF') return -1;
  const anchor = want.insertafter ?? want.insertbefore;
  if (anchor === undefined) return -1;
  const regexp = pythonRegex(anchor);
  const tests = (candidate: string) => regexp.test(candidate);
  return want.firstmatch ? lines.findIndex(tests) : lines.findLastIndex(tests);
}

function ended(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`;
}

/** What blockinfile is asked for, with the names of its parameters. */
export interface BlockWish {
  readonly state: 'present' | 'absent';
  readonly block: string;
  readonly marker: string;
  readonly marker_begin: string;
  readonly marker_end: string;
  readonly insertafter?: string | undefined;
  readonly insertbefore?: string | undefined;
  readonly append_newline: boolean;
  readonly prepend_newline: boolean;
}

/** The text as blockinfile wants it. */
export function editBlock(text: string, want: BlockWish): string {
  const lines = splitLines(text);
  const [begin, end] = [want.marker_begin, want.marker_end].map((mark) =>
    want.marker.replaceAll('{mark}', mark),
  ) as [string, string];
  const present = want.state === 'present' && want.block !== '';
  const block = present ? [`${begin}\n`, ...splitLines(ended(want.block)), `${end}\n`] : [];
  const at = blockPlace(lines, begin, end);
  if (at === undefined) {
    if (!present) return text;
    return placed(lines, insertionPoint(lines, want), block, want).join('');
  }
  return placed(lines.toSpliced(at.from, at.to - at.from + 1), at.from, block, want).join('');
}

function blockPlace(
  lines: readonly string[],
  begin: string,
  end: string,
): { from: number; to: number } | undefined {
  const [first, last] = [begin, end].map((mark) => lines.findLastIndex((line) => bare(line) === mark)) as [
    number,
    number,
  ];
  if (first < 0 || last < 0) return undefined;
  return { from: Math.min(first, last), to: Math.max(first, last) };
}

function insertionPoint(lines: readonly string[], want: BlockWish): number {
  if (want.insertbefore === 'BOF' || want.insertafter === 'BOF') return 0;
  const anchor = want.insertafter === 'EOF' ? undefined : (want.insertafter ?? want.insertbefore);
  if (anchor === undefined) return lines.length;
  const regexp = pythonRegex(anchor);
  const index = lines.findLastIndex((line) => regexp.test(line));
  return index < 0 ? lines.length : index + (want.insertafter === undefined ? 0 : 1);
}

function placed(lines: readonly string[], at: number, block: readonly string[], want: BlockWish): string[] {
  if (block.length === 0) return [...lines];
  const before = lines.slice(0, at).map((line, index) => (index === at - 1 ? ended(line) : line));
  const after = lines.slice(at);
  if (want.prepend_newline && before.length > 0 && before.at(-1) !== '\n') before.push('\n');
  if (want.append_newline && after.length > 0 && after[0] !== '\n') after.unshift('\n');
  return [...before, ...block, ...after];
}

/** What replace is asked for, with the names of its parameters. */
export interface ReplaceWish {
  readonly regexp: string;
  readonly replace: string;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** The text as replace wants it. */
export function replaceAll(text: string, want: ReplaceWish): string {
  const { start, end, matches } = findMatches(text, want);
  const inside = text.slice(start, end);
  let result = '';
  let last = 0;
  for (const match of matches) {
    result += inside.slice(last, match.index) + expandMatch(want.replace, match);
    last = match.index + match[0].length;
  }
  return text.slice(0, start) + result + inside.slice(last) + text.slice(end);
}

/** How often replace would replace. */
export function countMatches(text: string, want: ReplaceWish): number {
  return findMatches(text, want).matches.length;
}

function findMatches(
  text: string,
  { after, before, regexp: pattern }: ReplaceWish,
): { start: number; end: number; matches: RegExpExecArray[] } {
  let [start, end] = [0, text.length];
  if (after !== undefined || before !== undefined) {
    const lazy = after !== undefined && before !== undefined ? '?' : '';
    const section = pythonRegex(`${after ?? ''}(?P<subsection>.*${lazy})${before ?? ''}`, { dotAll: true });
    const found = section.exec(text)?.indices?.groups?.subsection;
    if (found === undefined) return { start, end, matches: [] };
    [start, end] = found;
  }
  const regexp = pythonRegex(pattern, { multiline: true });
  const all = new RegExp(regexp.source, `${regexp.flags}g`);
  return { start, end, matches: [...text.slice(start, end).matchAll(all)] };
}
