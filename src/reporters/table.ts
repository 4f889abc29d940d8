import { clip, pad, width } from './text.ts';

export interface TableOptions {
  /** Columns set to the right, by index: numbers. */
  readonly right?: readonly number[];
  /** Columns of the terminal; the widest columns give way. Default: no limit. */
  readonly columns?: number;
  readonly indent?: number;
  readonly paintHead?: (line: string) => string;
}

const gap = 2;
const narrowest = 8;

/** Lines of an aligned table. The first row is the head. Cells may be painted. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  const { right = [], columns = Number.POSITIVE_INFINITY, indent = 0, paintHead = (line) => line } = options;
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_column, index) =>
    Math.max(...rows.map((row) => width(row[index] ?? ''))),
  );
  const total = () => widths.reduce((sum, each) => sum + each, 0) + gap * (count - 1) + indent;
  while (total() > columns) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return rows.map((row, line) => {
    const cells = widths.map((each, index) => {
      const cell = clip(row[index] ?? '', each);
      return right.includes(index) ? pad(cell, each, 'right') : pad(cell, each);
    });
    const text = ' '.repeat(indent) + cells.join(' '.repeat(gap)).trimEnd();
    return line === 0 ? paintHead(text) : text;
  });
}
