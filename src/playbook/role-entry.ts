import { basename } from 'node:path';
import type { Layer } from '../inventory/contract.ts';
import { nearest } from '../problems.ts';
import { copyPlace, derived, keyPlaceOf, placeOf } from '../yaml/located.ts';
import { keywordsOf } from './keywords.ts';
import type { Reading } from './reading.ts';
import type { Scope } from './scope.ts';

/** A role's entry: its keywords, and the parameters besides them. */
export function splitEntry(entry: Record<string, unknown>, name: string, { report }: Reading) {
  const known = keywordsOf('role');
  const params: Record<string, unknown> = {};
  const words: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(entry)) {
    if (known.includes(key)) {
      words[key] = value;
      continue;
    }
    params[key] = value;
    const meant = nearest(key, known);
    if (meant === undefined) continue;
    const message = `${key} becomes a variable of role ${name}`;
    report.warn(keyPlaceOf(entry, key), message, `did you mean ${meant}?`);
  }
  const located = derived(params, placeOf(entry)!);
  for (const key of Object.keys(params)) copyPlace(entry, key, located, key);
  return { words, params: located };
}

/** The name of a dependency that is written as a source to install from. */
export function nameOfSource(source: unknown): string | undefined {
  if (typeof source !== 'string') return undefined;
  const [path = '', , name] = source.split(',');
  return name ?? basename(path).replace(/\.(git|tar\.gz)$/, '');
}

/** What Ansible tells a role of those around its import or include. */
export function parentRoles(scope: Scope): Layer {
  const above = scope.includeParams.findLast((layer) => 'ansible_parent_role_names' in layer.values)?.values;
  const list = (key: string, first: string | undefined) => [first, ...((above?.[key] as unknown[]) ?? [])];
  return {
    origin: 'parent roles',
    values: {
      ansible_parent_role_names: list('ansible_parent_role_names', scope.role?.name),
      ansible_parent_role_paths: list('ansible_parent_role_paths', scope.role?.directory),
    },
  };
}
