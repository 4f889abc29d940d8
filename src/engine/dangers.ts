import { type AccessWay, accessWays, waysOfPath } from '../host/rollback-ways.ts';
import type { Change, Module } from '../modules/contract.ts';
import type { Scope } from '../template/scope.ts';
import { isYes } from './conditions.ts';

/** Parameters in which modules say what they write. */
const places = ['path', 'dest', 'destination'] as const;

/**
 * The operator's ways to the host that a change may close. `confirm_access` of the task counts before what is known of
 * it: true for all ways, false for none.
 * @param login user that logs in there
 */
export function dangers(
  module: Module,
  want: unknown,
  changes: readonly Change[],
  scope: Scope,
  login: string,
): readonly AccessWay[] {
  if (module.kind === 'action' && module.effect === 'reads') return [];
  const said = scope.has('confirm_access') ? scope.get('confirm_access') : undefined;
  if (said !== undefined && said !== null) return isYes(said) ? accessWays : [];
  const ways = new Set(module.mayClose?.(want, login));
  const given = (want ?? {}) as Readonly<Record<string, unknown>>;
  const paths = [...places.map((name) => given[name]), ...changes.map(({ path }) => path)];
  if (module.mayClose === undefined)
    for (const path of paths)
      if (typeof path === 'string' && path.startsWith('/'))
        for (const way of waysOfPath(path, login)) ways.add(way);
  return accessWays.filter((way) => ways.has(way));
}
