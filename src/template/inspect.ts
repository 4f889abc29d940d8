import type { Place, Problem } from '../errors.ts';
import { didYouMean } from '../problems.ts';
import type { At, Body, Expression } from './ast.ts';
import { entry, shortName } from './environment.ts';
import { TemplateSyntaxError } from './failures.ts';
import { filters } from './filters/index.ts';
import { refused } from './filters/refused.ts';
import { globals } from './globals.ts';
import { lookups } from './lookups/index.ts';
import { body, node as expression } from './parsed.ts';
import { ansibleSyntax } from './syntax-options.ts';
import { tests } from './tests/index.ts';
import { visit } from './walk.ts';

export interface FreeVariable {
  readonly name: string;
  /** The text tests whether it is defined, or has a default for it. */
  readonly guarded: boolean;
  /** Line within the text, from 1. */
  readonly line: number;
}

/** Mistakes in a template, or in a value that may hold one; `place` is where the text begins. */
export function checkTemplate(text: string, place: Place): Problem[] {
  return check(() => body(text, ansibleSyntax), place);
}

/** Mistakes in an expression without braces. */
export function checkExpression(text: string, place: Place): Problem[] {
  if (text.includes('{{') || text.includes('{%')) return checkTemplate(text, place);
  return check(() => [output(expression(text))], place);
}

/** The variables that a text needs and does not define itself, each name once, in the order of their use. */
export function freeVariables(text: string, kind: 'template' | 'expression'): FreeVariable[] {
  const parsed =
    kind === 'template' || text.includes('{{') || text.includes('{%')
      ? body(text, ansibleSyntax)
      : [output(expression(text))];
  const found = new Map<string, { name: string; guarded: boolean; line: number }>();
  visit(parsed, (node, locals) => {
    const guarded = guardedName(node);
    const name = guarded ?? (node.kind === 'name' ? node.name : undefined);
    if (name === undefined || locals.has(name) || Object.hasOwn(globals, name)) return;
    const known = found.get(name);
    if (!known) found.set(name, { name, guarded: guarded !== undefined, line: node.line });
    else if (guarded !== undefined) known.guarded = true;
  });
  return [...found.values()];
}

function output(value: Expression): Body[number] {
  return { kind: 'output', value, line: value.line, column: value.column };
}

const guards = ['default', 'd', 'mandatory'];

/** The variable at the root of `a.b | default(...)` or `a.b is defined`. */
function guardedName(node: Expression): string | undefined {
  const guard =
    (node.kind === 'filter' && guards.includes(shortName(node.name))) ||
    (node.kind === 'test' && ['defined', 'undefined'].includes(shortName(node.name)));
  if (!guard) return undefined;
  let root: Expression = node.target;
  while (root.kind === 'attribute' || root.kind === 'item') root = root.target;
  return root.kind === 'name' ? root.name : undefined;
}

function check(read: () => Body, place: Place): Problem[] {
  try {
    return unknownNames(read(), place);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    return [{ message: `template: ${error.reason}`, place: within(place, error), severity: 'error' }];
  }
}

function unknownNames(body: Body, place: Place): Problem[] {
  const problems: Problem[] = [];
  const say = (
    what: string,
    name: string,
    known: Readonly<Record<string, unknown>>,
    at: { line: number; column: number },
  ) => {
    if (what === 'filter' && Object.hasOwn(refused, shortName(name))) {
      const message = `the filter '${name}' is not supported`;
      problems.push({ message, place: within(place, at), severity: 'error' });
      return;
    }
    if (entry(known, name) !== undefined) return;
    const hint = didYouMean(shortName(name), Object.keys(known));
    problems.push({
      message: `there is no ${what} '${name}'`,
      place: within(place, at),
      hint,
      severity: 'error',
    });
  };
  visit(
    body,
    (node) => {
      if (node.kind === 'filter') say('filter', node.name, filters, node);
      if (node.kind === 'test') say('test', node.name, tests, node);
      if (node.kind === 'call') {
        const name = lookupName(node);
        if (name) say('lookup', name.value, lookups, name);
      }
      if (
        node.kind === 'filter' &&
        ['select', 'reject', 'selectattr', 'rejectattr', 'map'].includes(node.name)
      ) {
        const index = node.name.endsWith('attr') ? 1 : 0;
        const named = node.args.positional[index];
        if (named?.kind !== 'literal' || typeof named.value !== 'string') return;
        if (node.name === 'map') say('filter', named.value, filters, named);
        else say('test', named.value, tests, named);
      }
    },
    (filter) => say('filter', filter.name, filters, filter),
  );
  return problems;
}

function lookupName(node: Extract<Expression, { kind: 'call' }>): (At & { value: string }) | undefined {
  if (node.target.kind !== 'name' || !['lookup', 'query', 'q'].includes(node.target.name)) return undefined;
  const first = node.args.positional[0];
  if (first?.kind !== 'literal' || typeof first.value !== 'string') return undefined;
  return { line: first.line, column: first.column, value: first.value };
}

/** A position within a text as a place in its file. */
function within(place: Place, at: { line: number; column: number }): Place {
  return at.line === 1
    ? { ...place, column: place.column + at.column - 1 }
    : { file: place.file, line: place.line + at.line - 1, column: at.column };
}
