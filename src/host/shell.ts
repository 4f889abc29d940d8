import { TransportError } from '../errors.ts';
import type { Channel } from './connection.ts';
import { type Answer, AnswerReader, encodeFrame, newNonce, type Step } from './frames.ts';
import type { ShellMeter } from './meter.ts';

export interface RawOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface Waiting {
  readonly resolve: (output: RawOutput) => void;
  readonly reject: (error: Error) => void;
  readonly onOutput: ((line: string) => void) | undefined;
  /** Standard output is shown too, not only standard error. */
  readonly both: boolean;
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
    void channel.closed.then((code) => this.die(this.ended(code)));
    void lost.then((error) => this.die(error));
  }

  /**
   * Queues a step; everything queued in one tick travels as one frame.
   * @param onOutput gets the lines of standard error as they come, for work that takes long; with `both` those of
   * standard output too
   * @throws TransportError when the shell or the connection ends before the answer: its outcome is unknown
   */
  step(
    script: string,
    options: { inline?: boolean; what?: string; onOutput?: (line: string) => void; both?: boolean } = {},
  ): Promise<RawOutput> {
    if (this.dead) return Promise.reject(this.dead);
    const id = this.nextId++;
    this.queue.push({ id, script, inline: options.inline ?? false, what: options.what });
    return new Promise((resolve, reject) => {
      const { onOutput, both = false } = options;
      this.waiting.set(id, { resolve, reject, onOutput, both, begun: { stdout: '', stderr: '' } });
    });
  }

  /** Sends what is queued as one frame. */
  flush(): void {
    if (this.queue.length === 0 || this.dead) return;
    const nonce = newNonce();
    const ids = this.queue.map((step) => step.id);
    this.stdout.expect(nonce, ids);
    this.stderr.expect(nonce, ids);
    const frame = encodeFrame(nonce, this.queue);
    this.meter?.sent(frame.length, this.queue);
    this.channel.stdin.write(frame);
    this.queue = [];
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
    if (/\bsudo\b/.test(said))
      return new TransportError(
        this.host,
        'sudo',
        `sudo refused: ${said}`,
        'Allow the user to run sudo without a password (NOPASSWD), or connect as root.',
      );
    const how = code === undefined ? 'the connection was lost' : `the shell ended with code ${code}`;
    return new TransportError(
      this.host,
      'lost',
      `${how} before the answer came${said ? `: ${said}` : ''}; what was under way may or may not have happened`,
      'run again once the host answers: what is done already stays done',
    );
  }

  private die(error: Error): void {
    if (this.dead) return;
    this.dead = error;
    for (const waiting of this.waiting.values()) waiting.reject(error);
    this.waiting.clear();
  }
}
