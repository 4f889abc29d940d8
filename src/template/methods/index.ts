import { isFloat, isNumeric } from '../numbers.ts';
import { Callable, Duration, defined, isDict, Tuple } from '../python.ts';
import { arranged, type Methods } from './contract.ts';
import { dateAttributes, dates, durationAttributes, durations } from './dates.ts';
import { dicts } from './dicts.ts';
import { lists, tuples } from './lists.ts';
import { floats, integers } from './numbers.ts';
import { strings } from './strings.ts';

/** What Python's type of this value has under this name: a method, or an attribute of dates and numbers. */
export function method(self: unknown, name: string): unknown {
  if (self instanceof Date && Object.hasOwn(dateAttributes, name)) return dateAttributes[name]!(self);
  if (self instanceof Duration && Object.hasOwn(durationAttributes, name))
    return durationAttributes[name]!(self);
  if (isNumeric(self)) {
    if (name === 'real') return typeof self === 'boolean' ? Number(self) : self;
    if (name === 'imag') return 0;
  }
  const table = tableOf(self);
  if (!table || !Object.hasOwn(table, name)) return undefined;
  const found = table[name]!;
  return new Callable(name, (args, named) =>
    found.apply(self as never, arranged(name, found, args.map(defined), named), named),
  );
}

function tableOf(self: unknown): Methods<never> | undefined {
  if (typeof self === 'string') return strings;
  if (isNumeric(self)) return isFloat(self) ? floats : integers;
  if (self instanceof Tuple) return tuples;
  if (Array.isArray(self)) return lists;
  if (self instanceof Date) return dates;
  if (self instanceof Duration) return durations;
  return isDict(self) ? dicts : undefined;
}

/** Calls a method that there is. */
export function callMethod(self: unknown, name: string, args: readonly unknown[]): unknown {
  const found = method(self, name);
  if (!(found instanceof Callable)) throw new Error(`bug: no method ${name}`);
  return found.call(args, {});
}
