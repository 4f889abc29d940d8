import { TaskFailure } from '../../errors.ts';
import { type Environment, entry, shortName } from '../environment.ts';
import { type Dict, defined, iterate, Undefined } from '../python.ts';
import { commands } from './commands.ts';
import type { LookupCall, Lookups } from './contract.ts';
import { files } from './files.ts';
import { flows } from './flows.ts';
import { loops } from './loops.ts';
import { names } from './names.ts';
import { password } from './password.ts';
import { sequence } from './sequence.ts';
import { tables } from './tables.ts';
import { url } from './url.ts';

/** Ansible's lookups by their short names. */
export const lookups: Lookups = {
  ...files,
  ...loops,
  ...names,
  ...commands,
  ...tables,
  ...url,
  flows,
  password,
  sequence,
};

/** Lookups that take undefined values among their terms and options. */
const lenient = ['first_found', 'env'];

/**
 * Runs a lookup; with `errors='ignore'` or `'warn'` its failure is nothing.
 * Gives an Undefined when one is among its terms.
 */
export function lookup(
  name: string,
  terms: readonly unknown[],
  options: Dict,
  environment: Environment,
  loop?: LookupCall['loop'],
): unknown[] | Undefined | null {
  const short = shortName(name);
  const found = entry(lookups, name);
  if (!found) throw new TaskFailure(`there is no lookup '${name}'`);
  const { errors = 'strict', wantlist = false, ...rest } = options;
  if (!lenient.includes(short))
    for (const each of [...terms, ...Object.values(rest)]) if (each instanceof Undefined) return each;
  try {
    return found(terms, { options: rest, environment, ...(loop && { loop }) });
  } catch (error) {
    if (error instanceof TaskFailure && (errors === 'ignore' || errors === 'warn'))
      return wantlist === true ? [] : null;
    throw error;
  }
}

/** What `lookup()` makes of a list: its only item, texts with commas between them, or the list. */
export function joined(values: unknown[]): unknown {
  if (values.length === 1) return values[0];
  const list = iterate(values).map(defined);
  return list.length > 0 && list.every((each) => typeof each === 'string') ? list.join(',') : values;
}
