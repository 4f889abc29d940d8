import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { type Place, type Problem, ProjectError } from '../errors.ts';
import { didYouMeanFile, shownPath } from '../problems.ts';
import { parseYaml, placeOf } from '../yaml/located.ts';
import { parseAddress } from './address.ts';
import type { InventoryData, Source } from './data.ts';
import { kindOf, readGroups } from './groups.ts';
import { readIni } from './ini.ts';
import { isMapping } from './layers.ts';
import { isProgram, readProgram } from './script.ts';

/** What a folder of sources may hold besides sources: Ansible's defaults. */
const ignored =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.cfg|\.retry)$/;

/** The path of a source as Ansible finds it (`~` and $VARIABLES); a list of hosts as it is. */
export function sourcePath(source: string): string {
  if (isHostList(source)) return source;
  const home = source.replace(/^~(?=\/|$)/, homedir());
  return resolve(
    home.replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, plain, braced) => process.env[plain ?? braced] ?? all),
  );
}

/** `host1,host2,`: a comma, and no file of that name. */
export function isHostList(source: string): boolean {
  return source.includes(',') && statSync(source, { throwIfNoEntry: false }) === undefined;
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Adds what one source names; what is wrong with it is added to `problems`. */
export function readSource(path: string, data: InventoryData, problems: Problem[]): void {
  if (isHostList(path)) readHostList(path, data);
  else if (isDirectory(path)) {
    for (const entry of readdirSync(path).sort())
      if (!ignored.test(entry)) readSource(join(path, entry), data, problems);
  } else {
    try {
      readFile({ name: path, directory: dirname(path) }, data, problems);
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      problems.push(...error.problems);
    }
  }
}

/** Asks Ansible's plugins in their order: script, auto, yaml, ini, toml. */
function readFile(source: Source, data: InventoryData, problems: Problem[]): void {
  const { name } = source;
  const text = textOf(name);
  if (isProgram(name)) {
    readProgram(source, data, problems);
    return;
  }
  const kind = extname(name);
  if (kind === '.toml')
    throw mistake(name, "Ansible's TOML inventories are not supported", 'write it in YAML: all: hosts: ...');
  const yaml = ['', '.yaml', '.yml', '.json'].includes(kind) ? yamlRoot(text, name, kind) : undefined;
  if (yaml === undefined) readIni(text, source, data, problems);
  else readGroups(yaml, source, data, problems);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const shown = shownPath(path);
    const message = `cannot read ${shown}: ${missing ? 'no such file' : (error as Error).message}`;
    const hint = missing ? didYouMeanFile(shown) : undefined;
    throw new ProjectError([{ message, hint, severity: 'error' }]);
  }
}

/** Undefined when the file is INI: Ansible reads as INI whatever is no mapping in YAML. */
function yamlRoot(text: string, path: string, kind: string): Record<string, unknown> | undefined {
  let root: unknown;
  try {
    root = parseYaml(text, path);
  } catch (error) {
    if (error instanceof ProjectError && looksLikeIni(text)) return undefined;
    throw error;
  }
  if (isMapping(root)) {
    if (root.plugin)
      throw mistake(
        path,
        `Ansible's inventory plugins (${root.plugin}) are not supported`,
        'a program that prints JSON, or groups in YAML or INI, can take its place',
        placeOf(root, 'plugin'),
      );
    return root;
  }
  const plain = (value: unknown) => value === null || typeof value !== 'object';
  if (plain(root) || (Array.isArray(root) && root.every(plain) && looksLikeIni(text))) return undefined;
  const hint = kind === '' ? undefined : 'it starts with all: hosts: ...';
  throw mistake(path, `an inventory is a mapping of groups, not a ${kindOf(root)}`, hint);
}

function looksLikeIni(text: string): boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !/^[#;]/.test(line)) ?? '';
  return /^\[[^\]\s]+\]\s*(?:#.*)?$/.test(first) || /^[\w.[\]:-]+(\s+\w+=|$)/.test(first);
}

function readHostList(list: string, data: InventoryData): void {
  let at = 0;
  for (const part of list.split(',')) {
    const place: Place = { file: list, line: 1, column: at + part.length - part.trimStart().length + 1 };
    at += part.length + 1;
    const text = part.trim();
    if (text === '') continue;
    const { host, port } = parseAddress(text, { ranges: false }) ?? { host: text };
    const source: Source = { name: list, directory: undefined };
    if (!data.hosts.has(host)) data.addHost(host, { place, source, group: 'ungrouped', port });
  }
}

function mistake(file: string, message: string, hint?: string, place?: Place): ProjectError {
  return new ProjectError([
    { message, place: place ?? { file, line: 1, column: 1 }, hint, severity: 'error' },
  ]);
}
