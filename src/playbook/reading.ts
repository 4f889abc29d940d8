import type { Layer } from '../inventory/contract.ts';
import { renderValue } from '../template/render.ts';
import { Scope as Variables } from '../template/scope.ts';
import { shortRole } from './collection-files.ts';
import type { Task } from './contract.ts';
import type { Report } from './report.ts';
import type { Asked, RoleLoader } from './roles.ts';
import type { Scope } from './scope.ts';
import { isOpen } from './values.ts';

/** What the tasks being read make visible to the whole play. */
export interface Exports {
  /** Defaults and vars of roles: every task of the play sees them, as in Ansible. */
  readonly defaults: Layer[];
  readonly vars: Layer[];
  readonly handlers: Task[];
}

/** What reading tasks needs besides the tasks. */
export interface Reading {
  readonly report: Report;
  readonly modules: readonly string[];
  readonly roles: RoleLoader;
  readonly exports: Exports;
  readonly asked: Asked;
  /** Puts the last hand on tasks that are included when the play has been read. */
  readonly finish: (tasks: readonly Task[], exports: Exports) => Task[];
  /** Play vars and extra vars: all that is known before there is a host. */
  readonly known: { readonly play: readonly Layer[]; readonly extra: Layer; readonly directory: string };
}

/**
 * The value of a template that needs nothing but extra vars, play vars and the vars of roles, blocks and tasks around
 * it, as Ansible's imports want it. Undefined when it needs more.
 */
export function staticValue(value: unknown, scope: Scope, reading: Reading): unknown {
  if (!isOpen(value)) return value;
  const { play, extra, directory } = reading.known;
  const magic = {
    playbook_dir: directory,
    ...(scope.role === undefined
      ? {}
      : { role_path: scope.role.directory, role_name: shortRole(scope.role) }),
  };
  const layers = [
    ...scope.defaults,
    ...play,
    ...scope.roleVars,
    ...scope.layers,
    ...scope.roleParams,
    ...scope.includeParams,
    extra,
    { origin: 'magic', values: magic, literal: true },
  ];
  try {
    return renderValue(value, new Variables(layers, { searchDirectories: [directory], check: true }));
  } catch {
    return undefined;
  }
}

/** Notes that a name cannot be known before there is a host. */
export function refuseOpen(
  what: string,
  text: string,
  place: Parameters<Report['mistake']>[0],
  report: Report,
): void {
  report.mistake(
    place,
    `${what} ${JSON.stringify(text)} cannot be known before a host is asked`,
    'imports see only -e, play vars and vars_files; include_tasks and include_role see everything',
  );
}
