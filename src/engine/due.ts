import type { LiveHost } from '../host/live-host.ts';
import type { Command } from '../host/sh.ts';
import { clearHandlers, noteHandlers, noting } from './journal.ts';
import type { Entry } from './program.ts';

/** The name under which a handler is journalled and shown. */
export function handlerKey({ task }: Entry): string {
  return task.role ? `${task.role.name} : ${task.name}` : task.name;
}

/** What keeping account of a host's handlers needs. */
export interface Journal {
  readonly check: boolean;
  /** Where it is kept; undefined when no root shell is in use on the host. */
  host(): LiveHost | undefined;
  /** Keys of handlers that an earlier run notified and did not get to run. */
  owed(): Set<string>;
}

/** The handlers that are due on a host: in this run, and in the host's journal for the next. */
export class DueHandlers {
  readonly due = new Set<Entry>();
  readonly #journal: Journal;
  /** Keys that this run has noted in the journal. */
  readonly #noted = new Set<string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get owed(): Set<string> {
    return this.#journal.owed();
  }

  /** Notes handlers before a change is made. Gives the keys that were new. */
  async note(handlers: readonly Entry[], added: (keys: readonly string[]) => void): Promise<void> {
    const journal = this.#journal.host();
    const fresh = this.#fresh(handlers);
    if (fresh.length === 0 || !journal || this.#journal.check) return;
    added(fresh);
    for (const key of fresh) this.#noted.add(key);
    await noteHandlers(journal, fresh);
  }

  /**
   * What notes handlers in front of a change that travels behind others; undefined where that takes another shell.
   * @param taken keys that those others note
   */
  travelling(
    handlers: readonly Entry[],
    host: LiveHost,
    taken: ReadonlySet<string>,
  ): { readonly keys: readonly string[]; readonly command?: Command } | undefined {
    const journal = this.#journal.host();
    const keys = this.#fresh(handlers).filter((key) => !taken.has(key));
    if (keys.length === 0 || !journal) return { keys: [] };
    return journal.sharesShell(host) ? { keys, command: noting(keys) } : undefined;
  }

  /** Such a change was made. */
  took(keys: readonly string[]): void {
    for (const key of keys) this.#noted.add(key);
  }

  #fresh(handlers: readonly Entry[]): string[] {
    const keys = new Set(handlers.map(handlerKey));
    return [...keys].filter((key) => !this.#noted.has(key) && !this.owed.has(key));
  }

  /** Takes off the journal what was noted for a change that turned out to be none. */
  async unnote(noted: readonly string[]): Promise<void> {
    const journal = this.#journal.host();
    const due = new Set([...this.due].map(handlerKey));
    const keys = noted.filter((key) => !due.has(key));
    if (keys.length === 0 || !journal) return;
    for (const key of keys) this.#noted.delete(key);
    // A host that is lost here is found to be lost by its next task; what stays noted runs once too often.
    await clearHandlers(journal, keys).catch(() => {});
  }

  /** A handler ran: it is taken off the journal too. */
  async handled(handler: Entry): Promise<void> {
    this.due.delete(handler);
    const key = handlerKey(handler);
    const [noted, owed] = [this.#noted.delete(key), this.owed.delete(key)];
    const journal = noted || owed ? this.#journal.host() : undefined;
    if (journal && !this.#journal.check) await clearHandlers(journal, [key]);
  }
}
