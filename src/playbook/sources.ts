import type { Play, Task } from './contract.ts';
import type { Scope } from './scope.ts';

interface Source {
  readonly node: Record<string, unknown>;
  readonly scope?: Scope | undefined;
}

const sources = new WeakMap<object, Source>();

/** Remembers the mapping that a task or play was read from, for the places of its keywords, and what is around it. */
export function rememberSource(made: Task | Play, node: Record<string, unknown>, scope?: Scope): void {
  sources.set(made, { node, scope });
}

/** A changed copy of a task or play was read from the same mapping. */
export function copySource<T extends Task | Play>(from: T, to: T): T {
  const source = sources.get(from);
  if (source !== undefined) sources.set(to, source);
  return to;
}

/** The mapping that a task or play was read from. */
export function sourceOf(made: Task | Play): Record<string, unknown> {
  return sources.get(made)?.node ?? {};
}

/** What is around a task, itself included. */
export function scopeOf(task: Task): Scope | undefined {
  return sources.get(task)?.scope;
}
