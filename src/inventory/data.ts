import { type Place, TaskFailure } from '../errors.ts';
import { copyPlace, derived, placeOf } from '../yaml/located.ts';
import type { Layer } from './contract.ts';

export interface Group {
  readonly name: string;
  readonly place: Place;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  /** Own hosts, in the order in which they joined. */
  readonly hosts: Set<string>;
  /** Mappings of variables, later ones override. */
  readonly variables: Layer[];
  priority: number;
}

export interface RawHost {
  readonly name: string;
  readonly place: Place;
  readonly variables: Layer[];
  /** The source that named it first. */
  readonly source: Source | undefined;
  /** Named with nothing behind it every time: it might be a group that was meant. */
  bare: boolean;
}

/** What an inventory was read from: a file, or a list of hosts. */
export interface Source {
  readonly name: string;
  /** Ansible's inventory_dir; a list of hosts has none. */
  readonly directory: string | undefined;
}

/** Ansible's names for this machine. */
export const localhostNames: readonly string[] = ['127.0.0.1', 'localhost', '::1'];

const nowhere: Place = { file: 'the inventory', line: 1, column: 1 };

/** Groups and hosts as Ansible's InventoryData keeps them: sources and running plays add to it, nothing is taken out. */
export class InventoryData {
  readonly groups = new Map<string, Group>();
  readonly hosts = new Map<string, RawHost>();
  /** The first of localhost, 127.0.0.1 and ::1 that a source named; else the implicit one, which is not in `hosts`. */
  localhost: RawHost | undefined;

  constructor() {
    this.addGroup('all', nowhere);
    this.addGroup('ungrouped', nowhere);
    this.addChild('all', 'ungrouped');
  }

  /** A copy that can grow without changing this one. */
  clone(): InventoryData {
    const copy = new InventoryData();
    for (const [name, group] of this.groups)
      copy.groups.set(name, {
        ...group,
        children: new Set(group.children),
        parents: new Set(group.parents),
        hosts: new Set(group.hosts),
        variables: [...group.variables],
      });
    for (const [name, host] of this.hosts) copy.hosts.set(name, { ...host, variables: [...host.variables] });
    copy.localhost = this.localhost && (copy.hosts.get(this.localhost.name) ?? this.localhost);
    return copy;
  }

  addGroup(name: string, place: Place): Group {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = {
        name,
        place,
        children: new Set(),
        parents: new Set(),
        hosts: new Set(),
        variables: [],
        priority: 1,
      };
      this.groups.set(name, group);
    }
    return group;
  }

  /** The port counts when the host is new, as in Ansible. */
  addHost(
    name: string,
    where: { place: Place; source?: Source | undefined; group?: string; port?: number | undefined },
  ): RawHost {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = { name, place: where.place, variables: [], source: where.source, bare: true };
      this.hosts.set(name, host);
      if (where.port)
        this.set(name, { origin: `inventory host ${name}`, values: { ansible_port: where.port } });
      const { source } = where;
      // A list of hosts has no folder, which Ansible says with this word.
      const directory = source === undefined ? null : (source.directory ?? 'None');
      const file = { inventory_file: source?.name ?? null, inventory_dir: directory };
      this.set(name, { origin: 'inventory', values: file });
      if (localhostNames.includes(name)) this.localhost ??= host;
    }
    if (where.group !== undefined) this.groups.get(where.group)?.hosts.add(name);
    return host;
  }

  /**
   * Makes a group part of another one; false when it is already.
   * @throws TaskFailure when a group would contain itself
   */
  addChild(parent: string, child: string): boolean {
    const outer = this.groups.get(parent);
    const inner = this.groups.get(child);
    if (outer === undefined || inner === undefined) throw new Error(`bug: no group ${parent} or ${child}`);
    if (outer.children.has(child)) return false;
    if (parent === child) throw new TaskFailure(`group ${parent} cannot contain itself`);
    if (this.ancestors([parent]).has(child))
      throw new TaskFailure(`group ${child} contains ${parent}, which contains it`);
    outer.children.add(child);
    inner.parents.add(parent);
    return true;
  }

  /**
   * Variables of a group, or of a host when no group has that name: Ansible gives the group precedence.
   * @throws TaskFailure when ansible_group_priority is no number
   */
  set(name: string, layer: Layer): void {
    const group = this.groups.get(name);
    if (group === undefined) this.hosts.get(name)?.variables.push(layer);
    else if (!Object.hasOwn(layer.values, 'ansible_group_priority')) group.variables.push(layer);
    else {
      const priority = layer.values.ansible_group_priority;
      if (!/^\s*[-+]?\d+\s*$/.test(String(priority)))
        throw new TaskFailure(
          `ansible_group_priority of group ${name} is ${JSON.stringify(priority)}, not a whole number`,
        );
      group.priority = Number(priority);
      group.variables.push({ ...layer, values: withoutPriority(layer.values) });
    }
  }

  /** These groups with all that contain them. */
  ancestors(names: Iterable<string>): Set<string> {
    const found = new Set(names);
    for (const name of found) for (const parent of this.groups.get(name)?.parents ?? []) found.add(parent);
    return found;
  }

  /** Hosts of a group: its own first, then those of the children, level by level. */
  members(name: string): string[] {
    const hosts = new Set<string>();
    const queue = new Set([name]);
    for (const each of queue) {
      const group = this.groups.get(each);
      for (const host of group?.hosts ?? []) if (name !== 'all' || this.hosts.has(host)) hosts.add(host);
      for (const child of group?.children ?? []) queue.add(child);
    }
    return [...hosts];
  }

  /** Group names of every host, without their ancestors. */
  memberships(): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const group of this.groups.values())
      for (const host of group.hosts) {
        const known = found.get(host);
        if (known === undefined) found.set(host, [group.name]);
        else known.push(group.name);
      }
    return found;
  }

  /** Ansible's rules: all contains every group, and ungrouped every host that is in no other one. */
  reconcile(): void {
    for (const group of this.groups.values())
      if (group.name !== 'all' && group.parents.size === 0) this.addChild('all', group.name);
    const ungrouped = this.addGroup('ungrouped', nowhere).hosts;
    // What contains ungrouped is a group like any other.
    const outer = [...this.ancestors(['ungrouped'])].some((name) => name !== 'all' && name !== 'ungrouped');
    const grouped = new Set<string>();
    for (const { name, hosts } of this.groups.values())
      if (name !== 'all' && name !== 'ungrouped') for (const host of hosts) grouped.add(host);
    for (const host of this.hosts.keys()) {
      if (grouped.has(host) || (outer && ungrouped.has(host))) ungrouped.delete(host);
      else ungrouped.add(host);
    }
  }

  /** Ansible's order of precedence among groups: depth, then ansible_group_priority, then name. */
  sortedGroups(): Group[] {
    const depths = new Map<string, number>();
    const depth = (name: string): number => {
      let known = depths.get(name);
      if (known === undefined) {
        known = Math.max(-1, ...[...(this.groups.get(name)?.parents ?? [])].map(depth)) + 1;
        depths.set(name, known);
      }
      return known;
    };
    return [...this.groups.values()].sort(
      (left, right) =>
        depth(left.name) - depth(right.name) ||
        left.priority - right.priority ||
        (left.name < right.name ? -1 : 1),
    );
  }
}

/** Ansible keeps the priority for itself: no host sees it as a variable. */
function withoutPriority(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { ansible_group_priority: _, ...rest } = values;
  const result = derived(rest, placeOf(values) ?? nowhere);
  for (const key of Object.keys(rest)) copyPlace(values, key, result, key);
  return result;
}
