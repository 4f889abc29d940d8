import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { type Place, type Problem, ProjectError, TaskFailure } from '../errors.ts';
import { shownPath } from '../problems.ts';
import { derived, Unsafe, Vaulted } from '../yaml/located.ts';
import type { InventoryData, Source } from './data.ts';
import { kindOf } from './groups.ts';
import { isMapping } from './layers.ts';

/** Whether Ansible runs the file: its executable bit is set for us, and the system can start it. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return false;
  }
  const start = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  return start.toString('latin1', 0, 2) === '#!' || start.toString('latin1') === '\x7fELF';
}

/**
 * Adds what a dynamic inventory prints: `--list` is asked once, and `--host NAME` for each host when the answer has no
 * `_meta` with `hostvars`. What it says on standard error becomes a warning.
 * @throws ProjectError when it fails or prints something else
 */
export function readProgram(source: Source, data: InventoryData, problems: Problem[]): void {
  const place: Place = { file: source.name, line: 1, column: 1 };
  const refuse: (message: string, hint?: string) => never = (message, hint) => {
    throw new ProjectError([{ message, place, hint, severity: 'error' }]);
  };
  const ask = (...options: readonly [string, ...string[]]): unknown => {
    const command = [shownPath(source.name), ...options].join(' ');
    const { error, status, signal, stdout, stderr } = spawnSync(source.name, options, {
      encoding: 'utf8',
      stdio: ['inherit', 'pipe', 'pipe'],
      maxBuffer: 1024 ** 3,
    });
    const said = stderr?.trim();
    if (error) refuse(`${command} cannot be run: ${error.message}`);
    if (status !== 0)
      refuse(
        `${command} ended with ${signal ?? `exit code ${status}`}${said ? `: ${lastLines(said)}` : ''}`,
        'run it by hand to see more',
      );
    if (said) problems.push({ message: `${command} says: ${lastLines(said)}`, place, severity: 'warning' });
    if (options[0] === '--host' && stdout.trim() === '') return {};
    try {
      return plain(JSON.parse(stdout), place);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      refuse(`${command} prints no JSON: ${whatIsWrong(cause, stdout)}`);
    }
  };

  const list = ask('--list');
  if (!isMapping(list)) refuse(`--list prints a ${kindOf(list)}, not a mapping of groups`);
  const meta = list._meta;
  if (meta !== undefined && !isMapping(meta)) refuse(`_meta is a ${kindOf(meta)}, not a mapping`);
  const hostvars = meta?.hostvars;
  if (meta !== undefined && !isMapping(hostvars))
    refuse(`_meta.hostvars is a ${kindOf(hostvars)}, not a mapping`);

  const hosts = new Set<string>();
  for (const [name, body] of Object.entries(list)) {
    if (name === '_meta') continue;
    try {
      for (const host of addGroup(name, body, { source, data, place })) hosts.add(host);
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      problems.push({ message: error.message, place, hint: error.hint, severity: 'error' });
    }
  }
  for (const host of hosts) {
    const values = isMapping(hostvars) ? (hostvars[host] ?? {}) : ask('--host', host);
    if (!isMapping(values)) refuse(`the variables of host ${host} are a ${kindOf(values)}, not a mapping`);
    if (Object.keys(values).length > 0) data.set(host, { origin: `inventory host ${host}`, values });
  }
}

interface Reading {
  readonly source: Source;
  readonly data: InventoryData;
  readonly place: Place;
}

/** Gives the hosts that the group names. */
function addGroup(name: string, body: unknown, { source, data, place }: Reading): string[] {
  data.addGroup(name, place);
  let group: Record<string, unknown>;
  if (!isMapping(body)) group = { hosts: body };
  else if (!['hosts', 'vars', 'children'].some((key) => key in body)) group = { hosts: [name], vars: body };
  else group = body;
  const { hosts = [], vars = {}, children = [] } = group;
  if (!isNames(hosts)) throw new TaskFailure(`hosts of group ${name} must be a list of names`);
  if (!isMapping(vars))
    throw new TaskFailure(`vars of group ${name} must be a mapping, not a ${kindOf(vars)}`);
  if (!isNames(children)) throw new TaskFailure(`children of group ${name} must be a list of names`);
  for (const host of hosts) data.addHost(host, { place, source, group: name }).bare = false;
  if (Object.keys(vars).length > 0) data.set(name, { origin: `inventory group ${name}`, values: vars });
  for (const child of children) {
    data.addGroup(child, place);
    if (child === 'all') throw new TaskFailure('all cannot be inside another group');
    data.addChild(name, child);
  }
  return hosts;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
}

/**
 * Ansible's JSON: `__ansible_unsafe` marks a text in which no template is rendered, `__ansible_vault` an encrypted one.
 * Mappings remember the program.
 */
function plain(value: unknown, place: Place): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, place));
  if (!isMapping(value)) return value;
  if (typeof value.__ansible_unsafe === 'string') return new Unsafe(value.__ansible_unsafe);
  if (typeof value.__ansible_vault === 'string') return new Vaulted(value.__ansible_vault, place);
  return derived(
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, place)])),
    place,
  );
}

function whatIsWrong(error: SyntaxError, text: string): string {
  if (text.trim() === '') return 'nothing at all';
  const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? Number.NaN);
  if (Number.isNaN(at)) return error.message;
  const before = text.slice(0, at).split('\n');
  const line = text.split('\n')[before.length - 1]?.slice(0, 100);
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} of its output: ${line}`;
}

function lastLines(text: string): string {
  return text.split('\n').slice(-5).join('\n');
}
