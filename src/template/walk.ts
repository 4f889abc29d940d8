import type { Arguments, Body, Expression, FilterCall, Parameter, Statement, Target } from './ast.ts';

type See = (node: Expression, locals: ReadonlySet<string>) => void;

/** Calls `see` for every expression of a template with the names that the template itself defines there. */
export function visit(body: Body, see: See, seeFilter: (filter: FilterCall) => void = () => undefined): void {
  visitBody(body, new Set(), see, seeFilter);
}

function visitBody(body: Body, locals: Set<string>, see: See, seeFilter: (filter: FilterCall) => void): void {
  const expression = (node: Expression | undefined, names: ReadonlySet<string> = locals) => {
    if (node) visitExpression(node, names, see);
  };
  const nested = (inner: Body | undefined, ...names: string[]) => {
    if (inner) visitBody(inner, new Set([...locals, ...names]), see, seeFilter);
  };
  const callable = (parameters: readonly Parameter[], inner: Body) => {
    for (const parameter of parameters) expression(parameter.initial);
    nested(inner, 'caller', 'varargs', 'kwargs', ...parameters.map((parameter) => parameter.name));
  };
  const filterCalls = (calls: readonly FilterCall[]) => {
    for (const call of calls) {
      seeFilter(call);
      for (const node of argumentsOf(call.args)) expression(node);
    }
  };
  const statement = (each: Statement): void => {
    switch (each.kind) {
      case 'output':
      case 'do':
        expression(each.value);
        break;
      case 'if':
        for (const branch of each.branches) {
          expression(branch.condition);
          visitBody(branch.body, locals, see, seeFilter);
        }
        break;
      case 'for': {
        const names = namesOf(each.target);
        expression(each.source);
        expression(each.condition, new Set([...locals, ...names]));
        nested(each.body, 'loop', ...names);
        nested(each.otherwise);
        break;
      }
      case 'set':
        expression(each.value);
        filterCalls(each.filters ?? []);
        nested(each.body);
        for (const name of namesOf(each.target)) locals.add(name);
        break;
      case 'macro':
        locals.add(each.name);
        callable(each.parameters, each.body);
        break;
      case 'call-block':
        expression(each.call);
        callable(each.parameters, each.body);
        break;
      case 'filter-block':
        filterCalls(each.filters);
        nested(each.body);
        break;
      case 'include':
      case 'extends':
        expression(each.template);
        break;
      case 'block':
        nested(each.body, 'super', 'self');
        break;
      case 'import':
        expression(each.template);
        locals.add(each.name);
        break;
      case 'from':
        expression(each.template);
        for (const name of each.names) locals.add(name.as);
        break;
      case 'with':
        for (const value of each.values) expression(value.value);
        nested(each.body, ...each.values.map((value) => value.name));
        break;
    }
  };
  for (const each of body) statement(each);
}

function visitExpression(node: Expression, locals: ReadonlySet<string>, see: See): void {
  see(node, locals);
  for (const child of childrenOf(node)) visitExpression(child, locals, see);
}

function childrenOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'list':
    case 'tuple':
      return node.items;
    case 'dict':
      return node.entries.flat();
    case 'attribute':
    case 'not':
    case 'negative':
    case 'positive':
      return [node.target];
    case 'item':
      return [node.target, node.index];
    case 'slice':
      return [node.target, ...node.bounds.filter((bound) => bound !== undefined)];
    case 'call':
    case 'filter':
    case 'test':
      return [node.target, ...argumentsOf(node.args)];
    case 'binary':
    case 'and':
    case 'or':
      return [node.left, node.right];
    case 'compare':
      return [node.left, ...node.rest.map((each) => each.right)];
    case 'choice':
      return [node.condition, node.then, ...(node.otherwise ? [node.otherwise] : [])];
  }
}

function argumentsOf(args: Arguments): Expression[] {
  return [
    ...args.positional,
    ...args.named.map((each) => each.value),
    ...(args.rest ? [args.rest] : []),
    ...(args.namedRest ? [args.namedRest] : []),
  ];
}

function namesOf(target: Target): string[] {
  return 'parts' in target ? target.parts.flatMap(namesOf) : [target.name];
}

/** All statements of a body, also those inside others. */
export function statementsOf(body: Body): Statement[] {
  return body.flatMap((each) => [each, ...statementsOf(bodiesOf(each).flat())]);
}

function bodiesOf(statement: Statement): Body[] {
  switch (statement.kind) {
    case 'if':
      return statement.branches.map((branch) => branch.body);
    case 'for':
      return [statement.body, statement.otherwise ?? []];
    case 'set':
      return [statement.body ?? []];
    case 'macro':
    case 'call-block':
    case 'filter-block':
    case 'with':
    case 'block':
      return [statement.body];
    default:
      return [];
  }
}
