import { type Place, ProjectError } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import type { Inventory } from './contract.ts';

/**
 * The hosts that an Ansible pattern selects, in the inventory's order: names, groups, `*` and `?`, `~regex`,
 * `web[0]`, `web[1:3]` (both ends included), `a:b` or `a,b` (union), `a:&b`, `a:!b`.
 * Throws ProjectError for a name that is neither a host nor a group.
 */
export function selectHosts(pattern: string, inventory: Inventory, place?: Place): string[] {
  const parts = splitPattern(pattern);
  const empty = parts.find((part) => /^[!&]\s*$/.test(part));
  if (empty !== undefined)
    throw new ProjectError([
      { message: `the host pattern ${pattern} says nothing after ${empty}`, place, severity: 'error' },
    ]);
  const plain = parts.filter((part) => !/^[!&]/.test(part));
  let selected = new Set<string>();
  for (const part of plain.length > 0 ? plain : ['all'])
    for (const host of matching(part, inventory, place)) selected.add(host);
  for (const part of parts.filter((each) => each.startsWith('&'))) {
    const both = new Set(matching(part.slice(1), inventory, place));
    selected = new Set([...selected].filter((host) => both.has(host)));
  }
  for (const part of parts.filter((each) => each.startsWith('!')))
    for (const host of matching(part.slice(1), inventory, place)) selected.delete(host);
  return [...selected];
}

/** Commas split; without any, colons do, but not those inside brackets or of an IPv6 address. */
export function splitPattern(pattern: string): string[] {
  const text = pattern.trim();
  const parts: string[] = [];
  if (text.includes(',')) parts.push(...text.split(/,(?![^[]*\])/));
  else if (/^[0-9a-f]*:[0-9a-f:]*:[0-9a-f.]*$/i.test(text)) parts.push(text);
  else parts.push(...text.split(/:(?![^[]*\])/));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

const subscript = /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/;

function matching(pattern: string, inventory: Inventory, place: Place | undefined): readonly string[] {
  if (pattern.startsWith('~')) return byTest(expression(pattern.slice(1), place), inventory);
  const exact = named(pattern, inventory);
  if (exact !== undefined) return exact;
  const found = subscript.exec(pattern);
  if (found !== null) {
    const hosts = matching(found[1] as string, inventory, place);
    if (found[2] !== undefined) return hosts.slice(Number(found[2])).slice(0, 1);
    return hosts.slice(Number(found[3]), found[4] === '' ? undefined : Number(found[4]) + 1);
  }
  if (/[*?[]/.test(pattern)) return byTest(wildcard(pattern), inventory);
  const names = [...inventory.groups.keys(), ...inventory.hosts.keys()];
  const hint =
    didYouMean(pattern, names) ?? `the inventory has the groups ${[...inventory.groups.keys()].join(', ')}`;
  const local =
    pattern === 'localhost' ? 'add it to the inventory with ansible_connection: local' : undefined;
  throw new ProjectError([
    { message: `no host or group is named ${pattern}`, place, hint: local ?? hint, severity: 'error' },
  ]);
}

function named(name: string, inventory: Inventory): readonly string[] | undefined {
  if (name === '*') return inventory.groups.get('all');
  return inventory.groups.get(name) ?? (inventory.hosts.has(name) ? [name] : undefined);
}

/** Hosts of every group whose name passes, then hosts whose own name does: a group wins as in Ansible. */
function byTest(test: RegExp, inventory: Inventory): string[] {
  const groups = [...inventory.groups].filter(([name]) => test.test(name)).flatMap(([, hosts]) => hosts);
  const hosts = [...inventory.hosts.keys()].filter((name) => test.test(name));
  return [...new Set([...groups, ...hosts])];
}

function wildcard(pattern: string): RegExp {
  const parts = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${parts.replaceAll('[!', '[^')}$`);
}

function expression(text: string, place: Place | undefined): RegExp {
  try {
    return new RegExp(`^(?:${text})`);
  } catch (error) {
    const message = `~${text} is no valid regular expression: ${(error as Error).message}`;
    throw new ProjectError([{ message, place, severity: 'error' }]);
  }
}
