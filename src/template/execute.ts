import type { Body, Statement } from './ast.ts';
import { type Environment, Frame } from './environment.ts';
import { applyFilter, evaluateNode } from './evaluate.ts';
import { importModule, include, runBlock, runTemplate } from './inherit.ts';
import { assign, runLoop } from './loops.ts';
import { callBlock, makeMacro } from './macros.ts';
import { concat, type Output } from './output.ts';
import { Blank, defined, isTrue, Undefined, unblank } from './python.ts';

type Signal = 'break' | 'continue' | undefined;

/** What a whole template gives: text, or the only value that it prints. */
export function templateValue(body: Body, environment: Environment): unknown {
  const output: Output = [];
  runTemplate(body, environment, output, executeBody);
  return concat(output);
}

function executeBody(body: Body, environment: Environment, output: Output): Signal {
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
    case 'output': {
      const result = value(statement.value);
      environment.position.line = statement.line;
      output.push(result instanceof Blank ? result : defined(result));
      return undefined;
    }
    case 'if': {
      const branch = statement.branches.find((each) => !each.condition || isTrue(value(each.condition)));
      return branch && executeBody(branch.body, environment, output);
    }
    case 'for':
      runLoop(statement, environment, output, unblank(value(statement.source)), executeBody);
      return undefined;
    case 'set': {
      const { body, filters, target } = statement;
      const result = statement.value
        ? value(statement.value)
        : filtered(captured(body ?? [], environment), filters ?? [], environment);
      assign(target, result, environment.frame);
      return undefined;
    }
    case 'macro':
      environment.frame.values.set(statement.name, makeMacro(statement, environment, executeBody));
      return undefined;
    case 'call-block':
      output.push(defined(callBlock(statement, environment, executeBody)));
      return undefined;
    case 'filter-block':
      output.push(defined(filtered(captured(statement.body, environment), statement.filters, environment)));
      return undefined;
    case 'include':
      include(statement, environment, output, executeBody);
      return undefined;
    case 'import':
      environment.frame.values.set(statement.name, importModule(statement, environment, executeBody));
      return undefined;
    case 'from': {
      const { values } = importModule(statement, environment, executeBody);
      for (const { name, as } of statement.names) {
        const absent = `the imported template does not export the requested name '${name}'`;
        environment.frame.values.set(
          as,
          Object.hasOwn(values, name) ? values[name] : new Undefined(name, absent),
        );
      }
      return undefined;
    }
    case 'with': {
      const frame = new Frame(environment.frame);
      for (const each of statement.values) frame.values.set(each.name, value(each.value));
      return executeBody(statement.body, { ...environment, frame }, output);
    }
    case 'block':
      runBlock(statement, environment, output, executeBody);
      return undefined;
    case 'extends':
      return undefined;
    case 'do':
      defined(value(statement.value));
      return undefined;
    case 'break':
    case 'continue':
      return statement.kind;
  }
}

function captured(body: Body, environment: Environment): unknown {
  const output: Output = [];
  executeBody(body, { ...environment, frame: new Frame(environment.frame) }, output);
  return concat(output);
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
