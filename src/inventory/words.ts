/** A word of a line, with the column that it starts at. */
export interface Word {
  readonly text: string;
  /** From 0. */
  readonly at: number;
}

/**
 * Splits a line as Python's shlex.split does with comments: blanks separate, quotes and backslashes join, and `#`
 * starts a comment even inside a word. Throws an Error that says which end is missing.
 */
export function splitWords(line: string): Word[] {
  const words: Word[] = [];
  let text = '';
  let start = -1;
  const begin = (at: number) => {
    if (start < 0) start = at;
  };
  const end = () => {
    if (start >= 0) words.push({ text, at: start });
    text = '';
    start = -1;
  };
  let at = 0;
  while (at < line.length) {
    const letter = line[at] as string;
    if (/[ \t\r\n]/.test(letter)) end();
    else if (letter === '#') break;
    else if (letter === '"' || letter === "'") {
      begin(at);
      const close = closing(line, at);
      const inside = line.slice(at + 1, close);
      text += letter === '"' ? inside.replace(/\\(["\\])/g, '$1') : inside;
      at = close;
    } else if (letter === '\\') {
      begin(at);
      if (at + 1 >= line.length) throw new Error('nothing follows the last backslash');
      text += line[++at];
    } else {
      begin(at);
      text += letter;
    }
    at++;
  }
  end();
  return words;
}

function closing(line: string, open: number): number {
  const quote = line[open];
  for (let at = open + 1; at < line.length; at++) {
    if (line[at] === quote) return at;
    if (quote === '"' && line[at] === '\\') at++;
  }
  throw new Error(`a closing ${quote} is missing`);
}
