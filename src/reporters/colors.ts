/** Paints text for a terminal, or leaves it as it is. */
export interface Colors {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export function colors(enabled: boolean): Colors {
  const paint = (code: number, end: number) => (text: string) =>
    enabled && text !== '' ? `\x1b[${code}m${text}\x1b[${end}m` : text;
  return {
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
    dim: paint(2, 22),
    bold: paint(1, 22),
  };
}

/** Whether to paint: on a terminal, unless NO_COLOR (no-color.org) is set. */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
