import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Place, type Problem, ProjectError } from '../errors.ts';
import { sortProblems } from '../problems.ts';
import type { Inventory, Layer } from './contract.ts';
import { InventoryData, type RawHost } from './data.ts';
import { isDirectory, isHostList, readSource, sourcePath } from './sources.ts';
import { unfollowedVariables } from './unfollowed.ts';
import { groupLayers, VariableFolders, viewOf } from './view.ts';

export interface InventoryOptions {
  /** Folder of the playbook: its group_vars/ and host_vars/ count too. */
  readonly playbookDirectory?: string | undefined;
}

/** What a run added to an inventory: done again after the sources are read again. */
export type Growth = (inventory: Inventory) => Inventory;

interface Origin {
  readonly data: InventoryData;
  readonly folders: VariableFolders;
  readonly options: InventoryOptions;
  readonly growth: readonly Growth[];
}

const origins = new WeakMap<Inventory, Origin>();

/**
 * Reads sources of an inventory as Ansible does (files in YAML or INI, programs, folders of these, `host1,host2,`),
 * with the group_vars/ and host_vars/ beside them and beside the playbook. Later sources override.
 * @throws ProjectError with every mistake found
 */
export function loadInventory(
  sources: string | readonly string[],
  options: InventoryOptions = {},
): Inventory {
  const given = (typeof sources === 'string' ? [sources] : sources).map(sourcePath);
  const data = new InventoryData();
  const problems: Problem[] = [];
  for (const source of given) readSource(source, data, problems);
  data.reconcile();
  problems.push(...groupsAsHosts(data));
  if (data.hosts.size === 0 && problems.length === 0)
    problems.push({
      message: 'the inventory has no hosts: only localhost is there',
      place: fileOf(given[0] ?? ''),
      severity: 'warning',
    });

  const folders = new VariableFolders(variableDirectories(given, options), problems);
  const [first = ''] = given;
  const inventory: Inventory = {
    file: first,
    directory: directoryOf(first) ?? process.cwd(),
    sources: given,
    stateDirectory: stateDirectoryOf(first),
    ...viewOf(data, folders),
  };
  problems.push(...unfollowedVariables(inventory.hosts.values()));
  for (const folder of folders.groups) problems.push(...folder.misspelt([...data.groups.keys()]));
  for (const folder of folders.hosts) problems.push(...folder.misspelt([...data.hosts.keys()]));
  if (problems.some((problem) => problem.severity === 'error'))
    throw new ProjectError(sortProblems(problems));
  const loaded = { ...inventory, warnings: sortProblems(problems) };
  origins.set(loaded, { data, folders, options, growth: [] });
  return loaded;
}

/** Reads the sources again, and adds again what the run had added: `meta: refresh_inventory`. */
export function refreshInventory(inventory: Inventory): Inventory {
  const { options, growth } = originOf(inventory);
  const fresh = growth.reduce((now, grow) => grow(now), loadInventory(inventory.sources ?? [], options));
  // A host that is not there any more may be again the next time.
  origins.set(fresh, { ...originOf(fresh), growth });
  return fresh;
}

/** The inventory after a change to its hosts and groups, or itself when `change` says that nothing changed. */
export function grown(
  inventory: Inventory,
  change: (data: InventoryData) => boolean,
  again: Growth,
): Inventory {
  const origin = originOf(inventory);
  const growth = [...origin.growth, again];
  const data = origin.data.clone();
  const changed = change(data);
  // Also what changed nothing now may change something after the sources are read again.
  if (changed) data.reconcile();
  const next = changed ? { ...inventory, ...viewOf(data, origin.folders) } : { ...inventory };
  origins.set(next, { ...origin, data: changed ? data : origin.data, growth });
  if (changed) return next;
  origins.set(inventory, { ...origin, growth });
  return inventory;
}

/** The variables that every member of a group gets from it and its parents, lowest precedence first. */
export function groupVariables(inventory: Inventory, group: string): readonly Layer[] {
  const origin = origins.get(inventory);
  if (origin === undefined || !origin.data.groups.has(group)) return [];
  return groupLayers(origin.data, origin.folders)(origin.data.ancestors([group]));
}

function originOf(inventory: Inventory): Origin {
  const origin = origins.get(inventory);
  if (origin === undefined) throw new Error('bug: this inventory was not read by loadInventory');
  return origin;
}

/** A folder that stands in the list twice counts where it stands last. */
function variableDirectories(sources: readonly string[], options: InventoryOptions): string[] {
  const all = [...sources.map(directoryOf), options.playbookDirectory]
    .filter((directory) => directory !== undefined)
    .map((directory) => resolve(directory));
  return all.filter((directory, index) => all.lastIndexOf(directory) === index);
}

function directoryOf(source: string): string | undefined {
  if (isHostList(source)) return undefined;
  return isDirectory(source) ? source : dirname(source);
}

function fileOf(source: string): Place | undefined {
  return isHostList(source) || isDirectory(source) ? undefined : { file: source, line: 1, column: 1 };
}

function stateDirectoryOf(source: string): string {
  if (isHostList(source)) return resolve('.foobar', 'host_list');
  const name = isDirectory(source) ? basename(source) : basename(source, extname(source));
  return join(dirname(source), '.foobar', name);
}

/** A group's name under `hosts` makes a host of that name, which is hardly ever meant. */
function groupsAsHosts(data: InventoryData): Problem[] {
  return [...data.hosts.values()].flatMap((host: RawHost): Problem[] => {
    const group = data.groups.get(host.name);
    if (group === undefined) return [];
    const filled = group.hosts.size > 0 || group.children.size > 0;
    const mistaken = host.bare && filled && !group.hosts.has(host.name);
    return [
      {
        message: mistaken
          ? `${host.name} is a group, but stands here as a host`
          : `${host.name} names a host and a group`,
        place: host.place,
        hint: mistaken ? 'groups stand under children' : 'give one of them another name',
        severity: mistaken ? 'error' : 'warning',
      },
    ];
  });
}
