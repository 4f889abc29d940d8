import { TaskFailure } from '../errors.ts';
import type { Environment } from './environment.ts';
import { joined, lookup } from './lookups/index.ts';
import { strftime } from './methods.ts';
import { Callable, type Dict, isDict, omit, text, Undefined } from './python.ts';

/** Names that every template knows, unless a variable takes them. */
export const globals: Readonly<Record<string, (environment: Environment) => unknown>> = {
  omit: () => omit,
  ansible_managed: () => 'Managed by foobar: changes made here are overwritten',
  lookup: (environment) =>
    new Callable('lookup', ([name, ...terms], named) => {
      const found = lookup(text(name), terms, named, environment);
      return found instanceof Undefined || named.wantlist === true ? found : joined(found);
    }),
  query: (environment) => query(environment),
  q: (environment) => query(environment),
  range: () => new Callable('range', (args) => range(args.map(Number))),
  dict: () =>
    new Callable('dict', ([start], named) => ({
      ...(isDict(start) ? start : Object.fromEntries((start ?? []) as [string, unknown][])),
      ...named,
    })),
  namespace: () => new Callable('namespace', ([start], named) => ({ ...(start as Dict), ...named })),
  now: () =>
    new Callable('now', (args, named) => {
      const format = named.fmt ?? args[1];
      const date = new Date();
      return format ? strftime(text(format), date) : date;
    }),
  undef: () =>
    new Callable(
      'undef',
      ([hint], named) => new Undefined('', text(hint ?? named.hint ?? 'it is undefined')),
    ),
  cycler: () => new Callable('cycler', (items) => cycler(items)),
  joiner: () =>
    new Callable('joiner', ([separator]) => {
      let first = true;
      return new Callable('joiner', () => {
        const result = first ? '' : text(separator ?? ', ');
        first = false;
        return result;
      });
    }),
};

function query(environment: Environment): Callable {
  return new Callable('query', ([name, ...terms], named) => lookup(text(name), terms, named, environment));
}

function cycler(items: readonly unknown[]): Dict {
  let index = 0;
  return {
    next() {
      index += 1;
      return items[(index - 1) % items.length];
    },
  };
}

/** Python's range(). */
function range(args: readonly number[]): number[] {
  const [start, stop, step] = args.length === 1 ? [0, args[0]!, 1] : [args[0]!, args[1]!, args[2] ?? 1];
  if (step === 0 || [start, stop, step].some((each) => !Number.isInteger(each)))
    throw new TaskFailure('range() goes by whole numbers, and not by 0');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > 1_000_000) throw new TaskFailure('range() of more than a million');
  return Array.from({ length: count }, (_each, index) => start + index * step);
}
