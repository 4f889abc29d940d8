import type { Place } from '../errors.ts';
import type { Change } from '../modules/contract.ts';

/** How one task ended on one host. */
export type TaskStatus = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'unknown';

export interface HostRecap {
  ok: number;
  changed: number;
  skipped: number;
  failed: number;
  unreachable: number;
}

/** Everything that a run tells. Reporters read events and nothing else; secrets are masked before. */
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
  | { event: 'output'; host: string; line: string }
  | {
      event: 'task';
      host: string;
      task: string;
      module: string;
      place: Place;
      /** `unknown`: check mode cannot know it before earlier changes are made. Counts as changed. */
      status: TaskStatus;
      handler: boolean;
      /** A failure that does not stop the host (`ignore_errors`). */
      ignored?: boolean;
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
  | { event: 'recap'; hosts: Record<string, HostRecap>; seconds: number; interrupted?: boolean };

/** Where events go. */
export type Emit = (event: RunEvent) => void;
