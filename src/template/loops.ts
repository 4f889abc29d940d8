import { TaskFailure } from '../errors.ts';
import type { Body, Statement, Target } from './ast.ts';
import { equals } from './comparison.ts';
import { type Environment, Frame } from './environment.ts';
import { evaluateNode } from './evaluate.ts';
import { unpack } from './macros.ts';
import { concat, type Output } from './output.ts';
import { Callable, type Dict, defined, isTrue, iterate, Namespace, Undefined } from './python.ts';

type Run = (body: Body, environment: Environment, output: Output) => 'break' | 'continue' | undefined;

/** Puts a value where `set` and `for` want it. */
export function assign(target: Target, value: unknown, frame: Frame): void {
  if ('parts' in target) {
    const values = unpack(value, target.parts.length);
    target.parts.forEach((part, index) => {
      assign(part, values[index], frame);
    });
  } else if (target.attribute === undefined) frame.values.set(target.name, value);
  else {
    const holder = frame.find(target.name);
    if (!(holder instanceof Namespace))
      throw new TaskFailure(
        'cannot assign attribute on non-namespace object',
        `make '${target.name}' with namespace()`,
      );
    holder.values[target.attribute] = value;
  }
}

/** `{% for %}` over a value, with all that `loop` knows. */
export function runLoop(
  statement: Extract<Statement, { kind: 'for' }>,
  environment: Environment,
  output: Output,
  source: unknown,
  run: Run,
  depth = 1,
): void {
  const { target, condition, body, otherwise } = statement;
  const framed = (value: unknown): Environment => {
    const frame = new Frame(environment.frame);
    assign(target, value, frame);
    return { ...environment, frame };
  };
  const all = iterate(source);
  const values = condition ? all.filter((each) => isTrue(evaluateNode(condition, framed(each)))) : all;
  if (values.length === 0 && otherwise)
    run(otherwise, { ...environment, frame: new Frame(environment.frame) }, output);
  const state: State = { values, depth, seen: undefined };
  for (let index = 0; index < values.length; index += 1) {
    const inner = framed(values[index]);
    const again = (children: unknown) => {
      if (!statement.recursive)
        throw new TaskFailure("the loop must have the 'recursive' marker to be called recursively");
      const nested: Output = [];
      runLoop(statement, environment, nested, children, run, depth + 1);
      return concat(nested);
    };
    inner.frame.values.set(
      'loop',
      new Callable('loop', ([children]) => again(children), attributes(state, index)),
    );
    if (run(body, inner, output) === 'break') break;
  }
}

interface State {
  readonly values: readonly unknown[];
  readonly depth: number;
  /** What `loop.changed` was given before. */
  seen: readonly unknown[] | undefined;
}

function attributes(state: State, index: number): Dict {
  const { values, depth } = state;
  const { length } = values;
  return {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
    depth,
    depth0: depth - 1,
    previtem: index > 0 ? values[index - 1] : new Undefined('previtem', 'there is no previous item'),
    nextitem: index < length - 1 ? values[index + 1] : new Undefined('nextitem', 'there is no next item'),
    cycle: new Callable('cycle', (args) => {
      if (args.length === 0) throw new TaskFailure('no items for cycling given');
      return args[index % args.length];
    }),
    changed: new Callable('changed', (args) => {
      const before = state.seen;
      state.seen = args.map(defined);
      return before === undefined || !equals([...before], [...args]);
    }),
  };
}
