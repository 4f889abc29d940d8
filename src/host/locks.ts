import { TaskFailure } from '../errors.ts';
import { refusal } from './become-error.ts';
import { busy, handlersIn, isOlder, journal, lockAgainScript, lockPatience, lockScript } from './lock.ts';
import { forgetting, type RolledBack, recordIn, told } from './rollback.ts';
import type { Shell } from './shell.ts';

export interface LocksOptions {
  /** Check mode: nothing is written, not even the lock. */
  readonly readOnly: boolean;
  /** Who works here, for whoever finds the host locked. */
  readonly owner: string;
  /** Another run is at work on the host: its owner, or what else keeps this one from locking the host. */
  waiting?(host: string, owner: string): void;
  /** Of a host that put back what an earlier run had changed and not confirmed. */
  rolledBack?(host: string, record: RolledBack): void;
}

/** What the run has written so far, and how what it knows of a host is forgotten. */
interface Writes {
  readonly wrote: number;
  renew(host: string): void;
}

/** The locks of a run: one on each host, held by its root shell. With the lock comes what an earlier run left there. */
export class Locks {
  private readonly options: LocksOptions;
  private readonly writes: Writes;
  private readonly pendings = new Map<string, Set<string>>();
  private readonly locked = new Map<string, Shell>();
  /** On how many hosts it waits for a run that began before it. */
  private behind = 0;

  constructor(options: LocksOptions, writes: Writes) {
    this.options = options;
    this.writes = writes;
  }

  /** Handlers that an earlier run notified on the host and did not get to run. */
  pending(name: string): Set<string> {
    return this.pendings.get(name) ?? new Set();
  }

  /** Locks the host for this run and reads what an earlier one left to do. */
  async take(name: string, shell: Shell): Promise<void> {
    const { owner, readOnly, waiting } = this.options;
    let waits = false;
    const asked = readOnly
      ? shell.step(`${journal}\n${told(owner)}`)
      : shell.step(lockScript(owner), {
          inline: true,
          onOutput: (line) => {
            // Who may not become root waits for nobody.
            if (refusal(name, line)) return;
            waiting?.(name, line);
            if (waits || !isOlder(line, owner)) return;
            waits = true;
            this.behind += 1;
            for (const [other, held] of this.locked) void this.giveWay(other, held);
          },
        });
    shell.flush();
    const answer = await asked;
    if (waits) this.behind -= 1;
    const said = answer.stderr.toString('utf8').trim();
    if (answer.code === busy)
      throw new TaskFailure(
        `another run has been at work on ${name} for ${lockPatience} s: ${said || 'unknown'}`,
        'Wait for it, or end it on the machine that it names.',
      );
    if (answer.code !== 0) throw new TaskFailure(`${name} cannot be locked for this run: ${said}`);
    this.pendings.set(name, handlersIn(answer.stdout));
    this.tellRolledBack(name, shell, answer.stdout);
    if (readOnly) return;
    shell.records = true;
    this.locked.set(name, shell);
    if (this.behind > 0) void this.giveWay(name, shell);
  }

  /** What the host put back by itself, since nobody confirmed it, is told once. */
  private tellRolledBack(name: string, shell: Shell, stdout: Buffer): void {
    const record = recordIn(stdout);
    if (!record || !this.options.rolledBack) return;
    this.options.rolledBack(name, record);
    if (this.options.readOnly) return;
    shell.step(forgetting).catch(() => undefined);
    shell.flush();
  }

  /**
   * Two runs that begin at once may each hold what the other waits for. The one that began later lets go of its hosts,
   * unless it has changed something already; whatever it does there next comes after it has locked them again.
   */
  private async giveWay(name: string, shell: Shell): Promise<void> {
    if (this.writes.wrote > 0) return;
    const asked = shell.step(lockAgainScript(this.options.owner), {
      inline: true,
      onOutput: (line) => this.options.waiting?.(name, line),
    });
    shell.flush();
    // A shell that cannot lock again ends, and so fails whatever was to come.
    const answer = await asked.catch(() => undefined);
    if (answer === undefined) return;
    this.pendings.set(name, handlersIn(answer.stdout));
    this.writes.renew(name);
  }
}
