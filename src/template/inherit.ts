import { TaskFailure } from '../errors.ts';
import type { Body, Statement } from './ast.ts';
import { type Block, type Environment, Frame, type Inheritance } from './environment.ts';
import { evaluateNode } from './evaluate.ts';
import { located } from './located.ts';
import { concat, Module, type Output } from './output.ts';
import { Callable, type Dict, defined, Namespace, repr, text, Undefined } from './python.ts';
import { statementsOf } from './walk.ts';

type Run = (body: Body, environment: Environment, output: Output) => unknown;

/** Runs a whole template: its body, and then those of the templates that it extends with its blocks in them. */
export function runTemplate(body: Body, environment: Environment, output: Output, run: Run): Frame {
  const frame = new Frame(environment.frame);
  const inheritance: Inheritance = environment.inheritance ?? {
    blocks: new Map(),
    root: frame,
    self: new Namespace({}),
  };
  for (const block of blocksOf(body)) {
    const versions = inheritance.blocks.get(block.name) ?? [];
    versions.push({ body: block.body, file: environment.file });
    inheritance.blocks.set(block.name, versions);
    inheritance.self.values[block.name] ??= ofSelf(
      block.name,
      versions,
      { ...environment, inheritance },
      run,
    );
  }
  const own: Environment = { ...environment, frame, inheritance };
  if (inheritance.blocks.size > 0) frame.values.set('self', inheritance.self);
  const begin = body.findIndex((each) => each.kind === 'extends');
  if (begin < 0) run(body, own, output);
  else {
    run(body.slice(0, begin), own, output);
    const statement = body[begin] as Extract<Statement, { kind: 'extends' }>;
    own.position.line = statement.line;
    const parent = found(defined(evaluateNode(statement.template, own)), own);
    // What follows only defines: nothing of it is printed.
    run(
      body.slice(begin + 1).filter((each) => each.kind !== 'block' && each.kind !== 'output'),
      own,
      [],
    );
    inFile(parent.file, own, (inner) => runTemplate(parent.body, { ...inner, inheritance }, output, run));
  }
  return frame;
}

const blocks = new WeakMap<Body, Extract<Statement, { kind: 'block' }>[]>();

function blocksOf(body: Body): Extract<Statement, { kind: 'block' }>[] {
  const before = blocks.get(body);
  if (before) return before;
  const all = statementsOf(body).filter((each) => each.kind === 'block');
  blocks.set(body, all);
  return all;
}

/** Runs the version of a block that counts here. */
export function runBlock(
  statement: Extract<Statement, { kind: 'block' }>,
  environment: Environment,
  output: Output,
  run: Run,
): void {
  const { inheritance } = environment;
  if (!inheritance) throw new TaskFailure(`the block '${statement.name}' stands outside of a template`);
  const versions = inheritance.blocks.get(statement.name) ?? [];
  const frame = statement.scoped ? environment.frame : rootOf(environment);
  runVersion(statement.name, versions, 0, { ...environment, frame }, output, run);
}

/** Blocks see what the template sets at its top, not loop variables around them. */
function rootOf(environment: Environment): Frame {
  return environment.inheritance?.root ?? environment.frame;
}

function runVersion(
  name: string,
  versions: readonly Block[],
  index: number,
  environment: Environment,
  output: Output,
  run: Run,
): void {
  const block = versions[index];
  if (!block) return;
  const frame = new Frame(environment.frame);
  const next = versions[index + 1];
  frame.values.set(
    'super',
    next
      ? new Callable('super', () => {
          const inner: Output = [];
          runVersion(name, versions, index + 1, environment, inner, run);
          return concat(inner);
        })
      : new Undefined('super', `there is no parent block called '${name}'.`),
  );
  if (block.file === environment.file || block.file === undefined)
    run(block.body, { ...environment, frame }, output);
  else inFile(block.file, environment, (inner) => run(block.body, { ...inner, frame }, output));
}

/** `self.block()`. */
function ofSelf(name: string, versions: readonly Block[], environment: Environment, run: Run): Callable {
  return new Callable(name, () => {
    const inner: Output = [];
    runVersion(name, versions, 0, { ...environment, frame: rootOf(environment) }, inner, run);
    return concat(inner);
  });
}

export function include(
  statement: Extract<Statement, { kind: 'include' }>,
  environment: Environment,
  output: Output,
  run: Run,
): void {
  const names = defined(evaluateNode(statement.template, environment));
  const template = load(names, environment);
  if (!template) {
    if (statement.ignoreMissing) return;
    throw notFound(names);
  }
  const base = statement.withContext ? environment : withoutContext(environment);
  inFile(template.file, base, ({ inheritance: _mine, ...inner }) =>
    runTemplate(template.body, inner, output, run),
  );
}

/** What an imported template defines at its top; names that begin with `_` are its own. */
export function importModule(
  statement: Extract<Statement, { kind: 'import' | 'from' }>,
  environment: Environment,
  run: Run,
): Module {
  const template = found(defined(evaluateNode(statement.template, environment)), environment);
  const output: Output = [];
  const base = statement.withContext ? environment : withoutContext(environment);
  const frame = inFile(template.file, base, ({ inheritance: _mine, ...inner }) =>
    runTemplate(template.body, inner, output, run),
  );
  const values: Dict = {};
  for (const [name, value] of frame.values)
    if (!name.startsWith('_') && name !== 'self') values[name] = value;
  return new Module(values, output);
}

/** Sees no variables, only what every template knows. */
function withoutContext(environment: Environment): Environment {
  const { options } = environment.variables;
  const variables = {
    options,
    lookup: (name: string) => new Undefined(name, `'${name}' is undefined`, 'it is left out without context'),
    names: () => [],
  };
  return { ...environment, variables, frame: new Frame() };
}

function load(names: unknown, environment: Environment) {
  return environment.load(Array.isArray(names) ? names.map(text) : [text(names)], environment);
}

function found(names: unknown, environment: Environment): { file: string; body: Body } {
  const template = load(names, environment);
  if (!template) throw notFound(names);
  return template;
}

function notFound(names: unknown): TaskFailure {
  return new TaskFailure(`template ${repr(names)} is not found`);
}

function inFile<T>(file: string, environment: Environment, work: (inner: Environment) => T): T {
  const inner = { ...environment, file, position: { line: 1 } };
  try {
    return work(inner);
  } catch (error) {
    throw located(error, file, inner.position.line);
  }
}
