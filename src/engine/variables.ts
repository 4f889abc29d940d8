import { basename } from 'node:path';
import type { Inventory, InventoryHost, Layer } from '../inventory/contract.ts';
import type { Play, Playbook, Task } from '../playbook/contract.ts';
import { Pending, Scope, type ScopeLayer } from '../template/scope.ts';

/** What a run learns of one host: kept over all plays. */
export class HostVariables {
  readonly host: InventoryHost;
  /** Facts without prefix, as in `ansible_facts`. Replaced as a whole, never changed. */
  facts: Readonly<Record<string, unknown>> = {};
  /** From set_fact and register. */
  set: Record<string, unknown> = {};
  /** Changes were made, or in check mode planned: then what is there later cannot be known yet. */
  unsure = false;
  #factLayer: ScopeLayer | undefined;

  constructor(host: InventoryHost) {
    this.host = host;
  }

  /** `ansible_facts.x` is also `ansible_x`, as in Ansible. */
  factLayer(): ScopeLayer {
    if (this.#factLayer?.values.ansible_facts === this.facts) return this.#factLayer;
    const prefixed = Object.entries(this.facts).map(([name, value]) => [
      name.startsWith('ansible_') ? name : `ansible_${name}`,
      value,
    ]);
    this.#factLayer = {
      origin: 'facts',
      values: { ...Object.fromEntries(prefixed), ansible_facts: this.facts },
      literal: true,
    };
    return this.#factLayer;
  }
}

export interface RunVariables {
  readonly inventory: Inventory;
  readonly playbook: Playbook;
  readonly extra: Layer;
  readonly check: boolean;
  readonly hosts: ReadonlyMap<string, HostVariables>;
}

/** Of the play and batch under way. */
export interface PlayVariables {
  readonly play: Play;
  /** Hosts of the play that have not failed. */
  readonly playHosts: readonly string[];
  readonly playHostsAll: readonly string[];
  readonly batch: readonly string[];
}

/**
 * The variables of a task on a host, in Ansible's precedence.
 * @param pending names that tasks before this one will set and that cannot be known yet
 */
export function taskScope(
  run: RunVariables,
  play: PlayVariables,
  task: Task,
  host: string,
  pending: ReadonlySet<string>,
): Scope {
  const variables = run.hosts.get(host);
  if (!variables) throw new Error(`bug: no variables for host ${host}`);
  return new Scope(
    [
      ...task.defaults,
      ...variables.host.layers,
      variables.factLayer(),
      ...play.play.layers,
      ...task.layers,
      { origin: 'set_fact and register', values: variables.set, literal: true },
      ...(pending.size > 0 ? [pendingLayer(pending)] : []),
      run.extra,
      {
        origin: 'magic',
        literal: true,
        values: {
          ...hostMagic(run, variables),
          hostvars: hostvars(run, pending),
          ansible_play_name: play.play.name,
          ansible_play_hosts: play.playHosts,
          ansible_play_hosts_all: play.playHostsAll,
          ansible_play_batch: play.batch,
          play_hosts: play.batch,
          ...(task.role ? { role_name: task.role.name, role_path: task.role.directory } : {}),
        },
      },
    ],
    { searchDirectories: searchDirectories(run, task), check: run.check },
  );
}

/** The variables of a host outside any play: for connecting, and what `hostvars` shows. */
export function hostScope(
  run: RunVariables,
  host: string,
  pending: ReadonlySet<string> = new Set(),
  defaults: readonly Layer[] = [],
): Scope {
  const variables = run.hosts.get(host);
  if (!variables) throw new Error(`bug: no variables for host ${host}`);
  return new Scope(
    [
      ...defaults,
      ...variables.host.layers,
      variables.factLayer(),
      { origin: 'set_fact and register', values: variables.set, literal: true },
      ...(pending.size > 0 ? [pendingLayer(pending)] : []),
      run.extra,
      {
        origin: 'magic',
        values: { ...hostMagic(run, variables), hostvars: hostvars(run, pending) },
        literal: true,
      },
    ],
    { searchDirectories: [run.inventory.directory], check: run.check },
  );
}

/**
 * The variables of a host with the defaults of every role that it gets: for looking at a site from outside its plays.
 */
export function siteScope(run: RunVariables, host: string, plays: readonly Play[]): Scope {
  const defaults = new Set(plays.flatMap((play) => play.tasks.flatMap((task) => task.defaults)));
  return hostScope(run, host, new Set(), [...defaults]);
}

/** Where `files/`, `templates/` and lookups of a task are looked for: its role, then the playbook. */
export function searchDirectories(run: RunVariables, task: Task): string[] {
  return [...(task.role ? [task.role.directory] : []), playbookDirectory(run)];
}

function playbookDirectory(run: RunVariables): string {
  return run.playbook.file.slice(0, -basename(run.playbook.file).length - 1) || '/';
}

function hostMagic(run: RunVariables, variables: HostVariables): Record<string, unknown> {
  const name = variables.host.name;
  return {
    inventory_hostname: name,
    inventory_hostname_short: name.split('.', 1)[0],
    inventory_dir: run.inventory.directory,
    inventory_file: run.inventory.file,
    playbook_dir: playbookDirectory(run),
    group_names: variables.host.groups,
    groups: Object.fromEntries(run.inventory.groups),
    ansible_check_mode: run.check,
    foobar_state: run.inventory.stateDirectory,
  };
}

function pendingLayer(names: ReadonlySet<string>): ScopeLayer {
  return {
    origin: 'tasks that have not run yet',
    values: Object.fromEntries([...names].map((name) => [name, new Pending(name)])),
  };
}

/** Other hosts' variables, looked up only when touched. */
function hostvars(run: RunVariables, pending: ReadonlySet<string>): Record<string, unknown> {
  const scopes = new Map<string, Record<string, unknown>>();
  const known = (name: string | symbol): name is string => typeof name === 'string' && run.hosts.has(name);
  return new Proxy({} as Record<string, unknown>, {
    get: (_target, name) => {
      if (!known(name)) return undefined;
      let view = scopes.get(name);
      if (!view) {
        view = hostScope(run, name, pending).asDict();
        scopes.set(name, view);
      }
      return view;
    },
    has: (_target, name) => known(name),
    ownKeys: () => [...run.hosts.keys()],
    getOwnPropertyDescriptor: (_target, name) =>
      known(name) ? { enumerable: true, configurable: true, writable: false } : undefined,
  });
}
