/** One line of a comparison: kept, taken out or put in. */
interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

const context = 3;
/** Cells of the comparison above which the differing middle is shown as replaced in whole. */
const largest = 4_000_000;
const noNewline = '\\ No newline at end of file';

/** The differences between two texts in diff's unified format (POSIX diff -u), without the lines of the file names. */
export function unifiedDiff(before: string, after: string): string[] {
  if (before === after) return [];
  return hunks(compare(split(before), split(after)));
}

/** Lines; a last one without its newline is another line than the same with it, as for diff. */
function split(text: string): string[] {
  if (text === '') return [];
  if (text.endsWith('\n')) return text.slice(0, -1).split('\n');
  const lines = text.split('\n');
  return [...lines.slice(0, -1), `${lines.at(-1)}\n${noNewline}`];
}

function compare(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const keep = (line: string): Edit => ({ sign: ' ', line });
  return [
    ...before.slice(0, start).map(keep),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(keep),
  ];
}

/** Longest common subsequence by dynamic programming. */
function middle(before: readonly string[], after: readonly string[]): Edit[] {
  const [rows, columns] = [before.length, after.length];
  if (rows * columns > largest)
    return [
      ...before.map((line): Edit => ({ sign: '-', line })),
      ...after.map((line): Edit => ({ sign: '+', line })),
    ];
  const common = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let row = rows - 1; row >= 0; row -= 1)
    for (let column = columns - 1; column >= 0; column -= 1)
      common[row]![column] =
        before[row] === after[column]
          ? common[row + 1]![column + 1]! + 1
          : Math.max(common[row + 1]![column]!, common[row]![column + 1]!);
  const edits: Edit[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (row < rows && column < columns && before[row] === after[column]) {
      edits.push({ sign: ' ', line: before[row]! });
      row += 1;
      column += 1;
    } else if (row < rows && (column === columns || common[row + 1]![column]! >= common[row]![column + 1]!)) {
      edits.push({ sign: '-', line: before[row]! });
      row += 1;
    } else {
      edits.push({ sign: '+', line: after[column]! });
      column += 1;
    }
  }
  return edits;
}

function hunks(edits: readonly Edit[]): string[] {
  const lines: string[] = [];
  const changed = edits.flatMap((edit, index) => (edit.sign === ' ' ? [] : [index]));
  let position = 0;
  while (position < changed.length) {
    const begin = Math.max(0, changed[position]! - context);
    let last = changed[position]!;
    while (position < changed.length && changed[position]! - last <= 2 * context + 1) {
      last = changed[position]!;
      position += 1;
    }
    const end = Math.min(edits.length, last + context + 1);
    const previous = edits.slice(0, begin);
    const oldLine = previous.filter((edit) => edit.sign !== '+').length + 1;
    const newLine = previous.filter((edit) => edit.sign !== '-').length + 1;
    const hunk = edits.slice(begin, end);
    const oldCount = hunk.filter((edit) => edit.sign !== '+').length;
    const newCount = hunk.filter((edit) => edit.sign !== '-').length;
    lines.push(`@@ -${span(oldLine, oldCount)} +${span(newLine, newCount)} @@`);
    for (const edit of hunk) lines.push(...`${edit.sign}${edit.line}`.split('\n'));
  }
  return lines;
}

function span(line: number, count: number): string {
  if (count === 1) return String(line);
  return `${count === 0 ? line - 1 : line},${count}`;
}
