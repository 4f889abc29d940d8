import type { Place } from '../errors.ts';
import type { Change } from '../modules/contract.ts';

/**
 * How one task ended on one host. `unreachable`: nothing of it was sent. `unknown`: it was sent, and the connection was
 * lost before its end was read. `interrupted`: Ctrl-C let go of it. `unforeseen`: check mode cannot know it before
 * earlier changes are made.
 */
export type TaskStatus =
  | 'ok'
  | 'changed'
  | 'skipped'
  | 'failed'
  | 'unreachable'
  | 'unknown'
  | 'interrupted'
  | 'unforeseen';

/**
 * How many tasks ended how on a host. Ansible's counts with one difference: a task that changed something is
 * counted as changed only, not as ok too (Ansible's ok is ok + changed here).
 */
export interface HostRecap {
  ok: number;
  changed: number;
  skipped: number;
  failed: number;
  unreachable: number;
  /** Tasks whose end could not be read; never success. */
  unknown: number;
  /** Failures that a block's rescue took up; not counted as failed. */
  rescued: number;
  /** Failures that ignore_errors or ignore_unreachable let pass; counted as ok or changed too. */
  ignored: number;
}

/** What set_stats gathered: values of the run, and values of each host. */
export interface Statistics {
  readonly run: Readonly<Record<string, unknown>>;
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Everything that a run tells. Reporters read events and nothing else; the engine masks secrets in its own before. */
export type RunEvent =
  | {
      event: 'start';
      playbook: string;
      inventory: string;
      hosts: string[];
      mode: 'apply' | 'check';
      at: string;
    }
  | { event: 'play'; name: string; hosts: string[] }
  | { event: 'begin'; host: string; task: string; module: string }
  /** `message`: what the task is there to tell (debug, pause), shown at every verbosity. */
  | { event: 'output'; host: string; line: string; task?: string; message?: true }
  | {
      event: 'task';
      host: string;
      task: string;
      module: string;
      place: Place;
      /** `unforeseen` counts as changed. */
      status: TaskStatus;
      handler: boolean;
      /** A failure that does not stop the host (`ignore_errors`, `ignore_unreachable`). */
      ignored?: boolean;
      /** A failure that the host's way goes on from in a block's rescue. */
      rescued?: boolean;
      /** The loop item's label. */
      item?: string;
      changes?: Change[];
      message?: string;
      hint?: string;
      seconds: number;
    }
  | {
      /** The project is wrong: no host is contacted. Followed by a recap without hosts. */
      event: 'mistake';
      severity: 'error' | 'warning';
      message: string;
      place?: Place;
      hint?: string;
    }
  | { event: 'warning'; message: string; host?: string }
  /** `interrupted`: Ctrl-C ended the run early. */
  | {
      event: 'recap';
      hosts: Record<string, HostRecap>;
      seconds: number;
      interrupted?: boolean;
      statistics?: Statistics;
    };

/** Where events go. */
export type Emit = (event: RunEvent) => void;
