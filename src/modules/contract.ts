import type { z } from 'zod';
import type { Host, HostReader } from '../host/contract.ts';
import type { AccessWay } from '../host/rollback-ways.ts';
import type { Command } from '../host/sh.ts';
import type { SyntaxOptions } from '../template/render.ts';

/** One difference between what is wanted and what is there. */
export interface Change {
  /** The property in the field's words: `mode`, `owner`, `content`, `state`, `version`. */
  readonly what: string;
  readonly from: unknown;
  readonly to: unknown;
  /** For file contents: shown as a unified diff under this heading. */
  readonly path?: string;
  /**
   * To be done, though Ansible's module does not count it: read unit files again, fetch package lists on the way.
   * A task whose differences are all of this kind is ok, not changed.
   */
  readonly uncounted?: true;
}

/** What every module may know of the run besides its own parameters. */
export interface Context {
  /** True in check mode and plan: nothing may be written anywhere, the controller included. */
  readonly check: boolean;
  /** How many `-v` were given. */
  readonly verbosity: number;
  /** Folder of the inventory's kept state on the controller: certificates, keys, passwords. Mode 0700. */
  readonly stateDirectory: string;
  /** Folder of the playbook: what relative paths of the controller are relative to. Default: the working directory. */
  readonly playbookDirectory?: string;
  /** Finds `files/x`, `templates/x` or `vars/x` by Ansible's search order (role, then playbook). Throws TaskFailure. */
  find(kind: 'files' | 'templates' | 'vars', name: string): string;
  /** Renders a template file's text with the task's variables; options as the template module has them. */
  renderTemplate(path: string, options?: Partial<SyntaxOptions>): string;
  /**
   * A line for the person who waits, shown live ("seeding from db1: 40 %").
   * @param kind `message`: what the task is there to tell (debug, pause), shown at every verbosity
   */
  say(line: string, kind?: 'message'): void;
  /** Something that the person should know though nothing failed: a `warning` event, once for the same text. */
  warn(message: string): void;
  /** A variable of the task, rendered; undefined when there is none of that name (validate_argument_spec). */
  variable?(name: string): unknown;
  /** Asks the person at the terminal and gives the line (pause); not there without a terminal. */
  prompt?(question: { readonly text: string; readonly echo: boolean }): Promise<string>;
}

/** An expression that a parameter held, with its value. */
export interface Evaluated {
  readonly expression: string;
  readonly value: unknown;
}

interface Common<P> {
  /** One sentence as in Ansible's documentation: "Manage ...". */
  readonly summary: string;
  /** Strict object, every field described. Ansible's names and meanings. */
  readonly params: z.ZodType<P>;
  /** The parameter that takes the free form (`command: echo hi`), if any. */
  readonly freeForm?: string;
  /**
   * Parameters that hold expressions without braces, as `when` does (`that`, `var`): one or a list. The engine
   * evaluates them and puts an Evaluated in the place of each text.
   */
  readonly expressions?: readonly string[];
  /** Those of `expressions` that are conditions: values are booleans, and end with the first that does not hold. */
  readonly conditions?: readonly string[];
  /** The operator's ways to the host that a change may close, besides those that its paths tell. @param login who logs in */
  mayClose?(want: P, login: string): readonly AccessWay[];
  /** Reads other hosts too: what it read holds only until something is written on any host. */
  readonly fleet?: boolean;
}

/**
 * A module with a state: have -> diff -> fix -> have again. The engine owns the order, check mode and the proof
 * that the change is there.
 */
export interface StateModule<P, S> extends Common<P> {
  readonly kind: 'state';
  /** What is there now. Only reads. Throws NotYet when what it asks about does not exist yet. */
  have(want: P, host: HostReader, context: Context): Promise<S>;
  /** The differences; none means settled. Pure. */
  diff(want: P, have: S): Change[];
  /** Makes the differences go away. The result's keys are returned to the playbook with `result`'s. */
  fix(changes: readonly Change[], want: P, have: S, host: Host, context: Context): Promise<void>;
  /**
   * A condition of the shell that holds only when the host is as wanted after `fix`. With it the changes of the tasks
   * behind can travel with this one: none of them is made unless it holds. Only where `fix` is one write, sent at once,
   * that either brings everything about or ends with another code than 0. Undefined: they wait for the proof.
   */
  achieved?(changes: readonly Change[], want: P, have: S): Command | undefined;
  /**
   * Differences left after `fix`, when not the same question as before: a restarted unit is settled when it is
   * up again, though asking for a restart always differs. Default: `diff(want, after)`.
   */
  verify?(want: P, before: S, after: S): Change[];
  /**
   * For uncounted differences: whether making them go away changed what counts (new package lists brought a newer
   * version). Default: no.
   */
  happened?(want: P, before: S, after: S): boolean;
  /** Why there was nothing to look at: with no differences the task ends as skipped ("skipped, since /x exists"). */
  skipped?(want: P, have: S): string | undefined;
  /** Keys that playbooks read from the registered result, named as in Ansible. */
  result?(want: P, have: S): Record<string, unknown>;
}

export interface ActionResult {
  readonly changed: boolean;
  /** Why it failed, if it did: the task fails but `register` still has `values`. */
  readonly failed?: string;
  /** Why there was nothing to do: the task counts as ok ("skipped, since /etc/x exists"). */
  readonly skipped?: string;
  readonly changes?: readonly Change[];
  /** Keys that playbooks read, named as in Ansible: rc, stdout, stdout_lines, stderr. */
  readonly values?: Record<string, unknown>;
  /** The module's `ansible_facts`, named as Ansible's module names them; they are not set by set_fact. */
  readonly facts?: Record<string, unknown>;
  /** Variables at set_fact's precedence. */
  readonly variables?: Record<string, unknown>;
  /** Variables at include_vars' precedence. */
  readonly included?: Record<string, unknown>;
  /** A host that joins the inventory (add_host), or a host of the run that joins groups (group_by). */
  readonly joins?: {
    readonly host: string;
    readonly groups: readonly string[];
    readonly parents?: readonly string[];
    readonly variables?: Record<string, unknown>;
  };
  /** Of set_stats: shown at the end of the run. */
  readonly statistics?: {
    readonly data: Record<string, unknown>;
    readonly perHost: boolean;
    readonly aggregate: boolean;
  };
}

/** A module without a state of its own (`command`, `wait_for`, `assert`). One that changes something is a barrier for the windows. */
export interface ActionModule<P> extends Common<P> {
  readonly kind: 'action';
  /**
   * `reads`: it never changes anything, so it runs in check mode too (assert, debug, wait_for, stat).
   * `changes`: in check mode the engine reports that it would run and does not call `run`, unless `settled` says otherwise.
   */
  readonly effect: 'reads' | 'changes';
  /** Runs once for all hosts of the batch (add_host, pause): Ansible's BYPASS_HOST_LOOP. */
  readonly once?: boolean;
  /**
   * It waits for or asks what earlier tasks bring about (wait_for, uri). In check mode, after planned changes,
   * it is not run: what it would find cannot be known yet.
   */
  readonly waits?: boolean;
  /**
   * For `creates`, `removes` and the like: why nothing is to be done, asked in every mode before `run`; or the whole
   * result, where the registered one has keys. `skipped: true` among its values ends the task as skipped.
   */
  settled?(want: P, host: HostReader, context: Context): Promise<string | ActionResult | undefined>;
  /** The keys of the registered result where check mode does not run it, so that templates can read them. */
  unrun?(want: P): Record<string, unknown>;
  run(want: P, host: Host, context: Context): Promise<ActionResult>;
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds modules of every parameter and state type
export type Module = StateModule<any, any> | ActionModule<any>;

/** Infers parameter and state types from the literal; `export default state({...})`. */
export function state<P, S>(module: Omit<StateModule<P, S>, 'kind'>): StateModule<P, S> {
  return { kind: 'state', ...module };
}

export function action<P>(module: Omit<ActionModule<P>, 'kind'>): ActionModule<P> {
  return { kind: 'action', ...module };
}

/**
 * The changes that lead from `have` to `want`, one for each key of `want` that is given (not undefined) and differs.
 * Serves most modules: diff: (want, have) => changes({mode: want.mode}, have).
 */
export function changes<S extends object>(want: Partial<S>, have: Partial<S>): Change[] {
  return (Object.keys(want) as (keyof S & string)[])
    .filter((key) => want[key] !== undefined && !same(want[key], have[key]))
    .map((key) => ({ what: key, from: have[key], to: want[key] }));
}

function same(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
