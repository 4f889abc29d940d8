import { type Place, type Problem, TaskFailure } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import type { InventoryData, Source } from './data.ts';
import { isMapping } from './layers.ts';
import { expandHosts } from './ranges.ts';

const sections = ['hosts', 'vars', 'children'];

/** Adds the groups and hosts of an inventory in YAML; what is wrong is added to `problems`. */
export function readGroups(
  root: Record<string, unknown>,
  source: Source,
  data: InventoryData,
  problems: Problem[],
): void {
  const start: Place = { file: source.name, line: 1, column: 1 };

  const mistake = (place: Place | undefined, message: string, hint?: string): void => {
    problems.push({ message, place: place ?? start, hint, severity: 'error' });
  };
  const attempt = (place: Place | undefined, change: () => void): void => {
    try {
      change();
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      mistake(place, error.message, error.hint);
    }
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

  const addHost = (group: string, written: string, value: unknown, place: Place): void => {
    const expanded = expandHosts(written);
    const bad = expanded?.names.find((each) => /\s|^$/.test(each));
    if (expanded === undefined) {
      mistake(place, `${written} is no valid host range`, 'for example web[01:03] or db-[a:c]');
    } else if (bad !== undefined) {
      mistake(place, `${JSON.stringify(bad)} is no host name`);
    } else if (value !== null && !isMapping(value)) {
      mistake(place, `variables of host ${written} must be a mapping, not a ${kindOf(value)}`);
    } else {
      const { names, port } = expanded;
      for (const each of names) {
        const host = data.addHost(each, { place, source, group, port });
        if (value !== null) data.set(each, { origin: `inventory host ${each}`, values: value });
        if (value !== null || names.length > 1 || port !== undefined) host.bare = false;
      }
    }
  };

  const addGroup = (name: string, body: unknown, place: Place): void => {
    data.addGroup(name, place);
    if (body === null) return;
    if (!isMapping(body)) {
      mistake(place, `group ${name} must be a mapping with hosts, children or vars, not a ${kindOf(body)}`);
      return;
    }
    for (const key of Object.keys(body)) {
      if (key === 'vars') {
        const { vars } = body;
        if (isMapping(vars))
          attempt(keyPlaceOf(vars, 'ansible_group_priority'), () =>
            data.set(name, { origin: `inventory group ${name}`, values: vars }),
          );
        else entries(body, 'vars', name);
      } else if (key === 'hosts') {
        for (const [host, value, at] of entries(body, 'hosts', name)) addHost(name, host, value, at);
      } else if (key === 'children') {
        for (const [child, value, at] of entries(body, 'children', name)) {
          addGroup(child, value, at);
          if (child === 'all') mistake(at, 'all cannot be inside another group');
          else attempt(at, () => data.addChild(name, child));
        }
      } else {
        const hint =
          didYouMean(key, sections) ??
          `groups inside ${name} belong under its children, hosts under its hosts`;
        mistake(
          keyPlaceOf(body, key),
          `group ${name} has no key ${key}: only hosts, children and vars`,
          hint,
        );
      }
    }
  };

  for (const [name, body] of Object.entries(root)) addGroup(name, body, keyPlaceOf(root, name) ?? start);
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'list';
  if (isMapping(value)) return 'mapping';
  return typeof value === 'object' ? 'string' : typeof value;
}
