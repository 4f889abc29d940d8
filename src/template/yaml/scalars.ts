import { isBreak, isPrintable } from './analysis.ts';

const escapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

/** The part of libyaml's emitter (0.2.5) that writes lines and scalars. */
export class ScalarWriter {
  protected readonly width: number;
  protected column = 0;
  /** The last character separates what follows. */
  protected whitespace = true;
  /** Nothing but indentation and indicators stands on the line. */
  protected indention = true;
  readonly #step: number;
  #indent = -1;
  readonly #parts: string[] = [];

  constructor(step: number, width: number) {
    this.#step = step > 1 && step < 10 ? step : 2;
    this.width = width >= 0 && width <= this.#step * 2 ? 80 : width < 0 ? Number.POSITIVE_INFINITY : width;
  }

  protected get written(): string {
    return this.#parts.join('');
  }

  /** One level deeper. */
  protected nested(flow: boolean, indentless: boolean, inside: () => void): void {
    const before = this.#indent;
    if (before < 0) this.#indent = flow ? this.#step : 0;
    else if (!indentless) this.#indent += this.#step;
    inside();
    this.#indent = before;
  }

  protected indicator(mark: string, needsSpace: boolean, whitespace = false, indention = false): void {
    if (needsSpace && !this.whitespace) this.#put(' ');
    this.#put(mark);
    this.whitespace = whitespace;
    this.indention = this.indention && indention;
  }

  protected writeIndent(): void {
    const indent = Math.max(this.#indent, 0);
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace))
      this.#break();
    if (this.column < indent) this.#put(' '.repeat(indent - this.column));
    this.whitespace = true;
    this.indention = true;
  }

  protected plain(characters: readonly string[], split: boolean, inFlow: boolean): void {
    if (!this.whitespace && (characters.length > 0 || inFlow)) this.#put(' ');
    let spaces = false;
    characters.forEach((character, index) => {
      const folds = split && !spaces && this.column > this.width && characters[index + 1] !== ' ';
      if (character === ' ' && folds) this.writeIndent();
      else this.#put(character);
      if (character !== ' ') this.indention = false;
      spaces = character === ' ';
    });
    this.whitespace = false;
    this.indention = false;
  }

  protected singleQuoted(characters: readonly string[], split: boolean): void {
    this.indicator("'", true);
    let [spaces, breaks] = [false, false];
    characters.forEach((character, index) => {
      if (character === ' ') {
        const inside = index > 0 && index < characters.length - 1;
        const folds = split && !spaces && this.column > this.width && inside && characters[index + 1] !== ' ';
        if (folds) this.writeIndent();
        else this.#put(' ');
        spaces = true;
      } else if (isBreak(character)) {
        if (!breaks && character === '\n') this.#break();
        this.#break(character);
        this.indention = true;
        breaks = true;
      } else {
        if (breaks) this.writeIndent();
        this.#put(character === "'" ? "''" : character);
        this.indention = false;
        [spaces, breaks] = [false, false];
      }
    });
    if (breaks) this.writeIndent();
    this.indicator("'", false);
    this.whitespace = false;
    this.indention = false;
  }

  protected doubleQuoted(characters: readonly string[], split: boolean): void {
    this.indicator('"', true);
    let spaces = false;
    characters.forEach((character, index) => {
      if (!isPrintable(character) || isBreak(character) || character === '"' || character === '\\') {
        this.#put(escaped(character));
        spaces = false;
      } else if (character === ' ') {
        const inside = index > 0 && index < characters.length - 1;
        if (split && !spaces && this.column > this.width && inside) {
          this.writeIndent();
          if (characters[index + 1] === ' ') this.#put('\\');
        } else this.#put(' ');
        spaces = true;
      } else {
        this.#put(character);
        spaces = false;
      }
    });
    this.indicator('"', false);
    this.whitespace = false;
    this.indention = false;
  }

  protected literal(characters: readonly string[]): void {
    this.#block('|', characters);
    let breaks = true;
    for (const character of characters) {
      if (isBreak(character)) {
        this.#break(character);
        this.indention = true;
        breaks = true;
        continue;
      }
      if (breaks) this.writeIndent();
      this.#put(character);
      this.indention = false;
      breaks = false;
    }
  }

  protected folded(characters: readonly string[]): void {
    this.#block('>', characters);
    let [breaks, leading] = [true, true];
    characters.forEach((character, index) => {
      if (isBreak(character)) {
        if (!breaks && !leading && character === '\n') {
          let next = index;
          while (isBreak(characters[next])) next += 1;
          const follower = characters[next];
          if (follower !== undefined && follower !== ' ' && follower !== '\t') this.#break();
        }
        this.#break(character);
        this.indention = true;
        breaks = true;
        return;
      }
      if (breaks) {
        this.writeIndent();
        leading = character === ' ' || character === '\t';
      }
      const folds = !breaks && character === ' ' && characters[index + 1] !== ' ' && this.column > this.width;
      if (folds) this.writeIndent();
      else this.#put(character);
      this.indention = false;
      breaks = false;
    });
  }

  #block(mark: string, characters: readonly string[]): void {
    const [first, last] = [characters[0], characters.at(-1)];
    const hint = first === ' ' || isBreak(first) ? String(this.#step) : '';
    const chomp = !isBreak(last) ? '-' : characters.length === 1 || isBreak(characters.at(-2)) ? '+' : '';
    this.indicator(mark + hint + chomp, true);
    this.#break();
    this.indention = true;
    this.whitespace = true;
  }

  #put(text: string): void {
    this.#parts.push(text);
    this.column += [...text].length;
  }

  #break(character = '\n'): void {
    this.#parts.push(character);
    this.column = 0;
  }
}

function escaped(character: string): string {
  const letter = escapes[character];
  if (letter !== undefined) return `\\${letter}`;
  const code = character.codePointAt(0)!;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
