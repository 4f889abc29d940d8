import { dirname } from 'node:path';
import { TaskFailure } from '../errors.ts';
import { readDecrypted } from '../vault/files.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import type { Body, Expression } from './ast.ts';
import { type Environment, Frame, type Variables } from './environment.ts';
import { evaluateNode } from './evaluate.ts';
import { executeBody, type Output, printed } from './execute.ts';
import { NotKnownYet, Pending, TemplateSyntaxError, UndefinedVariable } from './failures.ts';
import { located } from './located.ts';
import { lookup } from './lookups/index.ts';
import { defined, isTrue, omit, Undefined } from './python.ts';
import { findFile } from './search.ts';
import { parseExpression, parseTemplate } from './syntax.ts';

export { omit } from './python.ts';

const templates = new Map<string, Body>();
const expressions = new Map<string, Expression>();

function cached<T>(known: Map<string, T>, text: string, read: (text: string) => T): T {
  const before = known.get(text);
  if (before !== undefined) return before;
  const result = read(text);
  known.set(text, result);
  return result;
}

/** True when the text has anything to render. */
export function isTemplate(text: string): boolean {
  return text.includes('{') && (text.includes('{{') || text.includes('{%') || text.includes('{#'));
}

/**
 * A value with every template in it rendered, deep. A text that is one `{{ expression }}` gives that value with its
 * type; other texts give text. Entries whose value is `omit` are left out; `omit` as the whole gives `omit`.
 * Throws UndefinedVariable, NotKnownYet, TemplateSyntaxError.
 */
export function renderValue(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return isTemplate(value) ? settle(renderText(value, variables)) : value;
  return settle(value, (text) => (isTemplate(text) ? settle(renderText(text, variables)) : text));
}

/** Reads everything that is lazy, and leaves out what is omitted. */
function settle(value: unknown, text: (value: string) => unknown = (same) => same): unknown {
  defined(value);
  if (value instanceof Pending) throw new NotKnownYet(value.variable);
  if (value instanceof Unsafe) return value.text;
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((item) => settle(item, text)).filter((item) => item !== omit);
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const settled = settle(item, text);
    if (settled !== omit) result[String(text(key))] = settled;
  }
  return result;
}

/** A text's value, which may be lazy or Undefined. Internal to the room; others use `renderValue`. */
export function renderText(text: string, variables: Variables): unknown {
  const body = cached(templates, text, parseTemplate);
  const [only, ...more] = body;
  if (only?.kind === 'output' && more.length === 0) return evaluateNode(only.value, environment(variables));
  const output: Output = [];
  executeBody(body, environment(variables), output);
  if (output.length === 1) return output[0];
  return output.map(printed).join('');
}

/** The value of an expression without braces: `when`, `until`, `loop`. With braces around a part, its text is put in first. */
export function evaluate(expression: string, variables: Variables): unknown {
  if (isTemplate(expression)) {
    const rendered = renderValue(expression, variables);
    const [only, ...more] = cached(templates, expression, parseTemplate);
    const whole = only?.kind === 'output' && more.length === 0;
    return whole || typeof rendered !== 'string' ? rendered : evaluate(rendered, variables);
  }
  const node = cached(expressions, expression, parseExpression);
  return settle(evaluateNode(node, environment(variables)));
}

/**
 * Whether a condition holds: Python's truth value. Texts that are written like a boolean count as that boolean
 * (`-e flag=false` gives a text), where ansible-core refuses them or takes 'false' for true.
 */
export function truthy(value: unknown): boolean {
  if (typeof value === 'string' && /^(true|yes|on|false|no|off)$/i.test(value.trim()))
    return /^(true|yes|on)$/i.test(value.trim());
  return isTrue(value);
}

/**
 * The items of `with_<name>`: the lookup's results, rendered. A text among the terms that is a template may give
 * the list of them; one term alone is a list of one.
 * @param kind the folder in which `with_first_found` looks: that of the task's module
 * @throws TaskFailure for an undefined variable (but with_first_found leaves it out), or when the lookup fails
 */
export function runLookup(
  name: string,
  terms: unknown,
  variables: Variables,
  kind: 'files' | 'templates' | 'vars' = 'files',
): unknown[] {
  const given = typeof terms === 'string' ? tried(terms.trim(), variables) : terms;
  const all = (Array.isArray(given) ? given : [given]).map((term) => tried(term, variables));
  const found = lookup(name, all, {}, environment(variables), kind);
  return (settle(defined(found)) as unknown[]) ?? [];
}

/** A term's value, lazy; what is undefined in it is an Undefined, which the lookup may leave out. */
function tried(term: unknown, variables: Variables): unknown {
  try {
    if (Array.isArray(term)) return term.map((each) => tried(each, variables));
    if (term instanceof Unsafe) return term.text;
    if (typeof term === 'object' && term !== null && Object.getPrototypeOf(term) === Object.prototype)
      return Object.fromEntries(
        Object.entries(term).map(([key, value]) => [
          isTemplate(key) ? String(renderValue(key, variables)) : key,
          tried(value, variables),
        ]),
      );
    return typeof term === 'string' && isTemplate(term) ? renderText(term, variables) : term;
  } catch (error) {
    if (error instanceof UndefinedVariable) return new Undefined(error.variable, error.message, error.hint);
    throw error;
  }
}

/** A template file's text rendered as Ansible's `template` module does. Failures begin with `file:line: `. */
export function renderTemplateFile(text: string, file: string, variables: Variables): string {
  const { body, whitespace } = header(text);
  const inner = environment(variables, file);
  const output: Output = [];
  try {
    executeBody(parse(body, file, whitespace), inner, output);
    return output.map(printed).join('');
  } catch (error) {
    const offset = body === text ? 0 : 1;
    throw located(error, file, inner.position.line + offset);
  }
}

/** The first line may set options: `#jinja2: trim_blocks: False, lstrip_blocks: True`. */
function header(text: string) {
  const whitespace = { trimBlocks: true, lstripBlocks: false };
  const line = /^#jinja2:(.*)\n/.exec(text);
  if (!line) return { body: text, whitespace };
  const option = (name: string, otherwise: boolean) =>
    new RegExp(`${name}\\s*:\\s*(true|false)`, 'i').exec(line[1] ?? '')?.[1]?.toLowerCase() ??
    String(otherwise);
  return {
    body: text.slice(line[0].length),
    whitespace: {
      trimBlocks: option('trim_blocks', true) === 'true',
      lstripBlocks: option('lstrip_blocks', false) === 'true',
    },
  };
}

function parse(
  text: string,
  file: string,
  whitespace?: { trimBlocks: boolean; lstripBlocks: boolean },
): Body {
  try {
    return parseTemplate(text, whitespace);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw located(new TaskFailure(error.reason), file, error.line);
  }
}

function environment(variables: Variables, file?: string): Environment {
  return {
    variables,
    frame: new Frame(),
    file,
    position: { line: 1 },
    load(names, from) {
      const beside = from.file === undefined ? [] : [dirname(from.file)];
      const path = findFile('templates', names, [...beside, ...variables.options.searchDirectories]);
      if (path === undefined) return undefined;
      return { file: path, body: parse(readDecrypted(path).toString(), path) };
    },
    renderFile: (text, path, _options) => renderTemplateFile(text, path, variables),
  };
}
