import type { Entry } from './expand.ts';
import { patternOf } from './possible.ts';
import { isOpen, list, text } from './values.ts';

/** Hosts and groups that tasks (add_host, group_by) may add to the inventory. */
export class JoiningGroups {
  readonly #groups: RegExp[] = [];
  readonly #hosts: RegExp[] = [];

  constructor(entries: readonly Entry[]) {
    for (const { task } of entries) {
      const { args } = task;
      if (task.module === 'group_by') note(this.#groups, [args.key, ...list(args.parents)]);
      if (task.module !== 'add_host') continue;
      note(this.#hosts, [args.name ?? args.hostname ?? args.host]);
      note(
        this.#groups,
        [args.groups, args.group, args.groupname].flatMap(list).flatMap((each) => text(each).split(',')),
      );
    }
  }

  mayBeGroup(name: string): boolean {
    return this.#groups.some((pattern) => pattern.test(name));
  }

  mayBeHost(name: string): boolean {
    return this.#hosts.some((pattern) => pattern.test(name));
  }

  /** Whether some part of a host pattern may be known only when tasks have run. */
  touches(pattern: string): boolean {
    return pattern
      .split(/[:,]/)
      .map((part) => part.trim().replace(/^[!&]/, ''))
      .some((part) => this.mayBeGroup(part) || this.mayBeHost(part));
  }
}

function note(patterns: RegExp[], values: readonly unknown[]): void {
  for (const value of values) {
    if (value === undefined || value === null) continue;
    // group_by puts _ for what a group's name cannot have.
    const name = text(value).trim();
    const any = isOpen(name) && patternOf(name) === undefined;
    const pattern = any
      ? /./
      : (patternOf(name) ?? new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
    patterns.push(pattern);
  }
}
