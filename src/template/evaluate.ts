import { TaskFailure } from '../errors.ts';
import type { Arguments, Expression } from './ast.ts';
import { bind, type Call, type Environment, type Filter, isUndefined, shortName } from './environment.ts';
import { filters } from './filters/index.ts';
import { globals } from './globals.ts';
import { method } from './methods.ts';
import { binaryOperators, comparisonOperators, item, missing, slice } from './operators.ts';
import { Callable, defined, isDict, isTrue, text, Undefined } from './python.ts';
import { tests } from './tests.ts';

/** The value of an expression. Gives an Undefined, and does not throw, for a name that nothing defines. */
export function evaluateNode(node: Expression, environment: Environment): unknown {
  const value = (child: Expression) => evaluateNode(child, environment);
  environment.position.line = node.line;
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'name':
      return name(node.name, environment);
    case 'list':
      return node.items.map((child) => defined(value(child)));
    case 'dict':
      return Object.fromEntries(
        node.entries.map(([key, child]) => [text(value(key)), defined(value(child))]),
      );
    case 'attribute':
      return attribute(value(node.target), node.name, false);
    case 'item':
      return item(value(node.target), value(node.index));
    case 'slice': {
      const [start, stop, step] = node.bounds.map((bound) => bound && value(bound));
      return slice(value(node.target), start, stop, step);
    }
    case 'call':
      return call(node.target, node.args, environment);
    case 'filter':
      return applyFilter(node.name, value(node.target), node.args, environment, node.line);
    case 'test':
      return applyTest(node.name, value(node.target), resolve(node.args, environment));
    case 'binary':
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
      return binaryOperators['-']!(0, defined(value(node.target)));
    case 'positive':
      return value(node.target);
    case 'choice':
      if (isTrue(value(node.condition))) return value(node.then);
      return node.otherwise
        ? value(node.otherwise)
        : new Undefined('', "the inline 'if' has no 'else' and its condition is false");
  }
}

function name(wanted: string, environment: Environment): unknown {
  const local = environment.frame.find(wanted);
  if (local !== undefined) return local;
  const variable = environment.variables.lookup(wanted);
  if (!isUndefined(variable) || !Object.hasOwn(globals, wanted)) return variable;
  return globals[wanted]!(environment);
}

/** `target.name`: a key, or else a method of Python's type; the other way round when it is called. */
function attribute(target: unknown, wanted: string, called: boolean): unknown {
  if (isUndefined(target)) return target;
  if (target instanceof Callable) return target.attributes[wanted] ?? missing(target, wanted);
  const bound = method(target, wanted);
  if (bound && called) return bound;
  const found = isDict(target) ? item(target, wanted) : missing(target, wanted);
  return isUndefined(found) && bound ? bound : found;
}

function call(target: Expression, args: Arguments, environment: Environment): unknown {
  const callee =
    target.kind === 'attribute'
      ? attribute(evaluateNode(target.target, environment), target.name, true)
      : evaluateNode(target, environment);
  defined(callee);
  if (target.kind === 'attribute' && mutators.includes(target.name) && callee instanceof Callable)
    refuseVariable(target.target, environment);
  const { args: values, named } = resolve(args, environment);
  if (callee instanceof Callable) return callee.call(values, named);
  if (typeof callee === 'function') return callee(...values);
  throw new TaskFailure(`${spelled(target)} is no function`);
}

const mutators = ['append', 'extend', 'insert', 'pop', 'remove', 'reverse', 'setdefault', 'sort', 'update'];

/** Variables are shared by hosts and tasks: a template changes only what it has made itself. */
function refuseVariable(node: Expression, environment: Environment): void {
  let root = node;
  while (root.kind === 'attribute' || root.kind === 'item') root = root.target;
  if (root.kind === 'name' && environment.frame.find(root.name) === undefined)
    throw new TaskFailure(
      `a template cannot change the variable '${root.name}'`,
      "make a new value: with '+' for lists, with '| combine(...)' for dicts",
    );
}

function spelled(node: Expression): string {
  if (node.kind === 'name') return `'${node.name}'`;
  return node.kind === 'attribute' ? `'${node.name}'` : 'this value';
}

function resolve(args: Arguments, environment: Environment): Call {
  return {
    args: args.positional.map((each) => evaluateNode(each, environment)),
    named: Object.fromEntries(args.named.map((each) => [each.name, evaluateNode(each.value, environment)])),
    environment,
  };
}

export function applyFilter(
  wanted: string,
  value: unknown,
  args: Arguments,
  environment: Environment,
  line: number,
): unknown {
  const result = filterValue(wanted, value, resolve(args, environment));
  environment.position.line = line;
  return result;
}

/** Applies a filter by its name; `map('name', ...)` does this too. */
export function filterValue(wanted: string, value: unknown, call: Call): unknown {
  const found = find(filters, wanted);
  if (!found) throw new TaskFailure(`there is no filter '${wanted}'`);
  return apply(found, wanted, value, call);
}

/** Applies a test by its name; `select('name', ...)` does this too. */
export function applyTest(wanted: string, value: unknown, call: Call): boolean {
  const found = find(tests, wanted);
  if (!found) throw new TaskFailure(`there is no test '${wanted}'`);
  return Boolean(apply(found, wanted, value, call));
}

function find(table: Readonly<Record<string, Filter>>, wanted: string): Filter | undefined {
  const short = shortName(wanted);
  return Object.hasOwn(table, short) ? table[short] : undefined;
}

function apply(found: Filter, wanted: string, value: unknown, call: Call): unknown {
  if (!found.lenient) for (const each of [value, ...call.args, ...Object.values(call.named)]) defined(each);
  if (!found.parameters) return found.apply(value, call.args, call);
  const bound = bind(shortName(wanted), found.parameters, call);
  if (typeof bound === 'string') throw new TaskFailure(bound);
  return found.apply(value, bound, call);
}
