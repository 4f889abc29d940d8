import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import type { Inventory, InventoryHost } from '../../src/inventory/contract.ts';
import { addHost, addToGroups } from '../../src/inventory/grow.ts';
import { literalValue } from '../../src/inventory/literal.ts';
import { loadInventory, refreshInventory } from '../../src/inventory/load.ts';
import { selectHosts, selectLimited } from '../../src/inventory/patterns.ts';
import { expandHosts } from '../../src/inventory/ranges.ts';
import { splitWords } from '../../src/inventory/words.ts';
import { Float } from '../../src/yaml/float.ts';
import { readYamlFile } from '../../src/yaml/located.ts';

/** What test/inventory/recorded/record.py had ansible-core answer. */
const recorded = new URL('recorded/', import.meta.url).pathname;
const cases = readYamlFile(join(recorded, 'cases.yaml')) as Cases;
const answers = JSON.parse(readFileSync(join(recorded, 'answers.json'), 'utf8')) as Answers;

type Answer<T> = { readonly value: T; readonly error?: undefined } | { readonly error: string };

interface Files {
  readonly sources: readonly string[];
  readonly files: Record<string, string>;
  readonly executable?: readonly string[];
  readonly links?: Record<string, string>;
  readonly playbooks?: string;
}

interface InventoryCase extends Files {
  readonly stricter?: string;
  readonly localhost?: boolean;
  readonly refresh?: boolean;
  readonly grow?: readonly Growth[];
}

interface Growth {
  readonly host?: string;
  readonly groups?: readonly string[];
  readonly variables?: Record<string, unknown>;
  readonly of?: string;
  readonly group?: string;
  readonly parents?: readonly string[];
}

interface Cases {
  readonly patterns: Record<string, Files & { patterns: string[]; limits?: string[] }>;
  readonly inventories: Record<string, InventoryCase>;
}

interface Answers {
  readonly inventories: Record<string, Answer<unknown>>;
  readonly patterns: Record<
    string,
    { patterns: Record<string, Answer<string[]>>; limits: Record<string, Answer<string[]>> }
  >;
  readonly literals: Record<string, Answer<unknown>>;
  readonly lines: Record<string, Answer<string[]>>;
  readonly names: Record<string, Answer<[string[], number | null]>>;
}

const place = { file: 'task.yaml', line: 1, column: 1 };

function write(files: Files): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'inventory-')));
  for (const [name, text] of Object.entries(files.files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text ?? '');
  }
  for (const name of files.executable ?? []) chmodSync(join(root, name), 0o755);
  for (const [name, target] of Object.entries(files.links ?? {})) symlinkSync(target, join(root, name));
  return root;
}

function load(root: string, files: Files): Inventory {
  const sources = files.sources.map((source) => (source.includes(',') ? source : join(root, source)));
  return loadInventory(sources, { playbookDirectory: join(root, files.playbooks ?? 'playbooks') });
}

function grow(inventory: Inventory, change: Growth): Inventory {
  if (change.host === undefined)
    return addToGroups(inventory, change.of ?? '', [change.group ?? ''], change.parents);
  const { host: name, groups = [], variables = {} } = change;
  return addHost(inventory, { name, groups, variables, place });
}

function variables(host: InventoryHost, root: string): unknown {
  const values = Object.assign({}, ...host.layers.map((layer) => layer.values));
  values.group_names = host.groups;
  return JSON.parse(JSON.stringify(values).replaceAll(root, 'ROOT'));
}

describe('inventories', () => {
  it.each(Object.entries(cases.inventories))('%s', (name, files) => {
    const root = write(files);
    const answer = answers.inventories[name] as Answer<unknown>;
    if (answer.error !== undefined || files.stricter !== undefined) {
      expect(() => load(root, files)).toThrow(ProjectError);
      return;
    }
    let inventory = (files.grow ?? []).reduce(grow, load(root, files));
    if (files.refresh) inventory = refreshInventory(inventory);
    const asked = [...inventory.hosts.values()];
    if (files.localhost && inventory.localhost !== undefined) asked.push(inventory.localhost);
    expect({
      groups: Object.fromEntries(inventory.groups),
      hosts: [...inventory.hosts.keys()],
      variables: Object.fromEntries(asked.map((host) => [host.name, variables(host, root)])),
    }).toEqual(answer.value);
    expect([...inventory.groups.keys()]).toEqual(Object.keys((answer.value as { groups: object }).groups));
  });
});

describe.each(Object.entries(cases.patterns))('patterns over %s', (name, files) => {
  const root = write(files);
  const inventory = load(root, files);
  const known = answers.patterns[name] as Answers['patterns'][string];

  it.each(files.patterns)('%s', (pattern) =>
    same(known.patterns[pattern], () => selectHosts(pattern, inventory)),
  );

  it.each(files.limits ?? [])('--limit %s', (limit) =>
    same(known.limits[limit], () =>
      selectLimited(limit.replace('@', `@${root}/`), inventory).filter((host) => inventory.hosts.has(host)),
    ),
  );
});

/** Where Ansible only warns that a plain name is none, foobar refuses. */
function same(answer: Answer<string[]> | undefined, select: () => string[]): void {
  let selected: string[] | undefined;
  try {
    selected = select();
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    const named = /^no host or group is named |says nothing after/.test(error.message);
    if (!named) expect(answer?.error).toBeDefined();
    else expect(answer?.error === undefined && answer?.value.length === 0).toBe(true);
    return;
  }
  // The implicit localhost has one name here.
  const local = (host: string) => (host === '127.0.0.1' || host === '::1' ? 'localhost' : host);
  expect(selected).toEqual(answer?.error ?? answer?.value.map(local));
}

const unfloated = (value: unknown) => (value instanceof Float ? value.value : value);

describe('values in INI', () =>
  it.each(Object.entries(answers.literals))('%j', (text, answer) => {
    // Digits that a number would lose stay text.
    if (/^-?\d{17,}$/.test(text)) expect(literalValue(text)).toBe(text);
    // The record, which is JSON, does not tell 8.0 from 8.
    else expect(unfloated(literalValue(text))).toEqual(answer.error === undefined ? answer.value : text);
  }));

describe('lines in INI', () =>
  it.each(Object.entries(answers.lines))('%j', (text, answer) => {
    const split = () => splitWords(text).map((word) => word.text);
    if (answer.error === undefined) expect(split()).toEqual(answer.value);
    else expect(split).toThrow();
  }));

describe('names of hosts', () =>
  it.each(Object.entries(answers.names))('%s', (text, answer) => {
    const expanded = expandHosts(text);
    if (answer.error !== undefined) expect(expanded).toBeUndefined();
    // A range without any host is refused.
    else if (answer.value[0].length === 0) expect(expanded).toBeUndefined();
    else expect([expanded?.names, expanded?.port ?? null]).toEqual(answer.value);
  }));
