import { TaskFailure } from '../errors.ts';
import type { Body, Parameter, Statement } from './ast.ts';
import { type Environment, Frame } from './environment.ts';
import { evaluateNode } from './evaluate.ts';
import { concat, type Output } from './output.ts';
import { Callable, type Dict, isDict, iterate, Tuple, Undefined } from './python.ts';
import { visit } from './walk.ts';

type Run = (body: Body, environment: Environment, output: Output) => unknown;

interface Shape {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
}

const shapes = new WeakMap<object, ReadonlySet<string>>();

/** Which of `caller`, `varargs` and `kwargs` a macro's body uses: only then it takes more than its parameters. */
function extras(macro: Shape): ReadonlySet<string> {
  const before = shapes.get(macro.body);
  if (before) return before;
  const used = new Set<string>();
  visit(macro.body, (node) => {
    if (node.kind === 'name' && ['caller', 'varargs', 'kwargs'].includes(node.name)) used.add(node.name);
  });
  shapes.set(macro.body, used);
  return used;
}

export function makeMacro(macro: Shape, environment: Environment, run: Run): Callable {
  const names = macro.parameters.map((parameter) => parameter.name);
  const used = extras(macro);
  const attributes: Dict = {
    name: macro.name,
    arguments: Tuple.of(...names),
    catch_varargs: used.has('varargs'),
    catch_kwargs: used.has('kwargs'),
    caller: used.has('caller'),
  };
  const call = (args: readonly unknown[], given: Dict): unknown => {
    const { caller, ...named } = given;
    if (args.length > names.length && !used.has('varargs'))
      throw new TaskFailure(`macro '${macro.name}' takes not more than ${names.length} argument(s)`);
    const rest: Dict = {};
    for (const [key, value] of Object.entries(named)) {
      if (names.includes(key)) continue;
      if (!used.has('kwargs'))
        throw new TaskFailure(`macro '${macro.name}' takes no keyword argument '${key}'`);
      rest[key] = value;
    }
    if (caller !== undefined && !used.has('caller') && !names.includes('caller'))
      throw new TaskFailure(
        `macro '${macro.name}' was invoked with two values for the special caller argument`,
        'it has no caller()',
      );
    const inner = { ...environment, frame: new Frame(environment.frame) };
    const { values } = inner.frame;
    macro.parameters.forEach((parameter, index) => {
      const value = index < args.length ? args[index] : named[parameter.name];
      if (value !== undefined) values.set(parameter.name, value);
      else if (parameter.initial) values.set(parameter.name, evaluateNode(parameter.initial, inner));
      else
        values.set(
          parameter.name,
          new Undefined(parameter.name, `parameter '${parameter.name}' was not provided`),
        );
    });
    if (used.has('varargs')) values.set('varargs', Tuple.of(...args.slice(names.length)));
    if (used.has('kwargs')) values.set('kwargs', rest);
    if (used.has('caller')) values.set('caller', caller ?? new Undefined('caller', 'No caller defined'));
    const output: Output = [];
    run(macro.body, inner, output);
    return concat(output);
  };
  return new Callable(macro.name, call, attributes, true);
}

/** The value of `{% call(...) macro(...) %}`. */
export function callBlock(
  statement: Extract<Statement, { kind: 'call-block' }>,
  environment: Environment,
  run: Run,
): unknown {
  if (statement.call.kind !== 'call') throw new TaskFailure("'call' needs the call of a macro");
  const caller = makeMacro({ ...statement, name: 'caller' }, environment, run);
  const place = { line: statement.line, column: statement.column };
  // No name of a template can be this one.
  const hidden = '(caller)';
  const named = [
    ...statement.call.args.named,
    { name: 'caller', value: { kind: 'name', name: hidden, ...place } as const },
  ];
  const inner = { ...environment, frame: new Frame(environment.frame) };
  inner.frame.values.set(hidden, caller);
  return evaluateNode({ ...statement.call, args: { ...statement.call.args, named } }, inner);
}

/** As many values as there are targets. */
export function unpack(value: unknown, count: number): unknown[] {
  if (!Array.isArray(value) && typeof value !== 'string' && !isDict(value)) iterate(value);
  const values = iterate(value);
  if (values.length !== count)
    throw new TaskFailure(
      values.length > count
        ? `too many values to unpack (expected ${count})`
        : `not enough values to unpack (expected ${count}, got ${values.length})`,
    );
  return values;
}
