import type { Body } from './ast.ts';
import { type Dict, type Namespace, Undefined } from './python.ts';
import type { SyntaxOptions } from './syntax-options.ts';

/** What the evaluator needs to know of variables; Scope is the one that there is. */
export interface Variables {
  /** The rendered value; an Undefined when nothing defines it. */
  lookup(name: string): unknown;
  /** All names that are defined. */
  names(): string[];
  /** The variables with others on top. */
  with?(values: Dict, origin: string): Variables;
  readonly options: ScopeOptions;
}

export interface ScopeOptions {
  /** Folders in which lookups and includes search, first hit wins: of the role, then of the playbook. */
  readonly searchDirectories: readonly string[];
  /** Check mode: no lookup may write. */
  readonly check: boolean;
}

/** Names that a template defines itself: loop variables, `set`, macro arguments. */
export class Frame {
  readonly values = new Map<string, unknown>();
  readonly #parent: Frame | undefined;

  constructor(parent?: Frame) {
    this.#parent = parent;
  }

  find(name: string): unknown {
    return this.values.has(name) ? this.values.get(name) : this.#parent?.find(name);
  }

  /** The frame in which the template's own top stands. */
  get top(): Frame {
    return this.#parent?.top ?? this;
  }
}

/** A block of a template, or of one that it extends. */
export interface Block {
  readonly body: Body;
  readonly file: string | undefined;
}

/** What a template has with those that it extends: each block's versions, the outermost child's first. */
export interface Inheritance {
  readonly blocks: Map<string, Block[]>;
  /** `self`: each block as a function. */
  readonly self: Namespace;
  readonly root: Frame;
}

/** Everything that an expression is evaluated in. */
export interface Environment {
  readonly variables: Variables;
  readonly frame: Frame;
  readonly syntax: SyntaxOptions;
  /** The template file, when there is one; includes are relative to it. */
  readonly file?: string | undefined;
  /** Line that is being evaluated, for errors. Shared by all frames of one template. */
  readonly position: { line: number };
  readonly inheritance?: Inheritance;
  /** Texts in the expression that hold templates are rendered, as Ansible does in conditions and lookups. */
  readonly rendersTexts?: boolean;
  render(text: string): unknown;
  /** Reads and parses another template. Undefined when none of the names exists. */
  load(names: readonly string[], from: Environment): { file: string; body: Body } | undefined;
  /** Renders the text of a template file, for the `template` lookup. */
  renderFile(text: string, file: string, options: Dict): unknown;
}

export interface Call {
  readonly args: readonly unknown[];
  readonly named: Dict;
  readonly environment: Environment;
}

/** A filter or a test. */
export interface Filter {
  /** Names of its parameters in order; without them it takes any. */
  readonly parameters?: readonly string[];
  /** How many of them must be given. */
  readonly required?: number;
  /** Takes an undefined value or argument without failing. */
  readonly lenient?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: arguments come from templates; each filter checks its own
  apply(value: any, args: readonly any[], call: Call): unknown;
}

export type Filters = Readonly<Record<string, Filter>>;

/** A filter with these parameters; those with a `!` at the end must be given. */
export function filter(parameters: readonly string[], apply: Filter['apply']): Filter {
  const required = parameters.filter((each) => each.endsWith('!')).length;
  return { parameters: parameters.map((each) => each.replace('!', '')), required, apply };
}

/** A filter with any number of arguments. */
export function variadic(apply: Filter['apply']): Filter {
  return { apply };
}

/** The last part of `ansible.builtin.name`. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/**
 * The entry of a filter, test or lookup, by its short name or with a collection that has it. Some are in the table with
 * their collection: they have no short name.
 */
export function entry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  if (Object.hasOwn(table, name)) return table[name];
  const known =
    /^(?:(?:ansible\.(?:builtin|legacy|utils|posix|netcommon)|community\.general)\.)?([^.]+)$/.exec(
      name,
    )?.[1];
  return known !== undefined && Object.hasOwn(table, known) ? table[known] : undefined;
}

/** Puts named arguments in their places. */
export function bind(name: string, found: Filter, call: Call): unknown[] | string {
  const parameters = found.parameters ?? [];
  if (call.args.length > parameters.length)
    return `'${name}' takes at most ${parameters.length} arguments, not ${call.args.length}`;
  const bound = [...call.args];
  for (const [key, value] of Object.entries(call.named)) {
    const index = parameters.indexOf(key);
    if (index < 0) return `'${name}' has no parameter '${key}'`;
    if (index < call.args.length) return `'${name}' is given '${key}' twice`;
    bound[index] = value;
  }
  for (let index = 0; index < (found.required ?? 0); index += 1)
    if (bound[index] === undefined) return `'${name}' needs '${parameters[index]}'`;
  return bound;
}

export function isUndefined(value: unknown): value is Undefined {
  return value instanceof Undefined;
}
