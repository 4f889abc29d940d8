import type { Play, Task } from './contract.ts';

const nodes = new WeakMap<object, Record<string, unknown>>();

/** Remembers the mapping that a task or play was read from, for the places of its keywords. */
export function rememberSource(made: Task | Play, node: Record<string, unknown>): void {
  nodes.set(made, node);
}

/** The mapping that a task or play was read from. */
export function sourceOf(made: Task | Play): Record<string, unknown> {
  return nodes.get(made) ?? {};
}
