import type { Place, Problem } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import { isMapping } from './layers.ts';
import { expandRange } from './ranges.ts';

export interface Group {
  readonly name: string;
  readonly place: Place;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  /** In the order of the file. */
  readonly hosts: Set<string>;
  readonly variables: Record<string, unknown>[];
}

export interface RawHost {
  readonly name: string;
  readonly place: Place;
  readonly variables: Record<string, unknown>[];
  /** Named in a `hosts` with nothing behind it every time: it might be a group that was meant. */
  bare: boolean;
}

export interface RawInventory {
  readonly groups: Map<string, Group>;
  readonly hosts: Map<string, RawHost>;
}

const sections = ['hosts', 'vars', 'children'];

/** The groups and hosts that a parsed inventory file names; what is wrong is added to `problems`. */
export function readGroups(root: Record<string, unknown>, file: string, problems: Problem[]): RawInventory {
  const groups = new Map<string, Group>();
  const hosts = new Map<string, RawHost>();
  const start: Place = { file, line: 1, column: 1 };

  const mistake = (place: Place | undefined, message: string, hint?: string): void => {
    problems.push({ message, place: place ?? start, hint, severity: 'error' });
  };

  const groupNamed = (name: string, place: Place): Group => {
    let group = groups.get(name);
    if (group === undefined) {
      group = { name, place, children: new Set(), parents: new Set(), hosts: new Set(), variables: [] };
      groups.set(name, group);
    }
    return group;
  };

  /** A section's entries; Ansible takes a lone name too. */
  const entries = (
    body: Record<string, unknown>,
    section: string,
    group: string,
  ): [string, unknown, Place][] => {
    const value = body[section];
    const place = placeOf(body, section) ?? start;
    if (value === null || value === undefined) return [];
    if (typeof value === 'string' && section !== 'vars') return [[value, null, place]];
    if (isMapping(value))
      return Object.entries(value).map(([key, item]) => [key, item, keyPlaceOf(value, key) ?? place]);
    const hint = section === 'vars' ? 'name: value' : 'a name with a colon on each line, without a dash';
    mistake(place, `${section} of group ${group} must be a mapping, not a ${kindOf(value)}`, `write ${hint}`);
    return [];
  };

  const addHost = (group: Group, written: string, value: unknown, place: Place): void => {
    const { name, port } = splitPort(written);
    const names = expandRange(name);
    const bad = names?.find((each) => /\s|^$/.test(each));
    if (names === undefined) {
      mistake(place, `${written} is no valid host range`, 'for example web[01:03] or db-[a:c]');
    } else if (bad !== undefined) {
      mistake(place, `${JSON.stringify(bad)} is no host name`);
    } else if (value !== null && !isMapping(value)) {
      mistake(place, `variables of host ${written} must be a mapping, not a ${kindOf(value)}`);
    } else {
      for (const each of names) {
        const host = hosts.get(each) ?? { name: each, place, variables: [], bare: true };
        hosts.set(each, host);
        group.hosts.add(each);
        if (port !== undefined) host.variables.push({ ansible_port: port });
        if (value !== null) host.variables.push(value);
        if (value !== null || names.length > 1 || port !== undefined) host.bare = false;
      }
    }
  };

  const addGroup = (name: string, body: unknown, place: Place): Group => {
    const group = groupNamed(name, place);
    if (body === null) return group;
    if (!isMapping(body)) {
      mistake(place, `group ${name} must be a mapping with hosts, children or vars, not a ${kindOf(body)}`);
      return group;
    }
    for (const key of Object.keys(body)) {
      if (sections.includes(key)) continue;
      const hint =
        didYouMean(key, sections) ?? `groups inside ${name} belong under its children, hosts under its hosts`;
      mistake(keyPlaceOf(body, key), `group ${name} has no key ${key}: only hosts, children and vars`, hint);
    }
    if (isMapping(body.vars)) group.variables.push(body.vars);
    else entries(body, 'vars', name);
    for (const [host, value, at] of entries(body, 'hosts', name)) addHost(group, host, value, at);
    for (const [child, value, at] of entries(body, 'children', name)) {
      const other = addGroup(child, value, at);
      if (child === 'all') mistake(at, 'all cannot be inside another group');
      else if (reaches(groups, other, name))
        mistake(at, `group ${child} contains ${name}, which contains it`);
      else {
        group.children.add(child);
        other.parents.add(name);
      }
    }
    return group;
  };

  groupNamed('all', start);
  for (const [name, body] of Object.entries(root)) addGroup(name, body, keyPlaceOf(root, name) ?? start);
  return { groups, hosts };
}

function reaches(groups: Map<string, Group>, from: Group, name: string): boolean {
  return (
    from.name === name ||
    [...from.children].some((child) => reaches(groups, groups.get(child) as Group, name))
  );
}

/** `host:2222` and `[::1]:2222`; an address with several colons has no port. */
function splitPort(written: string): { name: string; port?: number } {
  const found = /^([^:]*(?:\[[^\]]*\][^:]*)*):(\d+)$/.exec(written);
  return found === null ? { name: written } : { name: found[1] as string, port: Number(found[2]) };
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'list';
  if (isMapping(value)) return 'mapping';
  return typeof value === 'object' ? 'string' : typeof value;
}
