import { dirname } from 'node:path';
import { TaskFailure } from '../errors.ts';
import { readDecrypted } from '../vault/files.ts';
import { Unsafe } from '../yaml/unsafe.ts';
import { type Environment, Frame, type Variables } from './environment.ts';
import { evaluateNode } from './evaluate.ts';
import { templateValue } from './execute.ts';
import { TemplateSyntaxError } from './failures.ts';
import { finalize, printed } from './finalize.ts';
import { header } from './header.ts';
import { located } from './located.ts';
import { lookup } from './lookups/index.ts';
import { body, node } from './parsed.ts';
import { type Dict, defined, isDict, isTrue, omit, putOff, typeName } from './python.ts';
import { findFile } from './search.ts';
import { ansibleSyntax, type SyntaxOptions } from './syntax-options.ts';

export { omit } from './python.ts';
export type { SyntaxOptions } from './syntax-options.ts';

/** Values of playbooks: a backslash in the text of an expression stands for itself. */
const inPlaybook: SyntaxOptions = { ...ansibleSyntax, escapeBackslashes: true };

/** True when the text has anything to render. */
export function isTemplate(text: string): boolean {
  if (!text.includes('{')) return text.startsWith('#jinja2:');
  return text.includes('{{') || text.includes('{%') || text.includes('{#') || text.startsWith('#jinja2:');
}

/**
 * A value with every template in it rendered, deep. A text that is one `{{ expression }}` gives that value with its
 * type; other texts give text. Entries whose value is `omit` are left out; `omit` as the whole gives `omit`.
 * Throws UndefinedVariable, NotKnownYet, TemplateSyntaxError.
 */
export function renderValue(value: unknown, variables: Variables): unknown {
  return rendered(value, variables, 'plain');
}

/**
 * Like `renderValue`, for what becomes a variable again (set_fact, loop items, vars): what only Python tells apart is
 * kept, so that 2.0 is still printed as 2.0.
 */
export function renderKeepingTypes(value: unknown, variables: Variables): unknown {
  return rendered(value, variables, 'python');
}

function rendered(value: unknown, variables: Variables, kind: 'plain' | 'python'): unknown {
  const leaf = (text: string) => (isTemplate(text) ? finalize(renderText(text, variables), kind) : text);
  if (!isDict(value) || Object.getPrototypeOf(value) !== Object.prototype) return finalize(value, kind, leaf);
  // set_fact may have templates in its names.
  if (!Object.keys(value).some(isTemplate)) return finalize(value, kind, leaf);
  const named = Object.entries(value).map(([key, item]) => [
    isTemplate(key) ? printed(leaf(key)) : key,
    item,
  ]);
  return finalize(Object.fromEntries(named), kind, leaf);
}

/** A text's value, which may be lazy or Undefined. Internal to the room; others use `renderValue`. */
export function renderText(text: string, variables: Variables, syntax: SyntaxOptions = inPlaybook): unknown {
  const { body: source, options } = header(text, syntax);
  const parsed = body(source, options);
  const inner = environment(variables, options);
  const only = parsed.length === 1 ? parsed[0] : undefined;
  const result = only?.kind === 'output' ? evaluateNode(only.value, inner) : templateValue(parsed, inner);
  return withNewlines(result, source, options);
}

/** Jinja2 takes a newline off the end of a template; Ansible puts as many back as there were. */
function withNewlines(result: unknown, source: string, options: SyntaxOptions): unknown {
  if (typeof result !== 'string') return result;
  const missing = trailingNewlines(source) - trailingNewlines(result);
  return missing > 0 ? result + options.newline_sequence.repeat(missing) : result;
}

function trailingNewlines(text: string): number {
  let count = 0;
  while (count < text.length && text[text.length - 1 - count] === '\n') count += 1;
  return count;
}

/** The value of an expression without braces. With braces around a part, its text is put in first. */
export function evaluate(expression: string, variables: Variables): unknown {
  if (isTemplate(expression) && !isExpression(expression)) {
    const value = renderValue(expression, variables);
    const [only, ...more] = body(expression, inPlaybook);
    const whole = only?.kind === 'output' && more.length === 0;
    return whole || typeof value !== 'string' ? value : evaluate(value, variables);
  }
  return finalize(expressionValue(expression, variables), 'plain');
}

/** Braces only stand inside of its texts. */
function isExpression(text: string): boolean {
  try {
    node(text);
    return !text.trimStart().startsWith('{');
  } catch {
    return false;
  }
}

function expressionValue(expression: string, variables: Variables): unknown {
  return evaluateNode(node(expression), { ...environment(variables, ansibleSyntax), rendersTexts: true });
}

/**
 * Whether a condition (`when`, `until`, `failed_when`, `changed_when`, the `that` of assert) holds, as ansible-core
 * 2.19 decides it: its result must be a boolean. A template around the whole may give the expression or the boolean.
 * Throws TaskFailure for any other result, UndefinedVariable, NotKnownYet.
 */
export function conditionHolds(condition: unknown, variables: Variables): boolean {
  const given = typeof condition === 'string' ? condition.trim() : condition;
  if (typeof given === 'boolean') return given;
  if (given === null || given === undefined || given === '') throw emptyCondition();
  if (typeof given !== 'string')
    throw new TaskFailure(`a condition must be an expression, not ${typeName(given)}`);
  let expression = given;
  if (/^\{[{%#][\s\S]*[}%#]\}$/.test(given)) {
    const inner = finalize(renderText(given, variables), 'python');
    const result = typeof inner === 'string' ? inner.trim() : inner;
    if (result === null || result === '') throw emptyCondition();
    if (typeof result !== 'string') return boolean(result, given);
    expression = result;
  }
  const value = finalize(expressionValue(expression, variables), 'python');
  if (value === omit) throw new TaskFailure(`the condition ${given} is omitted`);
  return boolean(value, given);
}

function boolean(value: unknown, condition: string): boolean {
  if (typeof value === 'boolean') return value;
  const truth = isTrue(value) ? 'True' : 'False';
  throw new TaskFailure(
    `Conditional result (${truth}) was derived from value of type '${typeName(value)}'. ` +
      'Conditionals must have a boolean result.',
    `write what is meant: ${meant(value, condition).join(', ')} or ${condition} is truthy`,
  );
}

/** Conditions that fit the kind of what one gave in place of a boolean. */
function meant(value: unknown, condition: string): string[] {
  const kind = typeName(value);
  if (kind === 'int' || kind === 'float') return [`${condition} > 0`];
  if (kind === 'NoneType') return [`${condition} is not none`];
  return [...(kind === 'str' ? [`${condition} | bool`] : []), `${condition} | length > 0`];
}

function emptyCondition(): TaskFailure {
  return new TaskFailure('Empty conditional expressions are not allowed.');
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
  const found = lookup(name, all, {}, environment(variables, inPlaybook), kind);
  return (finalize(defined(found), 'python') as unknown[]) ?? [];
}

/** A term's value, lazy; what is undefined in it is an Undefined, which the lookup may leave out. */
function tried(term: unknown, variables: Variables): unknown {
  if (Array.isArray(term)) return term.map((each) => tried(each, variables));
  if (term instanceof Unsafe) return term.text;
  if (typeof term === 'object' && term !== null && Object.getPrototypeOf(term) === Object.prototype)
    return Object.fromEntries(Object.entries(term).map(([key, value]) => [key, tried(value, variables)]));
  if (typeof term !== 'string' || !isTemplate(term)) return term;
  try {
    return renderText(term, variables);
  } catch (error) {
    return putOff(error);
  }
}

/**
 * A template file's text rendered as Ansible's `template` module does. Failures begin with `file:line: `.
 * @param options those parameters of the module that say how the template is written
 */
export function renderTemplateFile(
  text: string,
  file: string,
  variables: Variables,
  options: Partial<SyntaxOptions> = {},
): string {
  const value = templateFileValue(text, file, variables, options);
  return value === null ? '' : printed(finalize(value, 'python'));
}

function templateFileValue(
  text: string,
  file: string,
  variables: Variables,
  given: Partial<SyntaxOptions>,
): unknown {
  let offset = 0;
  let position = { line: 1 };
  try {
    const { body: source, options } = header(text, { ...ansibleSyntax, ...given });
    if (source === text && !holdsTags(text, options)) return text;
    offset = source === text ? 0 : 1;
    const inner = environment(variables, options, file);
    position = inner.position;
    const value = templateValue(body(source, options), inner);
    return withNewlines(defined(value), source, options);
  } catch (error) {
    const { line } = error instanceof TemplateSyntaxError ? error : position;
    const failure = error instanceof TemplateSyntaxError ? new TaskFailure(error.reason) : error;
    throw located(failure, file, line + offset);
  }
}

function holdsTags(text: string, options: SyntaxOptions): boolean {
  const { block_start_string: block, variable_start_string: output, comment_start_string: comment } = options;
  return text.includes(block) || text.includes(output) || text.includes(comment);
}

/** What the `template` lookup's options say of the template. */
function lookupOptions(options: Dict): Partial<SyntaxOptions> {
  const names = Object.keys(ansibleSyntax);
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));
}

function environment(variables: Variables, syntax: SyntaxOptions, file?: string): Environment {
  return {
    variables,
    frame: new Frame(),
    syntax,
    file,
    position: { line: 1 },
    render(text) {
      try {
        return renderText(text, variables);
      } catch (error) {
        return putOff(error);
      }
    },
    load(names, from) {
      const beside = from.file === undefined ? [] : [dirname(from.file)];
      const path = findFile('templates', names, [...beside, ...variables.options.searchDirectories]);
      if (path === undefined) return undefined;
      const { escapeBackslashes: _escape, ...rest } = syntax;
      try {
        return { file: path, body: body(readDecrypted(path).toString(), rest) };
      } catch (error) {
        if (!(error instanceof TemplateSyntaxError)) throw error;
        throw located(new TaskFailure(error.reason), path, error.line);
      }
    },
    renderFile(text, path, options) {
      const extra = options.template_vars;
      const inner = isDict(extra) && variables.with ? variables.with(extra, 'template_vars') : variables;
      return templateFileValue(text, path, inner, lookupOptions(options));
    },
  };
}
