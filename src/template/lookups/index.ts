import { TaskFailure } from '../../errors.ts';
import { type Environment, shortName } from '../environment.ts';
import { type Dict, defined, isDict, iterate, text, Undefined } from '../python.ts';
import { files } from './files.ts';
import { password } from './password.ts';
import { sequence } from './sequence.ts';

/** A lookup: what its terms stand for, read on the controller. */
export type Lookup = (terms: readonly unknown[], options: Dict, environment: Environment) => unknown[];

/** Ansible's lookups by their short names. */
export const lookups: Readonly<Record<string, Lookup>> = {
  ...files,
  password,
  sequence,
  env: (terms, options) =>
    terms.map((term) => process.env[text(term)] ?? (options.default === undefined ? '' : options.default)),
  vars: (terms, options, environment) =>
    terms.map((term) => {
      const value = environment.variables.lookup(text(term));
      if (!(value instanceof Undefined)) return value;
      return options.default === undefined ? value.fail() : options.default;
    }),
  items: (terms) => terms.flatMap((term) => (Array.isArray(term) ? term : [term])),
  list: (terms) => [...terms],
  dict: (terms) =>
    terms.flatMap((term) => {
      if (!isDict(term)) throw new TaskFailure("the lookup 'dict' needs a dict");
      return Object.entries(term).map(([key, value]) => ({ key, value }));
    }),
  indexed_items: (terms) => terms.flatMap(iterate).map((value, index) => [index, value]),
  together: (terms) => {
    const all = terms.map(iterate);
    return Array.from({ length: Math.max(...all.map((each) => each.length)) }, (_row, index) =>
      all.map((each) => each[index] ?? null),
    );
  },
  nested: (terms) =>
    terms
      .map(iterate)
      .reduce<unknown[][]>((rows, next) => rows.flatMap((row) => next.map((each) => [...row, each])), [[]]),
};

/** Runs a lookup; `errors='ignore'` makes its failures an empty result. */
export function lookup(
  name: string,
  terms: readonly unknown[],
  options: Dict,
  environment: Environment,
): unknown[] {
  const found = Object.hasOwn(lookups, shortName(name)) ? lookups[shortName(name)] : undefined;
  if (!found) throw new TaskFailure(`there is no lookup '${name}'`);
  const { errors, wantlist: _wantlist, ...rest } = options;
  for (const each of [...terms, ...Object.values(rest)]) defined(each);
  try {
    return found(terms, rest, environment);
  } catch (error) {
    if (error instanceof TaskFailure && (errors === 'ignore' || errors === 'warn')) return [];
    throw error;
  }
}
