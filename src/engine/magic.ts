import { isIPv4, isIPv6 } from 'node:net';
import { basename } from 'node:path';
import type { Inventory } from '../inventory/contract.ts';
import { shortRole } from '../playbook/collection-files.ts';
import type { Play, Playbook, Role } from '../playbook/contract.ts';
import type { ScopeLayer } from '../template/scope.ts';
import type { HostVariables } from './host-variables.ts';
import type { Entry } from './program.ts';
import type { PlayVariables } from './variables.ts';

/** What of a run playbooks can read in variables that nobody sets. */
export interface MagicRun {
  /** Replaced when it grows. */
  inventory: Inventory;
  readonly playbook: Playbook;
  readonly check: boolean;
  readonly options?: RunWords;
}

/** What was said on the command line. */
export interface RunWords {
  readonly diff?: boolean;
  readonly verbosity?: number;
  readonly forks?: number;
  readonly limit?: string;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  /** Ansible's configuration file. */
  readonly configFile?: string;
}

/** The ansible-core whose language is spoken here; roles compare with it. */
const version = { string: '2.19.11', full: '2.19.11', major: 2, minor: 19, revision: 11 };

/** Ansible's playbook_dir: of the file that holds the play. */
export function playbookDirectory(run: MagicRun, play?: Play): string {
  const file = play?.place.file ?? run.playbook.file;
  return file.slice(0, -basename(file).length - 1) || '/';
}

/** Of a host in a play: made once, until the inventory grows. */
export function hostMagic(run: MagicRun, variables: HostVariables, play?: Play): ScopeLayer {
  const { magic } = variables;
  if (magic?.inventory === run.inventory && magic.play === play) return magic.layer;
  const layer = layerOf(hostNames(run, variables, play));
  variables.magic = { inventory: run.inventory, play, layer };
  return layer;
}

function layerOf(values: Record<string, unknown>): ScopeLayer {
  return { origin: 'magic', values, literal: true };
}

function hostNames(run: MagicRun, { host }: HostVariables, play?: Play): Record<string, unknown> {
  const { options = {}, inventory } = run;
  return {
    inventory_hostname: host.name,
    inventory_hostname_short: isAddress(host.name) ? host.name : host.name.split('.', 1)[0],
    inventory_dir: host.directory ?? inventory.directory,
    inventory_file: host.file ?? inventory.file,
    playbook_dir: playbookDirectory(run, play),
    group_names: host.groups,
    groups: groupsOf(inventory),
    ansible_check_mode: run.check,
    ansible_diff_mode: options.diff ?? false,
    ansible_verbosity: options.verbosity ?? 0,
    ansible_forks: options.forks ?? 50,
    ansible_run_tags: options.tags && options.tags.length > 0 ? options.tags : ['all'],
    ansible_skip_tags: options.skipTags ?? [],
    ...(options.limit === undefined ? {} : { ansible_limit: options.limit }),
    ansible_inventory_sources: inventory.sources ?? [inventory.file],
    ansible_version: version,
    ansible_config_file: options.configFile ?? null,
    foobar_state: inventory.stateDirectory,
  };
}

/** Without a colon it is none of IPv6, whose pattern takes V8 some milliseconds to compile. */
function isAddress(name: string): boolean {
  return name.includes(':') ? isIPv6(name) : isIPv4(name);
}

const playLayers = new WeakMap<PlayVariables, ScopeLayer>();

/** Of a play: who takes part is told when it is asked. */
export function playMagic(variables: PlayVariables): ScopeLayer {
  let layer = playLayers.get(variables);
  if (!layer) {
    layer = layerOf(playNames(variables));
    playLayers.set(variables, layer);
  }
  return layer;
}

function playNames(variables: PlayVariables): Record<string, unknown> {
  const { play } = variables;
  const { direct, dependent } = roleNames(play);
  return {
    ansible_play_name: play.name,
    get ansible_play_hosts() {
      return variables.playHosts;
    },
    ansible_play_hosts_all: variables.playHostsAll,
    get ansible_play_batch() {
      return variables.batch;
    },
    get play_hosts() {
      return variables.batch;
    },
    get ansible_current_hosts() {
      return variables.batch;
    },
    get ansible_failed_hosts() {
      return variables.failed;
    },
    ansible_role_names: [...new Set([...dependent, ...direct])],
    ansible_play_role_names: direct,
    ansible_dependent_role_names: dependent,
    role_names: direct,
  };
}

export function taskMagic(entry: Entry, search: readonly string[]): ScopeLayer {
  const { task, parents } = entry;
  return layerOf({
    ansible_search_path: search,
    environment: task.environment,
    ...(task.role
      ? {
          role_name: shortRole(task.role),
          role_path: task.role.directory,
          ansible_role_name: task.role.name,
          ...(task.role.collection ? { ansible_collection_name: task.role.collection } : {}),
        }
      : {}),
    ...(parents.length > 0
      ? {
          ansible_parent_role_names: parents.map(({ name }: Role) => name),
          ansible_parent_role_paths: parents.map(({ directory }: Role) => directory),
        }
      : {}),
  });
}

interface RoleNames {
  readonly direct: readonly string[];
  readonly dependent: readonly string[];
}

const names = new WeakMap<Play, RoleNames>();

function roleNames(play: Play): RoleNames {
  let known = names.get(play);
  if (!known) {
    const roles = [...new Set(play.tasks.flatMap(({ role }) => role ?? []))];
    const named = (dependency: boolean) => [
      ...new Set(roles.filter((role) => (role.dependency === true) === dependency).map(({ name }) => name)),
    ];
    known = { direct: named(false), dependent: named(true) };
    names.set(play, known);
  }
  return known;
}

const groups = new WeakMap<Inventory, Record<string, readonly string[]>>();

function groupsOf(inventory: Inventory): Record<string, readonly string[]> {
  let known = groups.get(inventory);
  if (!known) {
    known = Object.fromEntries(inventory.groups);
    groups.set(inventory, known);
  }
  return known;
}
