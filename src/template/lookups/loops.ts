import { randomInt } from 'node:crypto';
import { TaskFailure } from '../../errors.ts';
import { type Dict, isDict, isTrue, iterate, repr, typeName } from '../python.ts';
import { saysYes } from '../words.ts';
import type { Lookups } from './contract.ts';

/** Lookups that put lists and dicts into another order. */
export const loops: Lookups = {
  items: flattened,
  list: (terms) => [...terms],
  flattened: (terms) => deeply(terms),
  indexed_items: (terms) => flattened(terms).map((value, index) => [index, value]),
  random_choice: (terms) => (terms.length === 0 ? [] : [terms[randomInt(terms.length)]]),

  dict: (terms) =>
    terms.flatMap((term) => {
      if (!isDict(term)) throw new TaskFailure(`the lookup 'dict' needs a dict, not ${typeName(term)}`);
      return Object.entries(term).map(([key, value]) => ({ key, value }));
    }),

  together(terms) {
    if (terms.length === 0) throw new TaskFailure("the lookup 'together' needs at least one list");
    const all = terms.map(iterate);
    const length = Math.max(...all.map((each) => each.length));
    return Array.from({ length }, (_row, index) => flattened(all.map((each) => each[index] ?? null)));
  },

  nested(terms) {
    const [first, ...rest] = terms;
    if (first === undefined) throw new TaskFailure("the lookup 'nested' needs at least one list");
    let rows = iterate(first);
    for (const next of rest) {
      const items = iterate(next);
      rows = rows.flatMap((row) => items.map((item) => flattened([row, item])));
    }
    return rows.map((row) => flattened(iterate(row)));
  },

  cartesian(terms) {
    if (terms.length === 0) throw new TaskFailure("the lookup 'cartesian' needs at least one list");
    return terms
      .map(iterate)
      .reduce<unknown[][]>((rows, next) => rows.flatMap((row) => next.map((each) => [...row, each])), [[]])
      .map(flattened);
  },

  subelements(terms) {
    const [owners, path, flags] = terms;
    const wrong = (why: string) =>
      new TaskFailure(
        `the lookup 'subelements' takes a list, the name of a key in its items, and flags: ${why}`,
      );
    if (terms.length < 2 || terms.length > 3) throw wrong(`${terms.length} terms are given`);
    if (!Array.isArray(owners) && !isDict(owners)) throw wrong(`the first is ${typeName(owners)}`);
    if (typeof path !== 'string') throw wrong(`the second is ${typeName(path)}`);
    if (isDict(owners) && 'skipped' in owners && owners.skipped !== false) return [];
    const skipMissing = isDict(flags) && saysYes(flags.skip_missing);
    return (isDict(owners) ? Object.values(owners) : owners).flatMap((owner) =>
      subelements(owner, path.split('.'), skipMissing),
    );
  },
};

/** Lists among the terms give way to their items, one level deep: Ansible's LookupBase._flatten. */
function flattened(terms: readonly unknown[]): unknown[] {
  return terms.flatMap((term) => (Array.isArray(term) ? Array.from(term as unknown[]) : [term]));
}

function deeply(terms: readonly unknown[]): unknown[] {
  return terms.flatMap((term) => (Array.isArray(term) ? deeply(term) : [term]));
}

/** Pairs of the owner without its list and each item of that list. */
function subelements(owner: unknown, keys: readonly string[], skipMissing: boolean): unknown[] {
  if (!isDict(owner))
    throw new TaskFailure(`the lookup 'subelements' needs dicts in its list, got ${repr(owner)}`);
  if ('skipped' in owner && isTrue(owner.skipped)) return [];
  const last = keys.at(-1)!;
  let holder: Dict = owner;
  for (const key of keys) {
    if (!Object.hasOwn(holder, key)) {
      if (skipMissing) return [];
      throw new TaskFailure(`the lookup 'subelements' finds no '${key}' in ${repr(holder)}`);
    }
    if (key === last) break;
    const next = holder[key];
    if (!isDict(next)) {
      if (skipMissing) return [];
      throw new TaskFailure(`the lookup 'subelements' needs a dict under '${key}', got ${repr(next)}`);
    }
    holder = next;
  }
  const items = holder[last];
  if (!Array.isArray(items))
    throw new TaskFailure(`the lookup 'subelements' needs a list under '${last}', got ${repr(items)}`);
  const rest = without(owner, keys);
  return items.map((item) => [rest, item]);
}

function without(owner: Dict, [key, ...more]: readonly string[]): Dict {
  const result: Dict = {};
  for (const [name, value] of Object.entries(owner))
    if (name !== key) result[name] = value;
    else if (more.length > 0) result[name] = without(value as Dict, more);
  return result;
}
