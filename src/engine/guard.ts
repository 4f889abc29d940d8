import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure, TransportError } from '../errors.ts';
import type { Channel } from '../host/connection.ts';
import type { Fleet, Identity, Way } from '../host/fleet.ts';
import type { LiveHost } from '../host/live-host.ts';
import {
  arming,
  type Confirmation,
  confirming,
  expectingRestart,
  isOver,
  keeping,
  life,
  readConfirmation,
  rollbackText,
  undoing,
} from '../host/rollback.ts';
import type { AccessWay } from '../host/rollback-ways.ts';

/** Seconds for a host to be back after its deadline: restarted services, or a whole boot. */
const patience = 60;
/** Seconds that one connection may take. */
const longest = 20;

/** How a guarded change ended; `why` is for the person at the terminal. `unknown`: nobody could say that it was put back. */
type GuardEnd =
  | { readonly kind: 'confirmed' | 'shared' }
  | { readonly kind: 'undone' | 'unknown'; readonly why: string };

/** The person who waits for the end. */
interface Waiting {
  say(line: string): void;
  /** Waits no more. */
  readonly signal: AbortSignal;
}

/** What is about to change how a host is reached. */
interface Danger {
  /** As whom root's work is done there, and by which way: the last to be said is the one that is tried. */
  readonly identity: Identity;
  readonly way: Way;
  readonly ways: readonly AccessWay[];
  readonly title: string;
  /** Seconds. */
  readonly timeout: number;
  warn(message: string): void;
}

/**
 * Changes of one host that may keep its operator out: the host itself puts them back unless they are confirmed over a new
 * connection. While this run lives it puts the host's deadline off.
 */
export class Guard {
  readonly #fleet: Fleet;
  readonly #name: string;
  #identity: Identity = { user: 'root' };
  #way: Way = {};
  /** Those whose changes it guards; several hosts' tasks may be delegated to one. */
  readonly #users = new Set<object>();
  #timeout = 0;
  /** How many changes have come to their end since it was armed first. */
  #ended = 0;
  #keeper: Keeper | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(fleet: Fleet, name: string) {
    this.#fleet = fleet;
    this.#name = name;
  }

  get #root(): LiveHost {
    // In check mode too: what is guarded then is a task with `check_mode: false`, which does change the host.
    return this.#fleet.host(this.#name, this.#identity, this.#way).inMode(false);
  }

  /**
   * Saves what is there and has the host watch. Nothing has been changed when it throws.
   * @throws TaskFailure when the host cannot save it, or has put back what was guarded before
   */
  arm(user: object, danger: Danger): Promise<void> {
    return this.#inTurn(() => this.#arm(user, danger));
  }

  /** One after the other: who arms while another confirms would lose the watch. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #arm(user: object, { identity, way, ways, title, timeout, warn }: Danger): Promise<void> {
    this.#identity = identity;
    this.#way = way;
    const { owner } = this.#fleet;
    const { user: login } = this.#fleet.settings(this.#name, this.#way);
    const again = this.#users.size > 0;
    const command = arming({ ways, timeout, owner, login, title: title.replaceAll(/\s+/g, ' '), again });
    const { code, stdout, stderr } = await this.#root.run(command, { expect: 'any' });
    if (code === isOver)
      throw new TaskFailure(
        'nothing was changed: the host has put back what was changed before, since it heard nothing of this run',
        'A longer confirm_timeout (seconds) is patient with a slow connection.',
      );
    if (code !== 0)
      throw new TaskFailure(
        `nothing was changed: ${this.#name} cannot save what it would go back to: ${stderr.trim() || `exit code ${code}`}`,
        'This can keep you out, so it is made only when the host can put it back by itself. Is the disk full? confirm_access: false makes it unguarded.',
      );
    if (stdout.includes('unattended'))
      warn(`${this.#name} has no systemd: should it be restarted now, it does not put back what is changed`);
    if (!again) this.#ended = 0;
    this.#users.add(user);
    this.#timeout = timeout;
    this.#keeper ??= new Keeper(
      () => this.#fleet.beside(this.#name, this.#identity, this.#way, keeping),
      timeout,
    );
  }

  /** A change that was armed has come to its end: what runs there from now on is none that the host has to end. */
  ended(): void {
    this.#ended += 1;
    this.#keeper?.tell(this.#ended);
  }

  /** The host is about to be restarted: that alone is no reason to put anything back. */
  async expectRestart(): Promise<void> {
    await this.#root.run(expectingRestart);
  }

  /** Leaves it to the host. Seconds after which it acts. */
  abandon(): number {
    this.#keeper?.stop();
    this.#keeper = undefined;
    return this.#timeout;
  }

  /**
   * Ends it: confirmed over a new connection, or put back.
   * @param wanted `undo` where what belongs to the change did not come to its end
   */
  finish(user: object, wanted: 'confirm' | 'undo', waiting: Waiting): Promise<GuardEnd> {
    return this.#inTurn(() => this.#finish(user, wanted, waiting));
  }

  async #finish(user: object, wanted: 'confirm' | 'undo', waiting: Waiting): Promise<GuardEnd> {
    this.#users.delete(user);
    if (this.#users.size > 0 && wanted === 'confirm') return { kind: 'shared' };
    this.#users.clear();
    this.abandon();
    try {
      const undone = wanted === 'undo' ? await this.#undo(incomplete) : undefined;
      return undone ?? (await this.#ask(wanted, waiting));
    } finally {
      this.#fleet.renew(this.#name);
    }
  }

  /** Until a new connection comes through, or nobody can expect one any more. */
  async #ask(wanted: 'confirm' | 'undo', { say, signal }: Waiting): Promise<GuardEnd> {
    const deadline = performance.now() + this.#timeout * 1000;
    const { owner } = this.#fleet;
    let isAsking = wanted === 'confirm';
    let script = isAsking ? confirming(owner) : undoing(owner, incomplete).text;
    let first: string | undefined;
    for (;;) {
      const { end, why, isFinal } = await this.#attempt(script);
      if (end) return 'why' in end && first !== undefined ? because(end, first) : end;
      if (first === undefined) say(`no new connection: ${why}`);
      first ??= why;
      if (signal.aborted)
        return {
          kind: 'unknown',
          why: `interrupted before it was confirmed; the host puts it back by itself within ${this.#timeout} s: ${first}`,
        };
      const left = deadline - performance.now();
      if (left < -patience * 1000) return { kind: 'unknown', why: unknown(this.#name, first) };
      if (isFinal && isAsking) {
        isAsking = false;
        script = undoing(owner, refused(first)).text;
        const undone = await this.#undo(refused(first));
        if (undone) return undone;
        // To log in again and again would only add to what sshd holds against us (PerSourcePenalties of sshd_config(5)).
        await pause(Math.max(0, left), signal);
      }
      await pause(1000, signal);
    }
  }

  async #attempt(script: string): Promise<{ end?: GuardEnd; why: string; isFinal: boolean }> {
    try {
      const answer = readConfirmation(
        await this.#fleet.afresh(this.#name, this.#identity, this.#way, script, longest),
      );
      if (answer.kind === 'lost') return { why: 'it was lost before the answer came', isFinal: false };
      if (answer.kind === 'refused') return { why: answer.why, isFinal: true };
      return { end: endOf(answer), why: '', isFinal: true };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const isFinal = ['authentication', 'sudo', 'host-key'].includes(error.kind);
      return { why: error.message, isFinal };
    }
  }

  /** Has it put back over the connection that is open; undefined when that one is gone too. */
  async #undo(why: string): Promise<GuardEnd | undefined> {
    const asked = this.#root.run(undoing(this.#fleet.owner, why), { expect: 'any' }).catch(() => undefined);
    const output = await Promise.race([asked, sleep(2 * longest * 1000, undefined, { ref: false })]);
    const answer = output && readConfirmation(output);
    return answer?.kind === 'rolled back' ? endOf(answer) : undefined;
  }
}

/** Puts a host's deadline off over the connection that is open, as long as this process lives. */
class Keeper {
  readonly #open: () => Promise<Channel>;
  readonly #seconds: number;
  readonly #timer: NodeJS.Timeout;
  #ended = 0;
  #channel: Channel | undefined;
  #isStopped = false;

  constructor(open: () => Promise<Channel>, seconds: number) {
    this.#open = open;
    this.#seconds = seconds;
    this.#timer = setInterval(() => this.tell(), (seconds * 1000) / 4).unref();
    void this.#keep();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.tell();
    this.#channel?.stdin.end();
  }

  /** @param ended how many changes have */
  tell(ended = this.#ended): void {
    this.#ended = ended;
    this.#channel?.stdin.write(life(this.#seconds, ended));
  }

  /** Connections may be let go of and opened again meanwhile (meta: reset_connection). */
  async #keep(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const channel = await this.#open();
        channel.stdin.on('error', () => undefined);
        channel.stdout.resume();
        channel.stderr.resume();
        this.#channel = channel;
        this.tell();
        if (this.#isStopped) channel.stdin.end();
        await channel.closed;
      } catch {
        // What lost the connection is told by the task that is under way.
      }
      this.#channel = undefined;
      if (!this.#isStopped) await sleep(1000);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<unknown> {
  return sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

const incomplete = 'what belongs to the change did not end well';

function refused(why: string): string {
  return `a new connection did not confirm it: ${why}`.replaceAll(/\s+/g, ' ');
}

function endOf(answer: Exclude<Confirmation, { kind: 'refused' | 'lost' }>): GuardEnd {
  if (answer.kind === 'confirmed') return { kind: 'confirmed' };
  if (answer.record) return { kind: 'undone', why: rollbackText(answer.record) };
  return { kind: 'unknown', why: noRecord };
}

const noRecord =
  'not confirmed: the host has nothing left to put back, and no record of it; either it did so, or an answer that it was confirmed was lost';

/** What was seen from here tells more than what the host knows. */
function because(end: Extract<GuardEnd, { why: string }>, first: string): GuardEnd {
  return end.why.includes(first.replaceAll(/\s+/g, ' ')) ? end : { ...end, why: `${end.why}\n${first}` };
}

function unknown(name: string, first: string): string {
  return `not confirmed, and ${name} was not reached again to learn whether it put everything back, as it does by itself: ${first}`;
}
