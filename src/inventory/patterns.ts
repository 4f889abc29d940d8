import { readFileSync, statSync } from 'node:fs';
import { type Place, ProjectError } from '../errors.ts';
import { didYouMean, didYouMeanFile } from '../problems.ts';
import { parseAddress } from './address.ts';
import type { Inventory } from './contract.ts';
import { localhostNames } from './data.ts';
import { fromGlob, fromPython } from './glob.ts';

/** What a pattern is looked up in. */
type Names = Pick<Inventory, 'groups' | 'hosts' | 'localhost'>;

/**
 * The hosts that an Ansible pattern (or a list of them) selects, in Ansible's order: names, groups, `*`, `?` and
 * `[abc]`, `~regex`, `web[0]`, `web[1:3]` (both ends included), `a:b` or `a,b` (union), `a:&b`, `a:!b`. First all
 * unions count, then intersections, then exclusions.
 * @throws ProjectError for a name that is neither a host nor a group, and for a number that no host has
 */
export function selectHosts(
  pattern: string | readonly string[],
  inventory: Names,
  place?: Place | undefined,
): string[] {
  const parts = (typeof pattern === 'string' ? [pattern] : pattern).flatMap(splitPattern);
  return select(
    parts.map((text) => ({ text, place })),
    String(pattern),
    inventory,
  );
}

/**
 * As selectHosts, but a name that neither a host nor a group has selects nothing: for a run, whose tasks may add it
 * later, once a check has found what can only be a mistake.
 */
export function selectPresent(pattern: string | readonly string[], inventory: Names): string[] {
  const { groups, hosts, localhost } = inventory;
  const parts = (typeof pattern === 'string' ? [pattern] : pattern).flatMap(splitPattern);
  const names = parts.map((part) => part.replace(/^[!&]/, '').replace(subscript, '$1'));
  const absent = names.filter(
    (name) => !/^~|[?*[]/.test(name) && !groups.has(name) && !localhostNames.includes(name),
  );
  const known = new Map([
    ...absent.filter((name) => !hosts.has(name)).map((name) => [name, []] as const),
    ...groups,
  ]);
  return selectHosts(pattern, { hosts, groups: known, ...(localhost !== undefined && { localhost }) });
}

/**
 * The hosts that `--limit` leaves. Besides patterns it takes `@file`, one pattern a line.
 * @throws ProjectError as selectHosts does, and when there is no such file
 */
export function selectLimited(limit: string, inventory: Names): string[] {
  const parts = splitPattern(limit).flatMap((text) =>
    text.startsWith('@') ? linesOf(text.slice(1)) : [{ text, place: undefined }],
  );
  return select(parts, limit, inventory);
}

interface Part {
  readonly text: string;
  readonly place: Place | undefined;
}

function select(parts: readonly Part[], whole: string, inventory: Names): string[] {
  const empty = parts.find(({ text }) => /^[!&]\s*$/.test(text));
  if (empty !== undefined)
    throw problem(`the host pattern ${whole} says nothing after ${empty.text}`, empty.place);
  const plain = parts.filter(({ text }) => !/^[!&]/.test(text));
  let selected = new Set<string>();
  for (const part of plain.length > 0 ? plain : [{ text: 'all', place: undefined }]) {
    // As in Ansible a host counts before a group of the same name, but not behind a sign.
    const hosts = inventory.hosts.has(part.text) ? [part.text] : matching(part, inventory);
    for (const host of hosts) selected.add(host);
  }
  const signed = (sign: string) =>
    parts.filter(({ text }) => text.startsWith(sign)).map((part) => ({ ...part, text: part.text.slice(1) }));
  for (const part of signed('&')) {
    const both = new Set(matching(part, inventory));
    selected = new Set([...selected].filter((host) => both.has(host)));
  }
  for (const part of signed('!')) for (const host of matching(part, inventory)) selected.delete(host);
  return [...selected];
}

/** Commas split; without any, colons do, but not those inside brackets or of one address. */
export function splitPattern(pattern: string): string[] {
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : parseAddress(pattern, { ranges: true }) !== undefined
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function linesOf(file: string): Part[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined)
    throw problem(`there is no file ${file} to limit to`, undefined, didYouMeanFile(file));
  if (stat.isDirectory()) throw problem(`${file}, to limit to, is a folder`, undefined, 'name a file');
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line, index) => ({ text: line.trim(), place: { file, line: index + 1, column: 1 } }))
    .filter(({ text }) => text !== '');
}

const subscript = /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/s;

function matching({ text, place }: Part, inventory: Names): readonly string[] {
  const found = text.startsWith('~') ? null : subscript.exec(text);
  if (found === null) return named(text, inventory, place);
  const hosts = named(found[1] as string, inventory, place);
  if (hosts.length === 0) return hosts;
  if (found[2] === undefined && found[4] !== '0')
    return hosts.slice(Number(found[3]), found[4] === '' ? undefined : Number(found[4]) + 1);
  const host = hosts.at(Number(found[2] ?? found[3]));
  if (host !== undefined) return [host];
  const count = hosts.length === 1 ? 'only 1 host' : `only ${hosts.length} hosts`;
  throw problem(`no host is ${text}: ${found[1]} has ${count}`, place, 'numbers start with 0');
}

/** The hosts of each group whose name fits; with wildcards in it, or when no group's does, also hosts by name. */
function named(pattern: string, inventory: Names, place: Place | undefined): readonly string[] {
  const test = tester(pattern, place);
  const groups =
    test === undefined
      ? [inventory.groups.get(pattern)].filter((hosts) => hosts !== undefined)
      : [...inventory.groups].filter(([name]) => test.test(name)).map(([, hosts]) => hosts);
  const hosts: string[] = groups.flat();
  if (groups.length === 0 || /^~|[.?*[]/.test(pattern)) {
    if (test !== undefined) hosts.push(...[...inventory.hosts.keys()].filter((name) => test.test(name)));
    else if (inventory.hosts.has(pattern)) hosts.push(pattern);
  }
  if (hosts.length > 0 || groups.length > 0) return hosts;
  const local = localhostNames.includes(pattern) ? localhost(inventory) : undefined;
  if (local !== undefined) return [local];
  if (test !== undefined) return [];
  const names = [...inventory.groups.keys(), ...inventory.hosts.keys()];
  throw problem(
    `no host or group is named ${pattern}`,
    place,
    didYouMean(pattern, names) ?? `the inventory has the groups ${[...inventory.groups.keys()].join(', ')}`,
  );
}

/** Undefined for a plain name. */
function tester(pattern: string, place: Place | undefined): RegExp | undefined {
  if (!pattern.startsWith('~')) return /[?*[]/.test(pattern) ? fromGlob(pattern) : undefined;
  try {
    return fromPython(pattern.slice(1));
  } catch (error) {
    throw problem(`${pattern} is no valid regular expression: ${(error as Error).message}`, place);
  }
}

function localhost(inventory: Names): string | undefined {
  return inventory.localhost?.name ?? localhostNames.find((name) => inventory.hosts.has(name));
}

function problem(message: string, place: Place | undefined, hint?: string): ProjectError {
  return new ProjectError([{ message, place, hint, severity: 'error' }]);
}
