import { ProcessOutput } from 'listr2';

/** What ends the codes that erase the frame before (log-update). */
const erased = '\x1b[G';

/** The terminal as listr2 draws on it, which keeps what others write for later; but not while it stands still. */
export class Canvas extends ProcessOutput {
  #isStill = false;
  /** It draws once it may. */
  #draws = false;
  /** The last frame that was not drawn. */
  #missed = '';

  constructor(stream: NodeJS.WriteStream) {
    super(stream);
    const { stdout } = this.stream;
    const draw = stdout.write.bind(stdout);
    stdout.write = (...frame) => {
      if (!this.#isStill) return draw(...frame);
      this.#missed = String(frame[0]);
      return true;
    };
  }

  override hijack(): void {
    if (this.#isStill) this.#draws = true;
    else super.hijack();
  }

  override release(): void {
    if (this.#isStill) this.#draws = false;
    else super.release();
  }

  /** Leaves the terminal to others until what it gives is called. Then it draws below what they wrote. */
  still(): () => void {
    this.#draws = this.active === true;
    if (this.#draws) super.release();
    this.#isStill = true;
    return () => {
      this.#isStill = false;
      if (!this.#draws) return;
      super.hijack();
      this.toStdout(this.#missed.split(erased).at(-1) ?? '', false);
      this.#missed = '';
    };
  }
}
