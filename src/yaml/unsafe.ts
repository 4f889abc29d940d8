/** A value written `!unsafe`: it holds no template, whatever braces are in it. */
export class Unsafe {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}
