import type { ListrTaskWrapper } from 'listr2';
import { clip, duration, pad } from './text.ts';
import { isFailure, type TaskEvent } from './wording.ts';

/** What is used of listr2's wrapper around a task. */
type Handle = Pick<ListrTaskWrapper<unknown, never, never>, 'title' | 'output'>;

/** The icon, its space, and what listr2 keeps free. */
const margin = 5;
/** Seconds after which a running task shows its time and what it says. */
const patience = 1;
/** Room for "12 min 3 s". */
const timeColumns = 10;

/** What one host is at, as a row of the live display. */
export class Row {
  readonly #host: string;
  readonly #hostColumns: number;
  readonly #columns: () => number;
  #handle: Handle | undefined;
  #settle: (() => void) | undefined;
  #finished = false;
  #task = 'waits';
  #since = performance.now();
  #running = false;
  #said = '';
  #stopping = false;
  #changed = 0;
  #failed = false;

  constructor(host: string, hostColumns: number, columns: () => number) {
    this.#host = host;
    this.#hostColumns = hostColumns;
    this.#columns = columns;
  }

  /** Takes the row that listr2 draws. Settles when the row is finished. */
  attach(handle: Handle): Promise<void> {
    this.#handle = handle;
    return new Promise((done, failed) => {
      this.#settle = () => (this.#failed ? failed(new Error(this.#host)) : done());
      if (this.#finished) this.#settle();
    });
  }

  begin(task: string): void {
    this.#task = task;
    this.#since = performance.now();
    this.#running = true;
    this.#said = '';
  }

  /** Ctrl-C was pressed. */
  stopping(): void {
    this.#stopping = true;
  }

  say(line: string): void {
    this.#said = line;
  }

  end(event: TaskEvent): void {
    if (event.status === 'changed' || event.status === 'unforeseen') this.#changed += 1;
    if (isFailure(event) && !event.ignored) this.#failed = true;
    this.#running = false;
    this.#said = '';
    this.#task = event.task;
  }

  /** Draws the row when it says something else than before. */
  refresh(): void {
    if (!this.#handle) return;
    const title = this.title();
    const said = this.#seconds() < patience ? '' : clip(this.#said.trim(), this.#columns() - margin - 4);
    if (this.#handle.title !== title) this.#handle.title = title;
    if (this.#handle.output !== said) this.#handle.output = said;
  }

  finish(): void {
    this.#running = false;
    this.#said = '';
    this.refresh();
    this.#finished = true;
    this.#settle?.();
  }

  /** Host, task, and on the right the changes so far and the time of a task that takes its time. */
  title(): string {
    const columns = this.#columns() - margin;
    const time = this.#running && this.#seconds() >= patience ? duration(Math.floor(this.#seconds())) : '';
    // The count keeps its place whether there is a time or not, so that rows stay aligned.
    const right = this.#changed > 0 ? `${this.#changed} changed  ${pad(time, timeColumns, 'right')}` : time;
    const host = pad(clip(this.#host, this.#hostColumns), this.#hostColumns);
    const room = columns - this.#hostColumns - 2 - (right ? right.length + 2 : 0);
    const task = this.#stopping && this.#running ? `stopping: ${this.#task}` : this.#task;
    const left = `${host}  ${pad(clip(task, room), room)}`;
    return (right ? `${left}  ${right}` : left).trimEnd();
  }

  #seconds(): number {
    return (performance.now() - this.#since) / 1000;
  }
}
