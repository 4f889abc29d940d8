import type { Expression } from '../playbook/contract.ts';
import { conditionHolds, renderValue } from '../template/render.ts';
import type { Scope } from '../template/scope.ts';

/** The first condition that does not hold, in its words. */
export function failing(conditions: readonly Expression[], scope: Scope): string | undefined {
  return conditions.find((condition) => !conditionHolds(condition.text, scope))?.text;
}

/** All conditions hold. */
export function holds(conditions: readonly Expression[], scope: Scope): boolean {
  return failing(conditions, scope) === undefined;
}

export function isYes(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(y|yes|t|true|on|1)$/i.test(value)) || value === 1;
}

/** Variables, or what makes them where they are needed. */
export type ScopeAtNeed = Scope | (() => Scope);

/** Whether a keyword that may hold a template is set; one that cannot be rendered is on the safe side. */
export function isSet(keyword: unknown, scope: ScopeAtNeed, safe: boolean): boolean {
  if (typeof keyword === 'boolean' || keyword === undefined) return keyword === true;
  try {
    return isYes(renderValue(keyword, needed(scope)));
  } catch {
    return safe;
  }
}

/** A keyword's number; undefined where nothing is said. */
export function numberOf(keyword: unknown, scope: ScopeAtNeed): number | undefined {
  if (keyword === undefined || keyword === null) return undefined;
  const number = Number(renderValue(keyword, needed(scope)));
  return Number.isFinite(number) ? number : undefined;
}

function needed(scope: ScopeAtNeed): Scope {
  return typeof scope === 'function' ? scope() : scope;
}
