import { TaskFailure } from '../errors.ts';
import type { Arguments, Expression } from './ast.ts';
import { attribute, item } from './attributes.ts';
import {
  bind,
  type Call,
  type Environment,
  entry,
  type Filter,
  isUndefined,
  shortName,
} from './environment.ts';
import { filters } from './filters/index.ts';
import { globals } from './globals.ts';
import { keyValue, makeDict } from './keys.ts';
import { binaryOperators, comparisonOperators, signed, slice } from './operators.ts';
import {
  Blank,
  Callable,
  type Dict,
  defined,
  isDict,
  isTrue,
  iterate,
  putOff,
  Tuple,
  text,
  typeName,
  unblank,
} from './python.ts';
import { tests } from './tests/index.ts';

/**
 * The value of an expression. Gives an Undefined, and does not throw, for a name that nothing defines and for a call,
 * a filter or a test that fails: as in Ansible these fail only where the value is used.
 */
export function evaluateNode(node: Expression, environment: Environment): unknown {
  const value = (child: Expression) => evaluateNode(child, environment);
  environment.position.line = node.line;
  switch (node.kind) {
    case 'literal':
      if (environment.rendersTexts && typeof node.value === 'string' && /\{[{%#]/.test(node.value))
        return environment.render(node.value);
      return node.value;
    case 'name':
      return name(node.name, environment);
    case 'list':
      return node.items.map(value);
    case 'tuple':
      return Tuple.of(...node.items.map(value));
    case 'dict':
      return makeDict(node.entries.map(([key, child]) => [value(key), value(child)] as const));
    case 'attribute':
      return attribute(value(node.target), node.name);
    case 'item':
      return item(value(node.target), value(node.index));
    case 'slice': {
      const target = value(node.target);
      if (isUndefined(target)) return target;
      const [start, stop, step] = node.bounds.map((bound) => bound && value(bound));
      return slice(target, start, stop, step);
    }
    case 'call':
      return call(node.target, node.args, environment);
    case 'filter':
      return applyFilter(node.name, value(node.target), node.args, environment, node.line);
    case 'test': {
      const target = value(node.target);
      const result = testValue(node.name, target, resolve(node.args, environment));
      environment.position.line = node.line;
      return result;
    }
    case 'binary':
      if (node.operator === '~') return joined(value(node.left), value(node.right));
      return binaryOperators[node.operator]!(defined(value(node.left)), defined(value(node.right)));
    case 'compare': {
      let left = value(node.left);
      for (const { operator, right } of node.rest) {
        const next = value(right);
        if (!comparisonOperators[operator]!(left, next)) return false;
        left = next;
      }
      return true;
    }
    case 'and': {
      const left = value(node.left);
      return isTrue(left) ? value(node.right) : left;
    }
    case 'or': {
      const left = value(node.left);
      return isTrue(left) ? left : value(node.right);
    }
    case 'not':
      return !isTrue(value(node.target));
    case 'negative':
      return signed('-', value(node.target));
    case 'positive':
      return signed('+', value(node.target));
    case 'choice':
      if (isTrue(value(node.condition))) return value(node.then);
      return node.otherwise ? value(node.otherwise) : noElse(node.line);
  }
}

function joined(left: unknown, right: unknown): unknown {
  return binaryOperators['~']!(defined(unblank(left)), defined(unblank(right)));
}

function noElse(line: number): Blank {
  const message = `the inline if-expression on line ${line} evaluated to false and no else section was defined.`;
  return new Blank('', message, undefined, new TaskFailure(message));
}

function name(wanted: string, environment: Environment): unknown {
  const local = environment.frame.find(wanted);
  if (local !== undefined) return local;
  const variable = environment.variables.lookup(wanted);
  if (!isUndefined(variable) || !Object.hasOwn(globals, wanted)) return variable;
  return globals[wanted]!(environment);
}

function call(target: Expression, args: Arguments, environment: Environment): unknown {
  if (target.kind === 'attribute' && mutators.includes(target.name)) makeOwn(target.target, environment);
  const callee = evaluateNode(target, environment);
  const isLookup = target.kind === 'name' && ['lookup', 'query', 'q'].includes(target.name);
  const { args: values, named } = resolve(
    args,
    isLookup ? { ...environment, rendersTexts: true } : environment,
  );
  if (isUndefined(callee)) return callee;
  if (!(callee instanceof Callable))
    return putOff(
      new TaskFailure(`'${typeName(callee)}' object is not callable`, `${spelled(target)} is no function`),
    );
  if (!callee.lenient)
    for (const each of [...values, ...Object.values(named)])
      if (isUndefined(each) && !(each instanceof Blank)) return each;
  return orPutOff(() => callee.call(values.map(unblank), filled(named)));
}

function orPutOff(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return putOff(error);
  }
}

const mutators = 'append clear extend insert pop popitem remove reverse setdefault sort update'.split(' ');

/** Variables are shared by hosts and tasks: before a template changes one, it gets its own copy of it. */
function makeOwn(node: Expression, environment: Environment): void {
  let root = node;
  while (root.kind === 'attribute' || root.kind === 'item') root = root.target;
  if (root.kind !== 'name' || environment.frame.find(root.name) !== undefined) return;
  const value = environment.variables.lookup(root.name);
  if (!isUndefined(value)) environment.frame.top.values.set(root.name, copied(value));
}

function copied(value: unknown): unknown {
  if (value instanceof Tuple) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (!isDict(value)) return value;
  const result: Dict = {};
  for (const key of Object.keys(value)) result[key] = copied(orPutOff(() => value[key]));
  return result;
}

function spelled(node: Expression): string {
  if (node.kind === 'name') return `'${node.name}'`;
  return node.kind === 'attribute' ? `'${node.name}'` : 'this value';
}

function resolve(args: Arguments, environment: Environment): Call {
  const values = args.positional.map((each) => evaluateNode(each, environment));
  if (args.rest) values.push(...iterate(evaluateNode(args.rest, environment)));
  const named: Dict = {};
  for (const each of args.named) named[each.name] = evaluateNode(each.value, environment);
  if (args.namedRest) {
    const rest = defined(evaluateNode(args.namedRest, environment));
    if (!isDict(rest)) throw new TaskFailure(`** needs a dict, not ${typeName(rest)}`);
    for (const [key, value] of Object.entries(rest)) named[text(keyValue(key))] = value;
  }
  return { args: values, named, environment };
}

export function applyFilter(
  wanted: string,
  value: unknown,
  args: Arguments,
  environment: Environment,
  line: number,
): unknown {
  const call = resolve(args, environment);
  environment.position.line = line;
  return filterValue(wanted, value, call);
}

/** Applies a filter by its name; `map('name', ...)` does this too. */
export function filterValue(wanted: string, value: unknown, call: Call): unknown {
  const found = entry(filters, wanted);
  if (!found) throw new TaskFailure(`there is no filter '${wanted}'`);
  return apply(found, wanted, value, call);
}

/** The answer of a test by its name, or the Undefined that it was asked about. */
export function testValue(wanted: string, value: unknown, call: Call): unknown {
  const found = entry(tests, wanted);
  if (!found) throw new TaskFailure(`there is no test '${wanted}'`);
  return apply(found, wanted, value, call);
}

function apply(found: Filter, wanted: string, value: unknown, call: Call): unknown {
  if (!found.lenient) {
    const all = [value, ...call.args, ...Object.values(call.named)];
    if (all.some((each) => each instanceof Blank)) {
      const args = call.args.map(unblank);
      return apply(found, wanted, unblank(value), { ...call, args, named: filled(call.named) });
    }
    for (const each of all) if (isUndefined(each)) return each;
  }
  return orPutOff(() => {
    if (!found.parameters) return found.apply(value, call.args, call);
    const bound = bind(shortName(wanted), found, call);
    if (typeof bound === 'string') throw new TaskFailure(bound);
    return found.apply(value, bound, call);
  });
}

function filled(named: Dict): Dict {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, unblank(value)]));
}
