import { createHash } from 'node:crypto';
import { TransportError } from '../errors.ts';
import { maskText } from '../secrets.ts';
import { type Batch, queueBatch, type Send } from './batches.ts';
import type { Channel } from './connection.ts';
import type { FileContent, Host, Output, Query, RunOptions, WriteOptions } from './contract.ts';
import { expected, hasNoRoom, noRoom } from './output.ts';
import { compose, detached, errorsOf, isShown, replaceFile } from './scripts.ts';
import type { Command } from './sh.ts';
import { type RawOutput, type Shell, unsent } from './shell.ts';

/** What a live host needs from around it. */
export interface Surroundings {
  /** Connects when first needed. */
  open(): Promise<Shell>;
  /** Starts a program beside the shell. */
  exec?(command: string): Promise<Channel>;
  /** Ends the connections to the host. */
  reset?(): Promise<void>;
  peer(name: string): Host;
  /** A line of long work, for the person who waits. */
  output(line: string): void;
  /** Check mode: any write is a bug. */
  readonly readOnly: boolean;
  /** `-vvv`: what goes over the wire, masked. */
  trace?(text: string): void;
}

/** A question that was asked, with its answer once that is known. */
export interface Question {
  readonly query: Query<unknown, unknown>;
  readonly arg: unknown;
  readonly promise: Promise<unknown>;
  known?: { readonly answer: unknown };
}

interface Line {
  cache: Map<string, Question>;
  /** Questions whose answers are good enough for the whole run. */
  readonly lasting: Map<string, Question>;
  cachedAt: number;
  batches: Map<string, Batch>;
  readonly sends: Send[];
  /** The answer to what was sent last. */
  last: Promise<unknown>;
  scheduled: boolean;
}

/** What all identities on a host have in common. */
export interface SharedByIdentities {
  /** Raised by every write. */
  epoch: number;
  /** How often something was written in this run. */
  wrote: number;
  /** Writes under way. */
  readonly writes: Set<{ readonly line: unknown; readonly done: Promise<void> }>;
}

const noted = (): void => {};

function refuse(command: Command): never {
  throw new Error(`bug: written in check mode: ${command.text.slice(0, 200)}`);
}

/** A host over its shell: reads of one tick coalesce, writes keep their order, answers are cached until a write. */
export class LiveHost implements Host {
  readonly name: string;
  /** What the task adds to the environment of its commands. */
  readonly environment: Readonly<Record<string, string>> = {};
  private readonly surroundings: Surroundings;
  private readonly shared: SharedByIdentities;
  /** In one object, which the views of the host with an environment of their own use too. */
  private readonly line: Line = {
    cache: new Map(),
    lasting: new Map(),
    cachedAt: 0,
    batches: new Map(),
    sends: [],
    last: Promise.resolve(),
    scheduled: false,
  };

  /** @param shared one for all identities on the host */
  constructor(name: string, shared: SharedByIdentities, surroundings: Surroundings) {
    this.name = name;
    this.shared = shared;
    this.surroundings = surroundings;
  }

  /** Rises with every write. An answer is valid as long as the epoch of its question is the present one. */
  get epoch(): number {
    return this.shared.epoch;
  }

  ask<A, R>(query: Query<A, R>, arg: A): Promise<R> {
    return this.question(query as Query<unknown, unknown>, arg).promise as Promise<R>;
  }

  /** The same host, which notes its questions; undefined among them stands for what cannot be asked again. */
  noting(questions: (Question | undefined)[]): LiveHost {
    const other = <T extends (...args: never[]) => unknown>(read: T): T =>
      ((...args: Parameters<T>) => {
        questions.push(undefined);
        return read(...args);
      }) as T;
    const ask: LiveHost['ask'] = (query, arg) => {
      const question = this.question(query as Query<unknown, unknown>, arg);
      questions.push(question);
      return question.promise as never;
    };
    return Object.assign(Object.create(this) as LiveHost, {
      ask,
      look: other(this.look.bind(this)),
      stream: other(this.stream.bind(this)),
      peer: other(this.peer.bind(this)),
    });
  }

  private question(query: Query<unknown, unknown>, arg: unknown): Question {
    if (this.line.cachedAt !== this.epoch) {
      this.line.cache = new Map();
      this.line.cachedAt = this.epoch;
    }
    const key = `${query.name}\0${query.key(arg)}`;
    const cached = this.line.cache.get(key) ?? this.line.lasting.get(key);
    if (cached) return cached;
    const promise = new Promise<unknown>((resolve, reject) => {
      let batch = this.line.batches.get(query.name);
      if (!batch) {
        batch = { query, entries: [] };
        this.line.batches.set(query.name, batch);
      }
      const answered = (answer: unknown): void => {
        question.known = { answer };
        if (query.lasts?.(answer)) this.line.lasting.set(key, question);
        resolve(answer);
      };
      batch.entries.push({ arg, resolve: answered, reject });
      this.schedule();
    });
    // A prefetched answer may never be awaited; its failure is told to whoever asks.
    promise.catch(() => {});
    const question: Question = { query, arg, promise };
    this.line.cache.set(key, question);
    return question;
  }

  /** What was written last, when nothing else is on its way behind it yet: what is written now comes right after. */
  get lastSent(): object | undefined {
    return this.line.batches.size === 0 ? this.line.sends.at(-1) : undefined;
  }

  /** Resolves when all that was sent before has been answered, and whoever waited for it knows. */
  async quiet(): Promise<void> {
    await this.line.last;
    await new Promise(setImmediate);
  }

  /** Whether both work through the same shell, which keeps the order of all that they do. */
  sharesShell(other: LiveHost): boolean {
    return this.line === other.line;
  }

  async look(command: Command, options: RunOptions = {}): Promise<Output> {
    return this.checked(command, options, await this.send(compose(command, options), 'read look'));
  }

  async stream(command: Command): Promise<Channel> {
    if (!this.surroundings.exec) throw new Error('bug: a host without a way to start programs');
    await Promise.all([...this.shared.writes].map((write) => write.done));
    return this.surroundings.exec(command.text);
  }

  async run(command: Command, options: RunOptions = {}): Promise<Output> {
    this.writing(command);
    const shown = options.shown ? { onOutput: this.tell, both: true } : {};
    const output = this.written(this.send(compose(command, options), 'write', shown));
    return this.checked(command, options, await output);
  }

  async write(path: string, content: FileContent, options: WriteOptions = {}): Promise<void> {
    try {
      await this.run(replaceFile(path, content, options));
    } catch (error) {
      throw hasNoRoom(error) ? noRoom(path, this.name, error) : error;
    }
  }

  async job(id: string, command: Command, options: RunOptions = {}): Promise<Output> {
    this.writing(command);
    const name = `${id.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${createHash('sha256').update(command.text).digest('hex').slice(0, 12)}`;
    const { timeout, expect, ...inner } = options;
    const onOutput = (line: string): void => {
      if (isShown(line)) this.tell(line);
    };
    const script = detached(name, compose(command, inner), timeout);
    const raw = await this.written(this.send(script, 'write', { onOutput }));
    return this.checked(command, expect === undefined ? {} : { expect }, raw, errorsOf);
  }

  async reconnect(): Promise<void> {
    this.forget();
    await this.surroundings.reset?.();
  }

  peer(name: string): Host {
    return this.surroundings.peer(name);
  }

  /** The same host, whose commands run with these environment variables besides their own. */
  withEnvironment(environment: Readonly<Record<string, string>>): LiveHost {
    const within = (options: RunOptions = {}): RunOptions => ({
      ...options,
      environment: { ...environment, ...options.environment },
    });
    const look: LiveHost['look'] = (command, options) => this.look(command, within(options));
    const run: LiveHost['run'] = (command, options) => this.run(command, within(options));
    const job: LiveHost['job'] = (id, command, options) => this.job(id, command, within(options));
    return Object.assign(Object.create(this) as LiveHost, { look, run, job, environment });
  }

  /** The same host for a task that has a `check_mode` of its own: its writes are refused, or let through. */
  inMode(check: boolean): LiveHost {
    if (check === this.surroundings.readOnly) return this;
    const writing = check ? refuse : noted;
    return Object.assign(Object.create(this) as LiveHost, { writing });
  }

  /** The same host, whose long work is not shown while it runs: for a task with `no_log`. */
  untold(): LiveHost {
    return Object.assign(Object.create(this) as LiveHost, {
      surroundings: { ...this.surroundings, output: noted },
    });
  }

  /** The same host, which takes down whether anything was sent that may change it. */
  witnessed(account: { sent: boolean }): LiveHost {
    const sent = (): void => {
      account.sent = true;
    };
    const written = (output: Promise<RawOutput>): Promise<RawOutput> => {
      output.then(sent, (error: unknown) => {
        // Whoever was not let in has sent nothing.
        if (!(error instanceof TransportError && !['lost', 'interrupted'].includes(error.kind))) sent();
      });
      return this.written(output);
    };
    return Object.assign(Object.create(this) as LiveHost, { written });
  }

  /** Drops every cached answer, as a write does: for what changed the host behind our back (a reboot). */
  forget(): void {
    this.shared.epoch += 1;
  }

  /** A write is under way: answers from before it are void. */
  protected written(output: Promise<RawOutput>): Promise<RawOutput> {
    this.forget();
    const write = { line: this.line, done: output.then(noted, noted) };
    this.shared.wrote += 1;
    this.shared.writes.add(write);
    void write.done.then(() => this.shared.writes.delete(write));
    return output;
  }

  /** Refuses to write in check mode. */
  protected writing(command: Command): void {
    if (this.surroundings.readOnly) refuse(command);
  }

  private checked(
    command: Command,
    options: RunOptions,
    { code, stdout, stderr }: RawOutput,
    ownErrors = (text: string): string => text,
  ): Output {
    const [out, err] = [stdout.toString('utf8'), ownErrors(stderr.toString('utf8'))];
    return expected(command, options, { code, stdout: out, stderr: err });
  }

  /** Shows a line of what is under way. */
  private get tell(): (line: string) => void {
    return (line) => this.surroundings.output(maskText(line));
  }

  private send(
    script: string,
    what: string,
    shown: Pick<Send, 'onOutput' | 'both'> = {},
  ): Promise<RawOutput> {
    // Questions asked before this step must be answered from before it.
    this.queueBatches();
    return new Promise((resolve, reject) => {
      this.line.sends.push({ script, what, resolve, reject, ...shown });
      this.schedule();
    });
  }

  private queueBatches(): void {
    const { batches, sends } = this.line;
    this.line.batches = new Map();
    const queue = (send: Send): void => void sends.push(send);
    for (const batch of batches.values()) queueBatch(batch, queue, () => this.schedule());
  }

  private schedule(): void {
    if (this.line.scheduled) return;
    this.line.scheduled = true;
    setImmediate(() => void this.flush());
  }

  private async flush(): Promise<void> {
    let shell: Shell;
    try {
      shell = await this.surroundings.open();
    } catch (error) {
      this.line.scheduled = false;
      this.queueBatches();
      for (const send of this.line.sends.splice(0)) send.reject(unsent(error));
      return;
    }
    // Each identity has a shell of its own, which knows nothing of what the others still do.
    const others = [...this.shared.writes].filter((write) => write.line !== this.line);
    if (others.length > 0) await Promise.all(others.map((write) => write.done));
    this.line.scheduled = false;
    this.queueBatches();
    for (const send of this.line.sends.splice(0)) {
      this.surroundings.trace?.(maskText(send.script));
      this.line.last = shell.step(send.script, send).then(send.resolve, send.reject);
    }
    shell.flush();
  }
}
