import type { Layer } from '../inventory/contract.ts';
import type { Play, Playbook } from '../playbook/contract.ts';
import { AtNeed, type Level, Pending, Scope, type ScopeLayer, type ScopeOptions } from '../template/scope.ts';
import type { HostVariables } from './host-variables.ts';
import { hostMagic, type MagicRun, playbookDirectory, playMagic, taskMagic } from './magic.ts';
import type { Entry } from './program.ts';
import { lateFiles } from './vars-files.ts';

export interface RunVariables extends MagicRun {
  readonly playbook: Playbook;
  readonly extra: Layer;
  /** Grows with the inventory; the implicit localhost is one of them. */
  readonly hosts: Map<string, HostVariables>;
}

/** Of the play and batch under way: as it is when it is read. */
export interface PlayVariables {
  readonly play: Play;
  /** Hosts of the play that have not failed. */
  readonly playHosts: readonly string[];
  readonly playHostsAll: readonly string[];
  readonly batch: readonly string[];
  /** Hosts of the batch that failed. */
  readonly failed: readonly string[];
  /** Of roles that were included for the whole play (`public`). */
  readonly defaults: readonly Layer[];
  readonly layers: readonly Layer[];
}

const nothing: ReadonlySet<string> = new Set();

/**
 * The variables of a task on a host, in Ansible's precedence.
 * @param pending names that tasks before this one will set and that cannot be known yet
 */
export function taskScope(
  run: RunVariables,
  play: PlayVariables,
  entry: Entry,
  host: string,
  pending: ReadonlySet<string> = nothing,
): Scope {
  const variables = hostOf(run, host);
  const { task } = entry;
  const { options, layer } = ownOf(run, entry, play.play);
  const above: Level[] = [
    run.extra,
    hostMagic(run, variables, play.play),
    hostvarsLayer(run, pending),
    playMagic(play),
    layer,
  ];
  const below: Level[] = [
    play.defaults,
    task.defaults,
    variables.host.layers,
    variables.factLayer(),
    play.play.layers,
  ];
  const late = play.play.lateVarsFiles ? lateFiles(play.play, below, above, options) : [];
  return new Scope(
    [
      ...below,
      ...late,
      play.layers,
      task.layers,
      ...learned(variables, pending),
      ...entry.loops,
      ...(task.params ?? []),
      ...above,
    ],
    options,
  );
}

/** What a play can know before any host is looked at: for its hosts, and for the names of handlers. */
export function playScope(run: RunVariables, play: Play, entry?: Entry): Scope {
  const options = entry
    ? ownOf(run, entry, play).options
    : { searchDirectories: [playbookDirectory(run, play)], check: run.check };
  const own = entry ? { below: entry.task.defaults, above: entry.task.layers } : { below: [], above: [] };
  return new Scope([own.below, play.layers, own.above, run.extra], options);
}

/** The variables of a host outside any play: for connecting, and what `hostvars` shows. */
export function hostScope(
  run: RunVariables,
  host: string,
  pending: ReadonlySet<string> = nothing,
  defaults: readonly Layer[] = [],
): Scope {
  const variables = hostOf(run, host);
  return new Scope(
    [
      defaults,
      variables.host.layers,
      variables.factLayer(),
      ...learned(variables, pending),
      run.extra,
      hostMagic(run, variables),
      hostvarsLayer(run, pending),
    ],
    { searchDirectories: [run.inventory.directory], check: run.check },
  );
}

/**
 * The variables of a host with the defaults of every role that it gets: for looking at a site from outside its plays.
 */
export function siteScope(run: RunVariables, host: string, plays: readonly Play[]): Scope {
  const defaults = new Set(plays.flatMap((play) => play.tasks.flatMap((task) => task.defaults)));
  return hostScope(run, host, nothing, [...defaults]);
}

/**
 * Where `files/`, `templates/` and lookups of a task are looked for: its role, the roles that included it, the folder
 * of its file, then the playbook.
 */
function searchDirectories(run: RunVariables, { task, parents }: Entry, play: Play): string[] {
  const roles = task.role ? [task.role, ...parents] : parents;
  const own = task.place.file.slice(0, task.place.file.lastIndexOf('/'));
  return [...new Set([...roles.map(({ directory }) => directory), own, playbookDirectory(run, play)])];
}

interface Own {
  readonly options: ScopeOptions;
  readonly layer: ScopeLayer;
}

const owns = new WeakMap<Entry, Own>();

/** What only the task itself decides. */
function ownOf(run: RunVariables, entry: Entry, play: Play): Own {
  let own = owns.get(entry);
  if (!own) {
    const options = optionsOf(searchDirectories(run, entry, play), run.check);
    own = { options, layer: taskMagic(entry, options.searchDirectories) };
    owns.set(entry, own);
  }
  return own;
}

const known = new Map<string, ScopeOptions>();

/** One for all tasks that look in the same folders. */
function optionsOf(searchDirectories: readonly string[], check: boolean): ScopeOptions {
  const key = [...searchDirectories, check].join('\0');
  let options = known.get(key);
  if (!options) {
    options = { searchDirectories, check };
    known.set(key, options);
  }
  return options;
}

function hostOf(run: RunVariables, host: string): HostVariables {
  const variables = run.hosts.get(host);
  if (!variables) throw new Error(`bug: no variables for host ${host}`);
  return variables;
}

/** include_vars, then set_fact and register. */
function learned(variables: HostVariables, pending: ReadonlySet<string>): readonly ScopeLayer[] {
  const { learned } = variables;
  return pending.size === 0 ? learned : [...learned, pendingLayer(pending)];
}

const pendingLayers = new WeakMap<ReadonlySet<string>, ScopeLayer>();

function pendingLayer(names: ReadonlySet<string>): ScopeLayer {
  let layer = pendingLayers.get(names);
  if (!layer) {
    const values = Object.fromEntries([...names].map((name) => [name, new Pending(name)]));
    layer = { origin: 'tasks that have not run yet', values };
    pendingLayers.set(names, layer);
  }
  return layer;
}

function hostvarsLayer(run: RunVariables, pending: ReadonlySet<string>): ScopeLayer {
  const values = { hostvars: new AtNeed(() => hostvars(run, pending)) };
  return { origin: 'magic', values, literal: true };
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
