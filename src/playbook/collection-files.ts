import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Role } from './contract.ts';

/** Where Ansible looks for collections besides the playbook's folder, unless it is configured otherwise. */
export const standardCollectionsPath: readonly string[] = [
  join(homedir(), '.ansible', 'collections'),
  '/usr/share/ansible/collections',
];

/** `namespace.collection.name`, the name in a collection of a role or playbook. */
export function qualified(name: string): { collection: string; short: string } | undefined {
  const [, collection = '', short = ''] = /^(\w+\.\w+)\.(\w+)$/.exec(name) ?? [];
  return short === '' ? undefined : { collection, short };
}

/** What a role is called inside its collection. */
export function shortRole({ name, collection }: Pick<Role, 'name' | 'collection'>): string {
  return collection === undefined ? name : name.slice(collection.length + 1);
}

/** The folder of an installed collection; undefined when it is in none of the paths. */
export function collectionFolder(collection: string, paths: readonly string[]): string | undefined {
  const [space = '', name = ''] = collection.split('.');
  return folders(paths)
    .map((folder) => join(folder, space, name))
    .find(existsSync);
}

/** A path may name the folder ansible_collections itself. */
function folders(paths: readonly string[]): string[] {
  return paths.map((path) =>
    path.endsWith('/ansible_collections') ? path : join(path, 'ansible_collections'),
  );
}

/** The collections folder beside a playbook comes first, as in ansible-playbook. */
export function collectionsPathOf(playbook: string, paths: readonly string[]): string[] {
  return [...new Set([join(dirname(playbook), 'collections'), ...paths])];
}

/** The file of a collection's playbook; undefined when there is none. */
export function collectionPlaybook(name: string, paths: readonly string[]): string | undefined {
  const parts = qualified(name.replace(/\.ya?ml$/, ''));
  const folder = parts && collectionFolder(parts.collection, paths);
  if (parts === undefined || folder === undefined) return undefined;
  return ['.yml', '.yaml'].map((ending) => join(folder, 'playbooks', parts.short + ending)).find(existsSync);
}
