import type { Body, Expression } from './ast.ts';
import { parseExpression, parseTemplate } from './syntax.ts';
import { ansibleSyntax, type SyntaxOptions } from './syntax-options.ts';

const expressions = new Map<string, Expression>();
const templates = new Map<string, Map<string, Body>>();
const keys = new WeakMap<SyntaxOptions, Map<string, Body>>();

/** The statements of a template, parsed once. */
export function body(text: string, given: SyntaxOptions): Body {
  const options = given.escapeBackslashes && !text.includes('\\') ? escaping(given) : given;
  let known = keys.get(options);
  if (!known) {
    const key = JSON.stringify(Object.entries({ ...ansibleSyntax, ...options }).sort());
    known = templates.get(key) ?? new Map();
    templates.set(key, known);
    keys.set(options, known);
  }
  const before = known.get(text);
  if (before) return before;
  const result = parseTemplate(text, options);
  known.set(text, result);
  return result;
}

const plain = new WeakMap<SyntaxOptions, SyntaxOptions>();

/** The same where backslashes are escapes: what has none is parsed once for both. */
function escaping(options: SyntaxOptions): SyntaxOptions {
  let result = plain.get(options);
  if (!result) {
    const { escapeBackslashes: _escape, ...rest } = options;
    result = rest;
    plain.set(options, result);
  }
  return result;
}

/** An expression without braces, parsed once. */
export function node(text: string): Expression {
  const before = expressions.get(text);
  if (before) return before;
  const result = parseExpression(text);
  expressions.set(text, result);
  return result;
}
