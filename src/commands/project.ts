import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { ProjectError, TaskFailure } from '../errors.ts';
import type { Inventory, Layer } from '../inventory/contract.ts';
import { isMapping } from '../inventory/layers.ts';
import { loadInventory } from '../inventory/load.ts';
import { selectLimited } from '../inventory/patterns.ts';
import { loadModule, moduleNames } from '../modules/registry.ts';
import { parseText, UnbalancedText } from '../playbook/arguments.ts';
import type { Playbook } from '../playbook/contract.ts';
import { rawParameter } from '../playbook/keywords.ts';
import { readProject } from '../playbook/project.ts';
import { selectTasks, unknownTags } from '../playbook/tags.ts';
import { didYouMeanFile } from '../problems.ts';
import { parseYaml, readYamlFile } from '../yaml/located.ts';
import { terminal } from './ask.ts';
import { configured, configuredPlaybook, needsInventory } from './configured.ts';
import { connectionProblems } from './fleet.ts';
import type { RunOptions } from './options.ts';
import { readPasswords } from './passwords.ts';
import { unlock } from './unlock.ts';

/** Everything that was read and checked before any host is contacted. */
export interface Project {
  readonly inventory: Inventory;
  readonly playbook: Playbook;
  readonly extra: Layer;
  /** Names of the hosts that --limit leaves. */
  readonly limited: ReadonlySet<string>;
  readonly warnings: ProjectError['problems'];
  readonly configuration: Configuration;
}

export type ProjectOptions = Pick<
  RunOptions,
  | 'inventory'
  | 'playbook'
  | 'limit'
  | 'tags'
  | 'skipTags'
  | 'extraVars'
  | 'vault'
  | 'passwords'
  | 'configuration'
>;

/**
 * Reads and checks inventory, playbook, roles and templates.
 * @throws ProjectError with every mistake at once
 */
export async function loadProject(given: ProjectOptions): Promise<Project> {
  const options = configured(given);
  const { configuration } = options;
  needsInventory(options);
  await readSecrets(options);
  const file = playbookFile(options);
  const extra: Layer = { origin: 'extra vars (-e)', values: extraVariables(options.extraVars) };
  const read = await readProject({
    inventory: options.inventory,
    playbook: file,
    extraVars: extra.values,
    registry: { moduleNames, loadModule },
    rolesPath: configuration.rolesPath,
    collectionsPath: configuration.collectionsPath,
    problems: configuration.problems,
  });
  const { inventory } = read;
  const misspelt = unknownTags(read.playbook, options);
  if (misspelt.length > 0) throw new ProjectError(misspelt);
  const project: Project = {
    inventory,
    playbook: selectTasks(configuredPlaybook(read.playbook, configuration), options),
    extra,
    limited: limitedHosts(options, inventory),
    warnings: read.problems,
    configuration,
  };
  const unreachable = connectionProblems(project, options);
  if (unreachable.length > 0) throw new ProjectError(unreachable);
  return project;
}

/** The passwords of vaults and of hosts. One that cannot be had is a mistake like any other: no host is contacted. */
async function readSecrets({
  vault,
  passwords,
  configuration,
}: ReturnType<typeof configured>): Promise<void> {
  try {
    await unlock(vault, configuration);
    await readPasswords(passwords, configuration, terminal);
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    throw new ProjectError([{ message: error.message, hint: error.hint, severity: 'error' }]);
  }
}

/**
 * Reads an inventory without a playbook. Files beside the site's own playbook count where there is one, as
 * group_vars/ do there. @throws ProjectError with every mistake at once
 */
export async function loadInventoryOnly(given: ProjectOptions): Promise<Project> {
  const options = configured(given);
  const { configuration } = options;
  needsInventory(options);
  if (configuration.problems.some(({ severity }) => severity === 'error'))
    throw new ProjectError(configuration.problems);
  await readSecrets(options);
  const extra: Layer = { origin: 'extra vars (-e)', values: extraVariables(options.extraVars) };
  const file = standardPlaybooks(options.inventory).find((path) => existsSync(path)) ?? resolve('playbook');
  const inventory = loadInventory(options.inventory, { playbookDirectory: dirname(file) });
  return {
    inventory,
    playbook: { file, plays: [] },
    extra,
    limited: limitedHosts(options, inventory),
    warnings: [...configuration.problems, ...(inventory.warnings ?? [])],
    configuration,
  };
}

/** @throws ProjectError when nobody is left, as in Ansible */
function limitedHosts({ limit }: ProjectOptions, inventory: Inventory): Set<string> {
  const hosts = new Set(limit === undefined ? inventory.hosts.keys() : selectLimited(limit, inventory));
  if (limit !== undefined && hosts.size === 0)
    throw mistake(
      `--limit ${limit} leaves no host of the inventory`,
      'a:&b means the hosts of both, a:!b those of a without those of b',
    );
  return hosts;
}

/** Where the playbook is when none is named: here, beside the inventory, or beside the inventory's folder. */
export function standardPlaybooks(inventory: string | readonly string[], here = '.'): string[] {
  const [source = ''] = [inventory].flat();
  const beside = resolve(dirname(source));
  const folders = [join(here, 'playbooks'), here, beside, join(beside, '../playbooks'), join(beside, '..')];
  const files = folders.flatMap((folder) => [resolve(folder, 'site.yaml'), resolve(folder, 'site.yml')]);
  return [...new Set(files)];
}

function playbookFile(options: ProjectOptions): string {
  if (options.playbook) {
    if (existsSync(options.playbook)) return resolve(options.playbook);
    throw mistake(`there is no playbook ${options.playbook}`, didYouMeanFile(options.playbook));
  }
  const found = standardPlaybooks(options.inventory).find((path) => existsSync(path));
  if (found) return found;
  throw mistake(
    'there is no playbook site.yaml or site.yml: not here, not in playbooks/, and not beside the inventory',
    'name one with --playbook FILE, or start a site of your own with foobar init DIR',
  );
}

/** `-e`: `name=value ...`, a JSON or YAML mapping, or `@file`; later ones win. */
export function extraVariables(given: readonly string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const text of given) {
    if (/^[/.]/.test(text))
      throw mistake(`-e ${text}: a file needs an @ before its name`, `write -e @${text}`);
    const values = text.startsWith('@')
      ? readYamlFile(text.slice(1))
      : /^[[{]/.test(text)
        ? parseYaml(text, '-e')
        : pairs(text);
    if (!isMapping(values)) throw wrong(text);
    Object.assign(result, values);
  }
  return result;
}

function pairs(text: string): Record<string, unknown> {
  const { args } = read(text);
  if (rawParameter in args || Object.keys(args).length === 0) throw wrong(text);
  return args;
}

function read(text: string): ReturnType<typeof parseText> {
  try {
    return parseText(text);
  } catch (error) {
    if (error instanceof UnbalancedText) throw mistake(`-e ${text}: a quote or brace is not closed`);
    throw error;
  }
}

function wrong(text: string): ProjectError {
  return mistake(
    `-e ${text}: not name=value, a mapping or @file`,
    'quote values with blanks: -e \'name="a b"\'',
  );
}

function mistake(message: string, hint?: string): ProjectError {
  return new ProjectError([{ message, hint, severity: 'error' }]);
}
