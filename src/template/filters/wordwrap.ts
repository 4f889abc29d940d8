/** Python's textwrap.wrap as Jinja2 uses it: each line of the text for itself, spaces kept. */
export function wordwrap(
  value: string,
  width: number,
  breakLong: boolean,
  onHyphens: boolean,
  newline: string,
): string {
  const lines = value.split(/\r\n|[\n\r]/);
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => wrap(line, width, breakLong, onHyphens).join(newline)).join(newline);
}

function wrap(line: string, width: number, breakLong: boolean, onHyphens: boolean): string[] {
  const chunks = (onHyphens ? hyphenated(line) : line.split(/(\s+)/)).filter(Boolean).reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const current: string[] = [];
    let length = 0;
    if (lines.length > 0 && /^\s+$/.test(chunks.at(-1)!)) chunks.pop();
    while (chunks.length > 0 && length + chunks.at(-1)!.length <= width) {
      current.push(chunks.pop()!);
      length += current.at(-1)!.length;
    }
    const next = chunks.at(-1);
    if (next !== undefined && next.length > width) {
      if (breakLong) {
        const space = Math.max(1, width - length);
        const hyphen = onHyphens && next.length > space ? next.lastIndexOf('-', space - 1) : -1;
        const end = hyphen > 0 && /[^-]/.test(next.slice(0, hyphen)) ? hyphen + 1 : space;
        current.push(next.slice(0, end));
        chunks[chunks.length - 1] = next.slice(end);
      } else if (current.length === 0) current.push(chunks.pop()!);
    }
    if (current.length > 0 && /^\s+$/.test(current.at(-1)!)) current.pop();
    if (current.length > 0) lines.push(current.join(''));
  }
  return lines;
}

/** Words may be cut after hyphens between letters, as TextWrapper.wordsep_re does. */
function hyphenated(line: string): string[] {
  return line.split(
    /(\s+|(?<=[\w!"'&.,?])-{2,}(?=\w)|[^\s\w]*\w+[^0-9\W]-(?=\w+[^0-9\W])|[^\s]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=\s|$)|(?<=[\w!"'&.,?])(?=-{2,}\w)))/u,
  );
}
