import type { Place, Problem } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';

/** An expression without braces (`when`), with its place. */
export interface Expression {
  readonly text: string;
  readonly place: Place;
}

export interface Become {
  readonly become?: unknown;
  readonly user?: unknown;
}

export interface Role {
  readonly name: string;
  /** Absolute path of the role's folder. */
  readonly directory: string;
}

/** One task of a play with everything that its blocks, role and play hand down already merged in. */
export interface Task {
  /** As shown: the task's name (templated) or its module; "role : name" is put together by the engine. */
  readonly name: string;
  readonly place: Place;
  /** Short name; `ansible.builtin.` and the like taken off. */
  readonly module: string;
  /** Module parameters, located, templates not yet rendered. A free form stands under `_raw_params`. */
  readonly args: Readonly<Record<string, unknown>>;
  /** All must hold; outer blocks' first. */
  readonly when: readonly Expression[];
  /** `loop` (or with_items): a list or an expression that gives one. */
  readonly loop?: unknown;
  readonly loopControl: { readonly loopVar: string; readonly indexVar?: string; readonly label?: unknown };
  readonly register?: string;
  readonly notify: readonly string[];
  readonly listen: readonly string[];
  readonly changedWhen?: readonly Expression[];
  readonly failedWhen?: readonly Expression[];
  readonly until?: readonly Expression[];
  readonly retries?: unknown;
  readonly delay?: unknown;
  readonly delegateTo?: unknown;
  readonly runOnce: boolean;
  readonly ignoreErrors: unknown;
  readonly noLog: unknown;
  /** `check_mode: false` runs it in check mode too. */
  readonly checkMode?: unknown;
  readonly become: Become;
  readonly environment: readonly unknown[];
  readonly tags: readonly string[];
  readonly role?: Role;
  /** Variables that come with the task, lowest precedence first: role defaults are in `defaults`. */
  readonly defaults: readonly Layer[];
  readonly layers: readonly Layer[];
}

export interface Play {
  readonly name: string;
  readonly place: Place;
  /** Host pattern, not yet templated. */
  readonly hosts: string;
  readonly gatherFacts: boolean;
  /** Batch sizes as written: numbers, "30%"; empty = all at once. */
  readonly serial: readonly (number | string)[];
  readonly become: Become;
  /** Play vars and vars_files, lowest precedence first. */
  readonly layers: readonly Layer[];
  /** In order; a `meta: flush_handlers` after pre_tasks, after roles and tasks, and after post_tasks, as in Ansible. */
  readonly tasks: readonly Task[];
  /** Those of roles first; of two with the same name the later one counts. */
  readonly handlers: readonly Task[];
}

export interface Playbook {
  /** Absolute path. */
  readonly file: string;
  readonly plays: readonly Play[];
  /** What is odd but does not stop a run. */
  readonly warnings?: readonly Problem[];
}
