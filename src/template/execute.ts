import { TaskFailure } from '../errors.ts';
import type { Body, Parameter, Statement } from './ast.ts';
import { type Environment, Frame } from './environment.ts';
import { applyFilter, evaluateNode } from './evaluate.ts';
import { located } from './located.ts';
import { Callable, type Dict, defined, isDict, isTrue, iterate, repr, text, Undefined } from './python.ts';

/** Where the values go that a template prints. One value alone keeps its type; several become text. */
export type Output = unknown[];
type Signal = 'break' | 'continue' | undefined;

/** What Ansible prints for a value inside text: nothing for None. */
export function printed(value: unknown): string {
  defined(value);
  return value === null ? '' : text(value);
}

export function executeBody(body: Body, environment: Environment, output: Output): Signal {
  for (const statement of body) {
    const signal = execute(statement, environment, output);
    if (signal) return signal;
  }
  return undefined;
}

function execute(statement: Statement, environment: Environment, output: Output): Signal {
  environment.position.line = statement.line;
  const value = (node: Parameters<typeof evaluateNode>[0]) => evaluateNode(node, environment);
  switch (statement.kind) {
    case 'text':
      output.push(statement.text);
      return undefined;
    case 'output':
      output.push(defined(value(statement.value)));
      return undefined;
    case 'if': {
      const branch = statement.branches.find((each) => !each.condition || isTrue(value(each.condition)));
      return branch && executeBody(branch.body, environment, output);
    }
    case 'for':
      loop(statement, environment, output, statement.source && value(statement.source), 1);
      return undefined;
    case 'set':
      set(statement, environment);
      return undefined;
    case 'macro':
      environment.frame.values.set(statement.name, macro(statement, environment));
      return undefined;
    case 'call-block': {
      const caller = macro({ ...statement, name: 'caller' }, environment);
      const inner = { ...environment, frame: new Frame(environment.frame) };
      if (statement.call.kind !== 'call') throw new TaskFailure("'call' needs the call of a macro");
      const named = [
        ...statement.call.args.named,
        { name: 'caller', value: { kind: 'name', name: 'caller', line: statement.line, column: 1 } as const },
      ];
      inner.frame.values.set('caller', caller);
      output.push(evaluateNode({ ...statement.call, args: { ...statement.call.args, named } }, inner));
      return undefined;
    }
    case 'filter-block':
      output.push(filtered(captured(statement.body, environment), statement.filters, environment));
      return undefined;
    case 'include':
      include(value(statement.template), statement.ignoreMissing, environment, output);
      return undefined;
    case 'import':
      environment.frame.values.set(statement.name, exportsOf(value(statement.template), environment));
      return undefined;
    case 'from': {
      const exported = exportsOf(value(statement.template), environment);
      for (const { name, as } of statement.names) {
        if (!Object.hasOwn(exported, name))
          throw new TaskFailure(`the imported template defines no '${name}'`);
        environment.frame.values.set(as, exported[name]);
      }
      return undefined;
    }
    case 'with': {
      const inner = { ...environment, frame: new Frame(environment.frame) };
      for (const each of statement.values) inner.frame.values.set(each.name, value(each.value));
      return executeBody(statement.body, inner, output);
    }
    case 'do':
      value(statement.value);
      return undefined;
    case 'break':
    case 'continue':
      return statement.kind;
  }
}

function captured(body: Body, environment: Environment): string {
  const output: Output = [];
  executeBody(body, { ...environment, frame: new Frame(environment.frame) }, output);
  return output.map(printed).join('');
}

function filtered(
  value: unknown,
  filters: Extract<Statement, { kind: 'filter-block' }>['filters'],
  environment: Environment,
): unknown {
  return filters.reduce(
    (result, each) => applyFilter(each.name, result, each.args, environment, each.line),
    value,
  );
}

function set(statement: Extract<Statement, { kind: 'set' }>, environment: Environment): void {
  const { targets, value, body, filters } = statement;
  const result = value
    ? evaluateNode(value, environment)
    : filtered(captured(body ?? [], environment), filters ?? [], environment);
  const values = targets.length === 1 ? [result] : unpack(result, targets.length);
  targets.forEach((target, index) => {
    if (target.attribute === undefined) environment.frame.values.set(target.name, values[index]);
    else {
      const holder = environment.frame.find(target.name);
      if (!isDict(holder))
        throw new TaskFailure(`'${target.name}' is no namespace: make it with namespace()`);
      holder[target.attribute] = defined(values[index]);
    }
  });
}

function unpack(value: unknown, count: number): unknown[] {
  const values = iterate(value);
  if (values.length !== count)
    throw new TaskFailure(`${count} values are needed here, ${repr(value)} has ${values.length}`);
  return values;
}

function loop(
  statement: Extract<Statement, { kind: 'for' }>,
  environment: Environment,
  output: Output,
  source: unknown,
  depth: number,
): void {
  const { targets, condition, body, otherwise } = statement;
  const framed = (value: unknown): Environment => {
    const frame = new Frame(environment.frame);
    const values = targets.length === 1 ? [value] : unpack(value, targets.length);
    targets.forEach((target, index) => {
      frame.values.set(target, values[index]);
    });
    return { ...environment, frame };
  };
  const all = iterate(source);
  const values = condition ? all.filter((each) => isTrue(evaluateNode(condition, framed(each)))) : all;
  if (values.length === 0 && otherwise) executeBody(otherwise, environment, output);
  let before: unknown;
  for (const [index, value] of values.entries()) {
    const inner = framed(value);
    const absent = (what: string) => new Undefined(what, `there is no loop.${what} here`);
    const attributes: Dict = {
      index: index + 1,
      index0: index,
      revindex: values.length - index,
      revindex0: values.length - index - 1,
      first: index === 0,
      last: index === values.length - 1,
      length: values.length,
      depth,
      depth0: depth - 1,
      previtem: index > 0 ? values[index - 1] : absent('previtem'),
      nextitem: index < values.length - 1 ? values[index + 1] : absent('nextitem'),
      cycle: new Callable('cycle', (args) => args[index % args.length]),
      changed: new Callable('changed', (args) => {
        const now = repr(args);
        const differs = now !== before;
        before = now;
        return differs;
      }),
    };
    const again = new Callable(
      'loop',
      ([children]) => {
        if (!statement.recursive) throw new TaskFailure("the loop is not 'recursive'");
        const nested: Output = [];
        loop(statement, environment, nested, children, depth + 1);
        return nested.map(printed).join('');
      },
      attributes,
    );
    inner.frame.values.set('loop', again);
    if (executeBody(body, inner, output) === 'break') break;
  }
}

function macro(
  statement: { name: string; parameters: readonly Parameter[]; body: Body },
  environment: Environment,
): Callable {
  return new Callable(statement.name, (args, named) => {
    const inner = { ...environment, frame: new Frame(environment.frame) };
    const { values } = inner.frame;
    const names = statement.parameters.map((parameter) => parameter.name);
    statement.parameters.forEach((parameter, index) => {
      const given = index < args.length ? args[index] : named[parameter.name];
      const initial = parameter.initial;
      values.set(
        parameter.name,
        given !== undefined
          ? given
          : initial
            ? evaluateNode(initial, inner)
            : new Undefined(parameter.name, `parameter '${parameter.name}' was not provided`),
      );
    });
    values.set('varargs', args.slice(names.length));
    const rest = Object.entries(named).filter(([key]) => !names.includes(key) && key !== 'caller');
    values.set('kwargs', Object.fromEntries(rest));
    if (named.caller !== undefined) values.set('caller', named.caller);
    const output: Output = [];
    executeBody(statement.body, inner, output);
    return output.map(printed).join('');
  });
}

function include(names: unknown, ignoreMissing: boolean, environment: Environment, output: Output): void {
  const found = load(names, environment);
  if (found) run(found, environment, output);
  else if (!ignoreMissing) throw notFound(names);
}

function exportsOf(names: unknown, environment: Environment): Dict {
  const found = load(names, environment);
  if (!found) throw notFound(names);
  const frame = run(found, { ...environment, frame: new Frame() }, []);
  return Object.fromEntries(frame.values);
}

function load(names: unknown, environment: Environment) {
  return environment.load(Array.isArray(names) ? names.map(text) : [text(names)], environment);
}

function run({ file, body }: { file: string; body: Body }, environment: Environment, output: Output): Frame {
  const inner = { ...environment, file, position: { line: 1 }, frame: new Frame(environment.frame) };
  try {
    executeBody(body, inner, output);
  } catch (error) {
    throw located(error, file, inner.position.line);
  }
  return inner.frame;
}

function notFound(names: unknown): TaskFailure {
  return new TaskFailure(`template ${repr(names)} is not found`);
}
