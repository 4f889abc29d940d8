import { stripVTControlCharacters } from 'node:util';

/** Columns that a text takes. */
export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - width(text)));
  return side === 'left' ? text + space : space + text;
}

/** The text on one line of at most so many columns, cut with an ellipsis. Colours are lost when it is cut. */
export function clip(text: string, columns: number): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ');
  if (width(line) <= columns) return line;
  const letters = [...stripVTControlCharacters(line)];
  return `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

/** Lines of at most so many columns, broken between words where there are any; without a limit only at newlines. */
export function wrap(text: string, columns = Number.POSITIVE_INFINITY): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = [];
    let rest = line.trimEnd();
    while (width(rest) > columns) {
      const letters = [...rest];
      const space = letters.slice(0, columns + 1).lastIndexOf(' ');
      const end = space > columns / 3 ? space : columns;
      lines.push(letters.slice(0, end).join(''));
      rest = letters.slice(end).join('').trimStart();
    }
    return [...lines, rest];
  });
}

/** Cut at exactly so many columns, every part with the same beginning: for lines of a diff. */
export function fold(line: string, columns = Number.POSITIVE_INFINITY): string[] {
  const [sign = '', ...letters] = [...line];
  if (letters.length < columns) return [line];
  const lines: string[] = [];
  for (let index = 0; index < letters.length; index += columns - 1)
    lines.push(sign + letters.slice(index, index + columns - 1).join(''));
  return lines;
}

/** Seconds as people say them: "0.3 s", "12 s", "3 min 5 s". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "1 host", "2 hosts". */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
