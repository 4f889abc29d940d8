import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Place } from '../errors.ts';
import type { Layer } from '../inventory/contract.ts';
import { isMapping, VariableFolder } from '../inventory/layers.ts';
import { didYouMean, shownPath } from '../problems.ts';
import { keyPlaceOf, placeOf } from '../yaml/located.ts';
import { collectionFolder, qualified } from './collection-files.ts';
import type { Role } from './contract.ts';
import { keywordsOf } from './keywords.ts';
import type { Report } from './report.ts';

/** Where Ansible looks for roles besides the playbook's folder, unless it is configured otherwise. */
export const standardRolesPath: readonly string[] = [
  join(homedir(), '.ansible', 'roles'),
  '/usr/share/ansible/roles',
  '/etc/ansible/roles',
];

/** Folders that roles are looked for in. */
export interface RoleFolders {
  readonly playbook: string;
  /** Ansible's roles_path. */
  readonly path: readonly string[];
  /** Where collections are installed. */
  readonly collections: readonly string[];
}

/**
 * The folder of a role: in a collection, beside the playbook, in the roles path, or beside the role that asks for it.
 * Undefined when there is none, which is noted.
 * @param searched collections in which a short name is looked for first
 */
export function findRole(
  name: string,
  place: Place,
  { playbook, path, collections }: RoleFolders,
  asking: Role | undefined,
  searched: readonly string[],
  report: Report,
): Role | undefined {
  const inCollection = roleOfCollection(name, searched, collections);
  if (inCollection !== undefined) return inCollection;
  const beside = asking === undefined ? [] : [dirname(asking.directory)];
  const folders = [...new Set([join(playbook, 'roles'), ...path, ...beside, playbook])];
  const directory = folders.map((folder) => resolve(folder, name)).find(existsSync);
  if (directory !== undefined) return { name, directory };
  if (existsSync(resolve(name))) return { name: basename(name), directory: resolve(name) };
  const parts = qualified(name);
  if (parts !== undefined) {
    const folder = collectionFolder(parts.collection, collections);
    const meant = folder && didYouMean(parts.short, entriesOf(join(folder, 'roles')));
    const hint = folder ? meant : `looked in ${collections.map(shownFolder).join(', ')}`;
    const message = folder
      ? `collection ${parts.collection} has no role ${parts.short}`
      : `collection ${parts.collection} of role ${parts.short} is not installed`;
    report.mistake(place, message, hint);
    return undefined;
  }
  const meant = didYouMean(
    name,
    folders.filter((folder) => folder !== playbook).flatMap((folder) => entriesOf(folder)),
  );
  const looked = `looked in ${folders.map(shownFolder).join(', ')}`;
  report.mistake(place, `there is no role ${name}`, meant ?? looked);
  return undefined;
}

function roleOfCollection(
  name: string,
  searched: readonly string[],
  paths: readonly string[],
): Role | undefined {
  const parts = qualified(name);
  const wanted = parts ? [parts] : searched.map((collection) => ({ collection, short: name }));
  for (const { collection, short } of wanted) {
    const folder = collectionFolder(collection, paths);
    const directory = folder === undefined ? undefined : join(folder, 'roles', short);
    if (directory !== undefined && existsSync(directory))
      return { name: `${collection}.${short}`, directory, collection };
  }
  return undefined;
}

/** Relative to the working directory or to the home folder, when it lies inside. */
function shownFolder(folder: string): string {
  const shown = shownPath(folder);
  return shown.startsWith(`${homedir()}/`) ? `~${shown.slice(homedir().length)}` : shown;
}

function entriesOf(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
}

/** `main.yml` and its like in a folder of a role; a file that is asked for by name may have no ending. */
export function roleFile(
  role: Role,
  report: Report,
  folder: string,
  name = 'main',
  exact = name !== 'main',
): string | undefined {
  const asked = `${role.directory}\0${folder}\0${name}\0${exact}`;
  if (report.roleFiles.has(asked)) return report.roleFiles.get(asked);
  const endings = exact ? ['', '.yml', '.yaml', '.json'] : ['.yml', '.yaml', '.json', ''];
  const found = endings.map((ending) => join(role.directory, folder, name + ending)).find(existsSync);
  report.roleFiles.set(asked, found);
  return found;
}

const metaKeywords = ['allow_duplicates', 'dependencies', 'galaxy_info', 'argument_specs', 'collections'];

/** `meta/main.yml`. */
export function roleMeta(role: Role, report: Report): Record<string, unknown> {
  const file = roleFile(role, report, 'meta');
  const meta = file === undefined ? null : report.read(file);
  if (meta === null || meta === undefined) return {};
  if (!isMapping(meta)) {
    report.mistake(
      placeOf(meta) ?? { file: file as string, line: 1, column: 1 },
      'meta/main.yml must be a mapping',
    );
    return {};
  }
  const known = [...metaKeywords, ...keywordsOf('import')];
  for (const key of Object.keys(meta))
    if (!known.includes(key))
      report.mistake(
        keyPlaceOf(meta, key),
        `meta/main.yml has no keyword ${key}`,
        didYouMean(key, metaKeywords),
      );
  const { dependencies } = meta;
  if (dependencies !== null && dependencies !== undefined && !Array.isArray(dependencies))
    report.mistake(placeOf(meta, 'dependencies'), 'dependencies must be a list of roles', '- role: nginx');
  return meta;
}

/** Defaults and vars of roles, each file read once. */
export class RoleVariables {
  readonly #folders = new Map<string, VariableFolder>();

  of(role: Role, folder: string, name: string | undefined, place: Place, report: Report): readonly Layer[] {
    const path = join(role.directory, folder);
    let reader = this.#folders.get(path);
    if (reader === undefined) {
      reader = new VariableFolder(path, report.problems);
      this.#folders.set(path, reader);
    }
    if (name === undefined) return reader.of('main');
    if (roleFile(role, report, folder, name, true) === undefined) {
      noFile(role, folder, name, place, report);
      return [];
    }
    return reader.of(existsSync(join(path, name)) ? name : name.replace(/\.(ya?ml|json)$/, ''));
  }
}

/** Notes that a role lacks a file that was asked for by name. */
export function noFile(role: Role, folder: string, name: string, place: Place, report: Report): void {
  const path = join(role.directory, folder);
  const there = existsSync(path) ? readdirSync(path).map((each) => each.replace(/\.ya?ml$/, '')) : [];
  report.mistake(
    place,
    `role ${role.name} has no file ${folder}/${/\.ya?ml$/.test(name) ? name : `${name}.yaml`}`,
    didYouMean(name.replace(/\.ya?ml$/, ''), there),
  );
}
