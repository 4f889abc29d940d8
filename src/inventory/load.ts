import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Place, type Problem, ProjectError } from '../errors.ts';
import { sortProblems } from '../problems.ts';
import { placeOf, readYamlFile } from '../yaml/located.ts';
import type { Inventory, InventoryHost, Layer } from './contract.ts';
import { type Group, kindOf, type RawHost, type RawInventory, readGroups } from './groups.ts';
import { isMapping, VariableFolder } from './layers.ts';

export interface InventoryOptions {
  /** Folder of the playbook: its group_vars/ and host_vars/ count too. */
  readonly playbookDirectory?: string | undefined;
}

const groupLayers = new WeakMap<Inventory, (group: string) => readonly Layer[]>();

/**
 * Reads an inventory as Ansible's yaml plugin does, with the group_vars/ and host_vars/ beside it and beside
 * the playbook. Throws ProjectError with every mistake found.
 */
export function loadInventory(file: string, options: InventoryOptions = {}): Inventory {
  const path = resolve(file);
  const problems: Problem[] = [];
  const raw = readGroups(readRoot(path), path, problems);
  const groups = completeGroups(raw);
  problems.push(...groupsAsHosts(raw));

  const directory = dirname(path);
  const folders = [directory, options.playbookDirectory]
    .filter((folder) => folder !== undefined)
    .map((folder) => resolve(folder))
    .filter((folder, index, all) => all.indexOf(folder) === index);
  const groupFolders = folders.map((folder) => new VariableFolder(join(folder, 'group_vars'), problems));
  const hostFolders = folders.map((folder) => new VariableFolder(join(folder, 'host_vars'), problems));

  const ordered = sortGroups([...raw.groups.values()], raw.groups);
  const ofGroups = (names: ReadonlySet<string>): Layer[] => {
    const mine = ordered.filter((group) => names.has(group.name));
    const all = mine.filter((group) => group.name === 'all');
    const others = mine.filter((group) => group.name !== 'all');
    return [
      ...mine.flatMap(fileLayers),
      ...groupFolders.flatMap((folder) => all.flatMap((group) => folder.of(group.name))),
      ...groupFolders.flatMap((folder) => others.flatMap((group) => folder.of(group.name))),
    ];
  };

  const hosts = new Map<string, InventoryHost>();
  for (const host of raw.hosts.values()) {
    const member = ancestors(raw, host.name);
    const layers = [
      ...ofGroups(member),
      ...host.variables.map((values) => ({ origin: `inventory host ${host.name}`, values })),
      ...hostFolders.flatMap((folder) => folder.of(host.name)),
    ];
    const names = [...member].filter((name) => name !== 'all' && name !== 'ungrouped').sort();
    hosts.set(host.name, { name: host.name, place: host.place, groups: names, layers });
  }
  for (const folder of groupFolders) problems.push(...folder.misspelt([...groups.keys()]));
  for (const folder of hostFolders) problems.push(...folder.misspelt([...hosts.keys()]));

  if (problems.some((problem) => problem.severity === 'error'))
    throw new ProjectError(sortProblems(problems));
  const stem = basename(path, extname(path));
  const inventory: Inventory = {
    file: path,
    directory,
    hosts,
    groups,
    stateDirectory: join(directory, '.foobar', stem),
    warnings: sortProblems(problems),
  };
  groupLayers.set(inventory, (group) => ofGroups(new Set([...groupAncestors(raw, group), 'all'])));
  return inventory;
}

/** The variables that every member of a group gets from it and its parents, lowest precedence first. */
export function groupVariables(inventory: Inventory, group: string): readonly Layer[] {
  return groupLayers.get(inventory)?.(group) ?? [];
}

function readRoot(path: string): Record<string, unknown> {
  const whole: Place = { file: path, line: 1, column: 1 };
  const refuse = (message: string, hint?: string, place = whole): never => {
    throw new ProjectError([{ message, place, hint, severity: 'error' }]);
  };
  const stat = statSync(path, { throwIfNoEntry: false });
  const hint = 'name one inventory file in YAML';
  if (stat?.isDirectory()) refuse("Ansible's inventory folders are not supported yet", hint);
  if (stat !== undefined && (stat.mode & 0o111) !== 0 && extname(path) === '')
    refuse("Ansible's dynamic inventories (programs) are not supported yet", hint);
  if (['.ini', '.cfg', '.toml'].includes(extname(path)))
    refuse(
      `Ansible's ${extname(path).slice(1).toUpperCase()} inventories are not supported yet`,
      'write it in YAML: all: hosts: ...',
    );
  let root: unknown;
  try {
    root = readYamlFile(path);
  } catch (error) {
    if (error instanceof ProjectError && looksLikeIni(error.problems[0]))
      refuse("Ansible's INI inventories are not supported yet", 'write it in YAML: all: hosts: ...');
    throw error;
  }
  if (root === null) refuse('the inventory is empty', 'it starts with all: hosts: ...');
  if (isMapping(root)) {
    if (typeof root.plugin === 'string')
      refuse(
        `Ansible's inventory plugins (${root.plugin}) are not supported yet`,
        hint,
        placeOf(root, 'plugin'),
      );
    return root;
  }
  const ini =
    typeof root === 'string' || (Array.isArray(root) && root.every((item) => typeof item !== 'object'));
  if (ini) refuse("Ansible's INI inventories are not supported yet", 'write it in YAML: all: hosts: ...');
  return refuse(
    `an inventory is a mapping of groups, not a ${kindOf(root)}`,
    'it starts with all: hosts: ...',
  );
}

function looksLikeIni(problem: Problem | undefined): boolean {
  if (problem?.place === undefined) return false;
  const lines = readFileSync(problem.place.file, 'utf8').split('\n');
  const first = lines.map((line) => line.trim()).find((line) => line !== '' && !/^[#;]/.test(line)) ?? '';
  return /^\[[\w:.-]+\]$/.test(first) || /^[\w.-]+(\s+ansible_\w+=|$)/.test(first);
}

/** Adds what Ansible adds by itself, and gives the hosts of each group in Ansible's order. */
function completeGroups(raw: RawInventory): Map<string, readonly string[]> {
  const all = raw.groups.get('all') as Group;
  const ungrouped: Group = raw.groups.get('ungrouped') ?? {
    name: 'ungrouped',
    place: all.place,
    children: new Set(),
    parents: new Set(),
    hosts: new Set(),
    variables: [],
  };
  raw.groups.set('ungrouped', ungrouped);
  const grouped = new Set(
    [...raw.groups.values()].filter((group) => group !== all).flatMap((group) => [...group.hosts]),
  );
  for (const host of raw.hosts.keys()) if (!grouped.has(host)) ungrouped.hosts.add(host);
  for (const group of raw.groups.values())
    if (group !== all && group.parents.size === 0) {
      all.children.add(group.name);
      group.parents.add('all');
    }
  return new Map([...raw.groups.values()].map((group) => [group.name, members(raw.groups, group)]));
}

/** Own hosts first, then those of the children, level by level. */
function members(groups: Map<string, Group>, group: Group): readonly string[] {
  const found = new Set<string>();
  const queue = new Set([group.name]);
  for (const name of queue) {
    const next = groups.get(name) as Group;
    for (const host of next.hosts) found.add(host);
    for (const child of next.children) queue.add(child);
  }
  return [...found];
}

function groupAncestors(raw: RawInventory, name: string): Set<string> {
  const found = new Set(raw.groups.has(name) ? [name] : []);
  for (const each of found) for (const parent of raw.groups.get(each)?.parents ?? []) found.add(parent);
  return found;
}

function ancestors(raw: RawInventory, host: string): Set<string> {
  const own = [...raw.groups.values()].filter((group) => group.hosts.has(host));
  return new Set(['all', ...own.flatMap((group) => [...groupAncestors(raw, group.name)])]);
}

/** Ansible's order of precedence among groups: depth, then ansible_group_priority, then name. */
function sortGroups(list: Group[], groups: Map<string, Group>): Group[] {
  const depths = new Map<string, number>();
  const depth = (name: string): number => {
    let known = depths.get(name);
    if (known === undefined) {
      known = Math.max(-1, ...[...(groups.get(name) as Group).parents].map(depth)) + 1;
      depths.set(name, known);
    }
    return known;
  };
  const priority = (group: Group) =>
    Number(
      group.variables.findLast((values) => 'ansible_group_priority' in values)?.ansible_group_priority ?? 1,
    );
  return list.sort(
    (left, right) =>
      depth(left.name) - depth(right.name) ||
      priority(left) - priority(right) ||
      (left.name < right.name ? -1 : 1),
  );
}

function fileLayers(group: Group): Layer[] {
  return group.variables.map((values) => ({ origin: `inventory group ${group.name}`, values }));
}

/** A group's name under `hosts` makes a host of that name, which is hardly ever meant. */
function groupsAsHosts(raw: RawInventory): Problem[] {
  return [...raw.hosts.values()].flatMap((host: RawHost): Problem[] => {
    const group = raw.groups.get(host.name);
    if (group === undefined) return [];
    const filled = group.hosts.size > 0 || group.children.size > 0;
    const mistaken = host.bare && filled && !group.hosts.has(host.name);
    return [
      {
        message: mistaken
          ? `${host.name} is a group, but stands here as a host`
          : `${host.name} names a host and a group`,
        place: host.place,
        hint: mistaken ? 'groups stand under children' : 'patterns that name it mean the group',
        severity: mistaken ? 'error' : 'warning',
      },
    ];
  });
}
