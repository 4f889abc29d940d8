import { TransportError } from '../errors.ts';
import { refusal } from './become-error.ts';
import type { Channel } from './connection.ts';
import { type Answer, AnswerReader, encodeFrame, newNonce, type Step } from './frames.ts';
import type { ShellMeter } from './meter.ts';

export interface RawOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A change was sent, and the connection was lost before its end could be read. */
export class Unanswered extends TransportError {
  /** When it was sent. */
  readonly sent: Date;
  /** Under what name the host keeps a record of it; undefined where it keeps none. */
  readonly record: string | undefined;

  constructor(loss: TransportError, sent: Date, record: string | undefined) {
    const at = sent.toTimeString().slice(0, 8);
    super(loss.host, 'lost', `${loss.message} after this was sent at ${at}: its end is not known`, again);
    this.cause = loss;
    this.sent = sent;
    this.record = record;
  }
}

const again = 'run again once the host answers: what is done already stays done';

interface Waiting {
  readonly resolve: (output: RawOutput) => void;
  readonly reject: (error: Error) => void;
  readonly onOutput: ((line: string) => void) | undefined;
  /** Standard output is shown too, not only standard error. */
  readonly both: boolean;
  /** It may change the host. */
  readonly writes: boolean;
  sent?: Date;
  record?: string;
  stdout?: Answer;
  stderr?: Answer;
  /** What has come of a line that has not ended. */
  readonly begun: { stdout: string; stderr: string };
}

/** One long-lived shell on a host. Steps run strictly in the order in which they were given. */
export class Shell {
  private readonly host: string;
  private readonly channel: Channel;
  private readonly meter: ShellMeter | undefined;
  private readonly stdout: AnswerReader;
  private readonly stderr: AnswerReader;
  private readonly waiting = new Map<number, Waiting>();
  private queue: Step[] = [];
  private nextId = 1;
  private dead: Error | undefined;
  private complaint = '';
  private hasAnswered = false;
  /** The host notes when writes begin and end. */
  records = false;

  constructor(host: string, channel: Channel, lost: Promise<Error>, meter?: ShellMeter) {
    this.host = host;
    this.channel = channel;
    this.meter = meter;
    this.stdout = new AnswerReader(
      (answer) => this.answered('stdout', answer),
      (id, bytes) => this.stream('stdout', id, bytes.toString('utf8')),
      (id) => this.stream('stdout', id, '\n'),
    );
    this.stderr = new AnswerReader(
      (answer) => this.answered('stderr', answer),
      (id, bytes) => this.stream('stderr', id, bytes.toString('utf8')),
      (id) => this.stream('stderr', id, '\n'),
    );
    channel.stdout.on('data', (chunk: Buffer) => this.stdout.push(chunk));
    channel.stderr.on('data', (chunk: Buffer) => {
      if (this.waiting.size > 0) this.complaint = (this.complaint + chunk.toString('utf8')).slice(-2000);
      this.stderr.push(chunk);
    });
    channel.stdin.on('error', () => {});
    void lost.then((error) => this.die(error));
    void channel.closed.then(async (code) => {
      // Of a connection that was lost, `lost` knows more.
      if (code === undefined) await new Promise(setImmediate);
      this.die(this.ended(code));
    });
  }

  /**
   * Queues a step; everything queued in one tick travels as one frame.
   * @param onOutput gets the lines of standard error as they come, for work that takes long; with `both` those of
   * standard output too
   * @throws TransportError when the shell or the connection ends before the answer; Unanswered when it is a write, whose
   * outcome is unknown then
   */
  step(
    script: string,
    options: { inline?: boolean; what?: string; onOutput?: (line: string) => void; both?: boolean } = {},
  ): Promise<RawOutput> {
    if (this.dead) return Promise.reject(unsent(this.dead));
    const id = this.nextId++;
    this.queue.push({ id, script, inline: options.inline ?? false, what: options.what });
    return new Promise((resolve, reject) => {
      const { onOutput, both = false } = options;
      const writes = options.what === 'write';
      this.waiting.set(id, { resolve, reject, onOutput, both, writes, begun: { stdout: '', stderr: '' } });
    });
  }

  /** Sends what is queued as one frame. */
  flush(): void {
    if (this.queue.length === 0 || this.dead) return;
    const nonce = newNonce();
    const ids = this.queue.map((step) => step.id);
    this.stdout.expect(nonce, ids);
    this.stderr.expect(nonce, ids);
    const frame = encodeFrame(nonce, this.queue, this.records);
    const sent = new Date();
    for (const id of ids)
      Object.assign(this.waiting.get(id) ?? {}, { sent, ...(this.records && { record: `${nonce} ${id}` }) });
    this.meter?.sent(frame.length, this.queue);
    this.channel.stdin.write(frame);
    this.queue = [];
  }

  /** Sends an empty frame every so many seconds, so that another run sees that somebody is there (lock.ts). */
  beat(seconds: number): void {
    const timer = setInterval(() => this.channel.stdin.write('0\n'), seconds * 1000).unref();
    void this.channel.closed.then(() => clearInterval(timer));
  }

  /** Lets the shell end by itself after what was sent. */
  async close(): Promise<void> {
    this.flush();
    this.channel.stdin.end();
    await this.channel.closed;
  }

  /** Nobody waits for its answers any more: those who do learn that it was interrupted. */
  abandon(): void {
    const message = 'interrupted while it was under way: it may go on there, and its outcome is not known';
    this.die(
      new TransportError(this.host, 'interrupted', message, 'run again: what is done already stays done'),
    );
  }

  private answered(stream: 'stdout' | 'stderr', answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    if (!waiting) return;
    waiting[stream] = answer;
    if (!waiting.stdout || !waiting.stderr) return;
    this.waiting.delete(answer.id);
    this.meter?.answered(answer.id, waiting.stdout.output.length + waiting.stderr.output.length);
    this.complaint = '';
    this.hasAnswered = true;
    for (const line of Object.values(waiting.begun)) if (line.trim()) waiting.onOutput?.(line);
    waiting.resolve({
      code: waiting.stdout.code,
      stdout: waiting.stdout.output,
      stderr: waiting.stderr.output,
    });
  }

  private stream(from: 'stdout' | 'stderr', id: number, text: string): void {
    const waiting = this.waiting.get(id);
    if (!waiting?.onOutput || (from === 'stdout' && !waiting.both)) return;
    const lines = (waiting.begun[from] + text).split(/[\r\n]+/);
    waiting.begun[from] = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) waiting.onOutput(line);
  }

  private ended(code: number | undefined): Error {
    const said = this.complaint.trim().split('\n').slice(-3).join('\n');
    // Later, what sudo says is a step's own business, and no reason to take the step for not begun.
    const refused = this.hasAnswered ? undefined : refusal(this.host, said);
    if (refused) return refused;
    const how = code === undefined ? 'the connection was lost' : `the shell ended with code ${code}`;
    return new TransportError(this.host, 'lost', `${how}${said ? ` (${said})` : ''}`, again);
  }

  private die(error: Error): void {
    if (this.dead) return;
    this.dead = error;
    for (const waiting of this.waiting.values()) waiting.reject(meaning(error, waiting));
    this.waiting.clear();
  }
}

/** What a loss means for a step. */
function meaning(loss: Error, { writes, sent, record }: Waiting): Error {
  if (!(loss instanceof TransportError) || loss.kind !== 'lost') return loss;
  if (!sent) return unsent(loss);
  if (writes) return new Unanswered(loss, sent, record);
  return after(loss, 'while the host was asked');
}

/** What a loss means for whoever comes after it. */
export function unsent<E>(loss: E): E | TransportError {
  if (!(loss instanceof TransportError) || loss.kind !== 'lost') return loss;
  return after(loss, 'before this was sent');
}

function after(loss: TransportError, when: string): TransportError {
  const error = new TransportError(loss.host, 'unreachable', `${loss.message} ${when}`, again);
  error.cause = loss;
  return error;
}
