import { TaskFailure } from '../errors.ts';
import type { Include, Included, Task } from '../playbook/contract.ts';
import { renderValue } from '../template/render.ts';
import { NotKnownYet, type Scope } from '../template/scope.ts';
import { failing } from './conditions.ts';
import { labelOf, type Rounds, roundScope, roundsOf, roundValues } from './loops.ts';
import { type Entry, includedEntries } from './program.ts';

/** What one round of an include asks for on a host. */
export interface Asked {
  readonly label?: string;
  /** The condition that skips it. */
  readonly skipped?: string;
  readonly error?: unknown;
  readonly args: Readonly<Record<string, unknown>>;
  readonly loop: Readonly<Record<string, unknown>>;
}

/** What an include brings to hosts that ask for the same. */
export interface Group {
  readonly asked: Asked;
  readonly hosts: Set<string>;
  readonly included: Included;
  readonly entries: readonly Entry[];
}

/**
 * What a host asks an include for, round after round.
 * @throws TaskFailure when its loop cannot be evaluated
 */
export function askedBy(task: Task, scope: Scope): { rounds: Rounds; asked: Asked[] } {
  const rounds = roundsOf(task, scope);
  const asked = rounds.values.map((_value, index): Asked => {
    const nothing = { args: {}, loop: {} };
    if (rounds.skipped !== undefined) return { ...nothing, skipped: rounds.skipped };
    const own = roundScope(task, scope, rounds, index);
    let label: { label?: string } = {};
    try {
      if (rounds.looped) label = { label: labelOf(task, own) };
      const skipped = failing(task.when, own);
      if (skipped !== undefined) return { ...nothing, ...label, skipped };
      const loop = rounds.looped ? roundValues(task, own, rounds.values, index) : {};
      return { ...label, args: argsOf(task, own), loop };
    } catch (error) {
      if (error instanceof NotKnownYet) throw error;
      return { ...nothing, ...label, error };
    }
  });
  return { rounds, asked };
}

/** `apply` holds keywords of the tasks inside, which are rendered there. */
function argsOf(task: Task, scope: Scope): Record<string, unknown> {
  const { apply, ...args } = task.args;
  const rendered = renderValue(args, scope) as Record<string, unknown>;
  const name = rendered._raw_params ?? rendered.file ?? rendered.name ?? rendered.role;
  if (name === undefined || name === null || String(name).trim() === '')
    throw new TaskFailure(`${task.module} needs the name of what it includes, which is empty here`);
  return apply === undefined ? rendered : { ...rendered, apply };
}

/** The includes of a play: what was read, shared by the hosts that ask for the same. */
export class Inclusions {
  readonly #groups = new Map<Entry, Map<string, Group[]>>();

  /**
   * The group of those who ask for the same, read if nobody has.
   * @param host who joins it: one that is in it already asks for the same once more, which is another group.
   * Without a host nobody joins.
   * @throws ProjectError with what is wrong in what is included
   */
  group(entry: Entry, asked: Asked, host?: string): Group {
    const key = JSON.stringify([asked.args, asked.loop]);
    const all = this.#groups.get(entry) ?? new Map<string, Group[]>();
    this.#groups.set(entry, all);
    const groups = all.get(key) ?? [];
    all.set(key, groups);
    let group = groups.find(({ hosts }) => host === undefined || !hosts.has(host));
    if (!group) {
      group = this.#read(entry, asked);
      groups.push(group);
    }
    if (host !== undefined) group.hosts.add(host);
    return group;
  }

  #read(entry: Entry, asked: Asked): Group {
    const included = (entry.task.include as Include).read(asked.args);
    const hosts = new Set<string>();
    const loop = Object.keys(asked.loop).length > 0 ? asked.loop : undefined;
    const layer = loop && { origin: `loop of ${entry.task.module}`, values: loop, literal: true };
    return { asked, hosts, included, entries: includedEntries(included.tasks, entry, hosts, layer) };
  }
}
