import { isDeepStrictEqual } from 'node:util';
import { type Place, TaskFailure } from '../errors.ts';
import { derived } from '../yaml/located.ts';
import { parseAddress } from './address.ts';
import type { Inventory } from './contract.ts';
import type { InventoryData, RawHost } from './data.ts';
import { grown } from './load.ts';

/** A host that a task adds. */
export interface NewHost {
  /** A port may stand behind it: `web9:2222`. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of the task. */
  readonly place: Place;
}

/**
 * The inventory with one more host, or with more groups and variables of a host that it has: Ansible's add_host.
 * The same object when that changes nothing.
 * @throws TaskFailure for a name that is none
 */
export function addHost(inventory: Inventory, host: NewHost): Inventory {
  const { host: name, port } = parseAddress(host.name, { ranges: false }) ?? { host: host.name };
  if (name === '') throw new TaskFailure('the name of the host to add is empty');
  checkGroups(host.groups);
  const values = derived(
    { ...host.variables, ...(port !== undefined && { ansible_ssh_port: port }) },
    host.place,
  );
  return grown(
    inventory,
    (data) => {
      let changed = false;
      if (!data.hosts.has(name)) {
        data.addHost(name, { place: host.place, group: 'all' });
        changed = true;
      }
      const own = ownVariables(data, name);
      if (Object.keys(values).some((key) => !isDeepStrictEqual(own[key], values[key]))) {
        data.hosts.get(name)?.variables.push({ origin: `add_host ${name}`, values });
        changed = true;
      }
      for (const group of host.groups) changed = join(data, group, name, host.place) || changed;
      return changed;
    },
    (again) => addHost(again, host),
  );
}

/**
 * The inventory with a host in more groups, which are part of `parents` (all, when none is given): Ansible's
 * group_by. The same object when that changes nothing.
 * @throws TaskFailure when there is no such host, or a group would contain itself
 */
export function addToGroups(
  inventory: Inventory,
  host: string,
  groups: readonly string[],
  parents: readonly string[] = [],
): Inventory {
  checkGroups([...groups, ...parents]);
  if (!inventory.hosts.has(host) && inventory.localhost?.name !== host)
    throw new TaskFailure(`there is no host ${host} in the inventory`);
  const place = inventory.hosts.get(host)?.place ?? { file: inventory.file, line: 1, column: 1 };
  return grown(
    inventory,
    (data) => {
      let changed = false;
      for (const group of groups) {
        data.addGroup(group, place);
        for (const parent of parents.length > 0 ? parents : ['all']) {
          data.addGroup(parent, place);
          changed = data.addChild(parent, group) || changed;
        }
        if (!data.members(group).includes(host)) changed = join(data, group, host, place) || changed;
      }
      return changed;
    },
    (again) =>
      again.hosts.has(host) || again.localhost?.name === host
        ? addToGroups(again, host, groups, parents)
        : again,
  );
}

function join(data: InventoryData, name: string, host: string, place: Place): boolean {
  const { hosts } = data.addGroup(name, place);
  if (hosts.has(host)) return false;
  hosts.add(host);
  return true;
}

function checkGroups(groups: readonly string[]): void {
  if (groups.includes('')) throw new TaskFailure('the name of a group to add to is empty');
}

function ownVariables(data: InventoryData, name: string): Record<string, unknown> {
  const host: RawHost | undefined = data.hosts.get(name);
  return Object.assign({}, ...(host?.variables ?? []).map(({ values }) => values));
}
