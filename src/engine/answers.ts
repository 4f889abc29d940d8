import { addHost, addToGroups } from '../inventory/grow.ts';
import type { Task } from '../playbook/contract.ts';
import type { TaskEnd } from './ends.ts';
import type { Statistics } from './events.ts';
import { HostVariables } from './host-variables.ts';
import type { Outcome } from './outcome.ts';
import { factNames } from './parameters.ts';
import type { RunVariables } from './variables.ts';

/**
 * Keeps what a task registered, and unless it failed the facts and variables that it answered.
 * @param hosts those that it ran for
 * @param delegated whether facts are those of the host that it was delegated to
 * @returns whether tasks ahead may have been prepared with what is old now
 */
export function learn(
  run: RunVariables,
  task: Task,
  end: TaskEnd,
  hosts: readonly string[],
  delegated: boolean,
): boolean {
  let unforeseen = false;
  const each = (names: readonly string[], work: (variables: HostVariables) => void): void => {
    for (const name of names) {
      const variables = run.hosts.get(name);
      if (variables) work(variables);
    }
  };
  const kept = end.status === 'ok' || end.status === 'changed';
  for (const { outcome, delegate } of kept ? end.rounds : []) {
    if (outcome.status === 'skipped') continue;
    const to = delegated && delegate !== undefined ? [delegate] : hosts;
    const { facts, variables: set, included } = outcome;
    if (facts) each(to, (variables) => variables.learn(prefixed(task, facts)));
    if (set) each(to, (variables) => Object.assign(variables.set, set));
    if (included) each(to, (variables) => Object.assign(variables.included, included));
    if (facts || included || (set && (delegated || !isForeseen(task)))) unforeseen = true;
  }
  if (task.register !== undefined) {
    const name = task.register;
    each(hosts, (variables) => {
      variables.set[name] = end.result;
    });
  }
  return unforeseen;
}

/** A host joins the inventory, or a host of it joins groups. Whether that was news. */
export function grow(run: RunVariables, task: Task, joins: NonNullable<Outcome['joins']>): boolean {
  const { host, groups, parents, variables = {} } = joins;
  const grown =
    parents === undefined
      ? addHost(run.inventory, { name: host, groups, variables, place: task.place })
      : addToGroups(run.inventory, host, groups, parents);
  if (grown === run.inventory) return false;
  replaceInventory(run, grown);
  return true;
}

/** What hosts learned stays theirs. */
export function replaceInventory(run: RunVariables, inventory: RunVariables['inventory']): void {
  run.inventory = inventory;
  const local = inventory.localhost ? [inventory.localhost] : [];
  for (const host of [...inventory.hosts.values(), ...local]) {
    const known = run.hosts.get(host.name);
    if (known) known.host = host;
    else run.hosts.set(host.name, new HostVariables(host));
  }
}

/** What set_stats gathers over a run. */
export class Gathered {
  readonly #run: Record<string, unknown> = {};
  readonly #hosts: Record<string, Record<string, unknown>> = {};

  add({ data, perHost, aggregate }: NonNullable<Outcome['statistics']>, hosts: readonly string[]): void {
    const targets = perHost
      ? hosts.map((host) => {
          this.#hosts[host] ??= {};
          return this.#hosts[host];
        })
      : [this.#run];
    for (const target of targets)
      for (const [name, value] of Object.entries(data))
        target[name] = aggregate && name in target ? sum(target[name], value) : value;
  }

  /** Undefined when nothing was set. */
  get statistics(): Statistics | undefined {
    const some = Object.keys(this.#run).length + Object.keys(this.#hosts).length > 0;
    return some ? { run: this.#run, hosts: this.#hosts } : undefined;
  }
}

/** Numbers are added, texts and lists joined, dicts merged; what does not fit together stays as it was. */
function sum(before: unknown, value: unknown): unknown {
  if (typeof before === 'number' && typeof value === 'number') return before + value;
  if (typeof before === 'string' && typeof value === 'string') return before + value;
  if (Array.isArray(before) && Array.isArray(value)) return [...before, ...value];
  if (isDict(before) && isDict(value)) {
    const merged: Record<string, unknown> = { ...before };
    for (const [key, item] of Object.entries(value))
      merged[key] = isDict(merged[key]) && isDict(item) ? sum(merged[key], item) : item;
    return merged;
  }
  return before;
}

function isDict(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The window knows which names such a task sets before it runs. */
function isForeseen(task: Task): boolean {
  return task.module === 'set_fact' && factNames(task) !== undefined;
}

/** Facts of setup have Ansible's prefix as variables. */
function prefixed(task: Task, facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (task.module !== 'setup') return { ...facts };
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      /^(ansible|facter|ohai)_/.test(name) ? name : `ansible_${name}`,
      value,
    ]),
  );
}
