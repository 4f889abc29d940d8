import { hostname, userInfo } from 'node:os';
import { TaskFailure } from '../errors.ts';
import type { Environment } from './environment.ts';
import { dictFrom, put } from './keys.ts';
import { joined, lookup } from './lookups/index.ts';
import { isInt } from './numbers.ts';
import { Callable, type Dict, Namespace, omit, Range, text, typeName, Undefined } from './python.ts';
import { inLocalZone, strftime } from './strftime.ts';
import { inTurn } from './turn.ts';

/** Names that every template knows, unless a variable takes them. */
export const globals: Readonly<Record<string, (environment: Environment) => unknown>> = {
  omit: () => omit,
  ansible_managed: () => 'Ansible managed',
  template_path: fileOf,
  template_fullpath: fileOf,
  template_host: (environment) => (environment.file === undefined ? absent('template_host') : hostname()),
  template_uid: (environment) =>
    environment.file === undefined ? absent('template_uid') : userInfo().username,
  template_run_date: (environment) => {
    if (environment.file === undefined) return absent('template_run_date');
    inTurn('template_run_date');
    return inLocalZone(new Date()).date;
  },
  self: () => new Namespace({}),
  lookup: (environment) =>
    new Callable(
      'lookup',
      (args, named) => {
        const found = asked(args, named, environment);
        if (found === null || found instanceof Undefined || named.wantlist === true) return found;
        return joined(found);
      },
      {},
      true,
    ),
  query: (environment) => query(environment),
  q: (environment) => query(environment),
  range: () => new Callable('range', range),
  dict: () =>
    new Callable('dict', ([start], named) => {
      const result = start === undefined ? {} : dictFrom(start);
      for (const [key, value] of Object.entries(named)) put(result, key, value);
      return result;
    }),
  namespace: () =>
    new Callable(
      'namespace',
      ([start], named) => new Namespace({ ...(start === undefined ? {} : dictFrom(start)), ...named }),
      {},
      true,
    ),
  now: () =>
    new Callable('now', ([utc, format], named) => {
      inTurn('now()');
      const wanted = format ?? named.fmt;
      const local = inLocalZone(new Date());
      const date = (utc ?? named.utc) ? new Date() : local.date;
      return wanted === undefined || wanted === null ? date : strftime(text(wanted), date);
    }),
  undef: () =>
    new Callable(
      'undef',
      ([hint], named) =>
        new Undefined('', text(hint ?? named.hint ?? 'Mandatory variable has not been overridden')),
    ),
  cycler: () =>
    new Callable('cycler', (items) => {
      if (items.length === 0) throw new TaskFailure('at least one item has to be provided');
      return cycler(items);
    }),
  joiner: () =>
    new Callable('joiner', ([separator], named) => {
      let first = true;
      return new Callable('joiner', () => {
        const result = first ? '' : text(separator ?? named.sep ?? ', ');
        first = false;
        return result;
      });
    }),
  lipsum: () =>
    new Callable('lipsum', () => {
      throw new TaskFailure('lipsum() is not supported: it makes up text');
    }),
};

function absent(name: string): Undefined {
  return new Undefined(name, `'${name}' is undefined`);
}

function fileOf(environment: Environment): unknown {
  return environment.file ?? absent('template_path');
}

function query(environment: Environment): Callable {
  return new Callable(
    'query',
    (args, named) => asked(args, { ...named, wantlist: true }, environment),
    {},
    true,
  );
}

function asked([name, ...terms]: readonly unknown[], named: Dict, environment: Environment) {
  if (name instanceof Undefined) return name;
  if (typeof name !== 'string') throw new TaskFailure('lookup() needs the name of a lookup first');
  return lookup(name, terms, named, environment);
}

function cycler(items: readonly unknown[]): Namespace {
  const values: Dict = { current: items[0] };
  let index = 0;
  values.next = new Callable('next', () => {
    const item = items[index];
    index = (index + 1) % items.length;
    values.current = items[index];
    return item;
  });
  values.reset = new Callable('reset', () => {
    index = 0;
    values.current = items[0];
    return null;
  });
  return new Namespace(values);
}

const most = 10_000_000;

/** Python's range(). */
function range(given: readonly unknown[]): Range {
  const args = given.map((each) => {
    if (isInt(each)) return Number(each);
    throw new TaskFailure(`'${typeName(each)}' object cannot be interpreted as an integer`);
  });
  if (args.length < 1 || args.length > 3)
    throw new TaskFailure(`range expected 1 to 3 arguments, got ${args.length}`);
  const [start, stop, step] = args.length === 1 ? [0, args[0]!, 1] : [args[0]!, args[1]!, args[2] ?? 1];
  if (step === 0) throw new TaskFailure('range() arg 3 must not be zero');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > most) throw new TaskFailure(`range() of more than ${most} numbers`);
  const result = new Range();
  for (let index = 0; index < count; index += 1) result.push(start + index * step);
  result.bounds = step === 1 && args.length < 3 ? [start, stop] : [start, stop, step];
  return result;
}
