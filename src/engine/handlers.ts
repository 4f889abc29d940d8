import type { Task } from '../playbook/contract.ts';
import { isTemplate, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';
import { type Entry, entryOf } from './program.ts';

/** The handlers of a play, in the order of their definition. Included roles add theirs. */
export class Handlers {
  readonly #entries: Entry[] = [];
  readonly #names = new Map<Entry, string>();
  readonly #scopeOf: (entry: Entry) => Scope;

  /** @param scopeOf the variables that names of handlers may use: those that no host has for itself */
  constructor(tasks: readonly Task[], scopeOf: (entry: Entry) => Scope) {
    this.#scopeOf = scopeOf;
    this.add(tasks);
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Those that are not known yet. */
  add(tasks: readonly Task[]): void {
    const known = new Set(this.#entries.map(({ task }) => task));
    for (const task of tasks) if (!known.has(task)) this.#entries.push(entryOf(task));
  }

  /**
   * The handlers that a notification means: one of that name, and all that listen to it, of which those with the same
   * name count once. Later lists go before earlier ones (the play's before those of its roles).
   */
  find(notification: string): Entry[] {
    const reversed = this.#sought();
    const named = reversed.find((entry) => this.#namesOf(entry).includes(notification));
    const result = new Set(named ? [named] : []);
    const seen = new Set<string>();
    for (const entry of reversed) {
      if (!entry.task.listen.includes(notification)) continue;
      const name = this.#nameOf(entry);
      if (name !== '' && seen.has(name)) continue;
      seen.add(name);
      result.add(entry);
    }
    return [...result];
  }

  /** By the key of the journal: an earlier run left it to do. */
  owed(key: string): Entry | undefined {
    return this.#sought().find((entry) => {
      const { role, name } = entry.task;
      return key === (role ? `${role.name} : ${name}` : name);
    });
  }

  /** As Ansible looks for them: the lists of handlers from the last to the first, in each the first one first. */
  #sought(): Entry[] {
    const lists: Entry[][] = [];
    for (const entry of this.#entries) {
      const last = lists.at(-1);
      if (last && last[0]?.task.role === entry.task.role) last.push(entry);
      else lists.push([entry]);
    }
    return lists.reverse().flat();
  }

  #namesOf(entry: Entry): string[] {
    const name = this.#nameOf(entry);
    const { role } = entry.task;
    if (name === '') return [];
    return role ? [name, `${role.name} : ${name}`] : [name];
  }

  /** Empty when it has none of its own, or one that only a host's variables could give. */
  #nameOf(entry: Entry): string {
    let known = this.#names.get(entry);
    if (known === undefined) {
      const { name } = entry.task;
      known = name;
      if (isTemplate(name))
        try {
          known = String(renderValue(name, this.#scopeOf(entry)));
        } catch {
          known = '';
        }
      this.#names.set(entry, known);
    }
    return known;
  }
}
