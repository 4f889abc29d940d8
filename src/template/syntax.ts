import type { Body, Expression, FilterCall, Statement, Target } from './ast.ts';
import { at, describe } from './cursor.ts';
import { ExpressionParser } from './expressions.ts';
import { ansibleSyntax, type SyntaxOptions } from './syntax-options.ts';
import { tokenizeExpression, tokenizeTemplate } from './tokens.ts';

/** The statements of a template. Throws TemplateSyntaxError. */
export function parseTemplate(text: string, options: SyntaxOptions = ansibleSyntax): Body {
  return new TemplateParser(tokenizeTemplate(text, options)).template();
}

/** An expression without braces. Throws TemplateSyntaxError. */
export function parseExpression(text: string): Expression {
  return new ExpressionParser(tokenizeExpression(text)).whole();
}

type Reader = (parser: TemplateParser, place: { line: number; column: number }) => Statement;

class TemplateParser extends ExpressionParser {
  readonly #blocks = new Set<string>();

  template(): Body {
    const body = this.body([]);
    if (this.peek()) this.fail(`unexpected ${describe(this.peek())}`);
    return body;
  }

  /** Statements up to a tag of one of these names, which is left to be read; all of the text without names. */
  private body(ends: readonly string[], opener?: string): Statement[] {
    const statements: Statement[] = [];
    for (let token = this.peek(); token; token = this.peek()) {
      const place = at(token);
      if (token.kind === 'text') statements.push({ kind: 'text', text: this.take().value, ...place });
      else if (token.kind === 'output-begin') {
        this.take();
        const value = this.tuple();
        this.expect('output-end');
        statements.push({ kind: 'output', value, ...place });
      } else {
        this.expect('tag-begin');
        const name = this.expect('name');
        if (ends.includes(name.value)) {
          this.position -= 2;
          return statements;
        }
        const reader = Object.hasOwn(readers, name.value) ? readers[name.value] : undefined;
        if (!reader)
          this.fail(
            name.value.startsWith('end') || name.value.startsWith('el')
              ? `'${name.value}' closes nothing here`
              : `unknown tag '${name.value}'`,
            name,
          );
        statements.push(reader(this, place));
      }
    }
    if (ends.length)
      this.fail(`'${opener}' is never closed: expected ${ends.map((end) => `'${end}'`).join(' or ')}`);
    return statements;
  }

  private end(): void {
    this.expect('tag-end');
  }

  /** The body of a tag that has one, with its end tag. */
  private closed(opener: string): Statement[] {
    this.end();
    const body = this.body([`end${opener}`], opener);
    this.tag();
    this.end();
    return body;
  }

  private tag(): string {
    this.expect('tag-begin');
    return this.expect('name').value;
  }

  private word(): string {
    return this.expect('name').value;
  }

  /** `with context` or `without context`. */
  private context(otherwise: boolean): boolean {
    if (!this.contextFollows()) return otherwise;
    const { value } = this.take();
    this.take();
    return value === 'with';
  }

  private contextFollows(): boolean {
    return ['with', 'without'].includes(this.peek()?.value ?? '') && this.peek(1)?.value === 'context';
  }

  /** What is assigned to: `a`, `a, b`, `a, (b, c)`, `a.b`. */
  private target(attributes: boolean): Target {
    const parts = [this.singleTarget(attributes)];
    let several = false;
    while (this.skip('operator', ',')) {
      several = true;
      if (this.peek()?.kind !== 'name' && !this.at('operator', '(')) break;
      if (this.at('name', 'in')) break;
      parts.push(this.singleTarget(attributes));
    }
    return several ? { parts } : parts[0]!;
  }

  private singleTarget(attributes: boolean): Target {
    if (this.skip('operator', '(')) {
      const inner = this.target(attributes);
      this.expect('operator', ')');
      return inner;
    }
    const name = this.assigned(this.expect('name'));
    return attributes && this.skip('operator', '.') ? { name, attribute: this.word() } : { name };
  }

  static readonly readers: Readonly<Record<string, Reader>> = {
    if(parser, place) {
      const branches: { condition?: Expression; body: Body }[] = [];
      let name = 'if';
      while (name !== 'endif') {
        const condition = name === 'else' ? undefined : parser.tuple();
        parser.end();
        const ends = name === 'else' ? ['endif'] : ['elif', 'else', 'endif'];
        branches.push({ ...(condition && { condition }), body: parser.body(ends, 'if') });
        name = parser.tag();
      }
      parser.end();
      return { kind: 'if', branches, ...place };
    },

    for(parser, place) {
      const target = parser.target(false);
      parser.expect('name', 'in');
      const source = parser.tuple(false);
      const condition = parser.skip('name', 'if') ? parser.expression() : undefined;
      const recursive = parser.skip('name', 'recursive');
      parser.end();
      const body = parser.body(['else', 'endfor'], 'for');
      let otherwise: Body | undefined;
      if (parser.tag() === 'else') {
        parser.end();
        otherwise = parser.body(['endfor'], 'for');
        parser.tag();
      }
      parser.end();
      return {
        kind: 'for',
        target,
        source,
        recursive,
        body,
        ...(condition && { condition }),
        ...(otherwise && { otherwise }),
        ...place,
      };
    },

    set(parser, place) {
      const target = parser.target(true);
      if (parser.skip('operator', '=')) {
        const value = parser.tuple();
        parser.end();
        return { kind: 'set', target, value, ...place };
      }
      const filters: FilterCall[] = [];
      while (parser.skip('operator', '|')) filters.push(parser.filterCall());
      return { kind: 'set', target, filters, body: parser.closed('set'), ...place };
    },

    macro(parser, place) {
      const name = parser.assigned(parser.expect('name'));
      return { kind: 'macro', name, parameters: parser.parameters(), body: parser.closed('macro'), ...place };
    },

    call(parser, place) {
      const parameters = parser.at('operator', '(') ? parser.parameters() : [];
      const call = parser.expression();
      return { kind: 'call-block', parameters, call, body: parser.closed('call'), ...place };
    },

    filter(parser, place) {
      const filters = [parser.filterCall()];
      while (parser.skip('operator', '|')) filters.push(parser.filterCall());
      return { kind: 'filter-block', filters, body: parser.closed('filter'), ...place };
    },

    include(parser, place) {
      const template = parser.expression();
      const ignoreMissing = parser.at('name', 'ignore') && parser.peek(1)?.value === 'missing';
      if (ignoreMissing) parser.position += 2;
      const withContext = parser.context(true);
      parser.end();
      return { kind: 'include', template, ignoreMissing, withContext, ...place };
    },

    import(parser, place) {
      const template = parser.expression();
      parser.expect('name', 'as');
      const name = parser.assigned(parser.expect('name'));
      const withContext = parser.context(false);
      parser.end();
      return { kind: 'import', template, name, withContext, ...place };
    },

    from(parser, place) {
      const template = parser.expression();
      parser.expect('name', 'import');
      const names: { name: string; as: string }[] = [];
      let withContext = false;
      do {
        if (parser.contextFollows() || parser.at('tag-end')) break;
        const token = parser.expect('name');
        const name = parser.assigned(token);
        if (name.startsWith('_')) parser.fail(`'${name}' is private to its template`, token);
        names.push({ name, as: parser.skip('name', 'as') ? parser.word() : name });
      } while (parser.skip('operator', ','));
      withContext = parser.context(false);
      parser.end();
      return { kind: 'from', template, names, withContext, ...place };
    },

    with(parser, place) {
      const values: { name: string; value: Expression }[] = [];
      while (!parser.at('tag-end')) {
        if (values.length) parser.expect('operator', ',');
        const name = parser.word();
        parser.expect('operator', '=');
        values.push({ name, value: parser.expression() });
      }
      return { kind: 'with', values, body: parser.closed('with'), ...place };
    },

    extends(parser, place) {
      const template = parser.expression();
      parser.end();
      return { kind: 'extends', template, ...place };
    },

    block(parser, place) {
      const token = parser.expect('name');
      const name = token.value;
      if (parser.#blocks.has(name)) parser.fail(`the block '${name}' is there twice`, token);
      parser.#blocks.add(name);
      const scoped = parser.skip('name', 'scoped');
      const required = parser.skip('name', 'required');
      parser.end();
      const body = parser.body(['endblock'], 'block');
      parser.tag();
      parser.skip('name', name);
      parser.end();
      return { kind: 'block', name, scoped, required, body, ...place };
    },

    autoescape(parser, place) {
      const value = parser.expression();
      if (value.kind !== 'literal' || value.value !== false)
        parser.fail("'autoescape' can only be false here", parser.peek());
      return { kind: 'with', values: [], body: parser.closed('autoescape'), ...place };
    },

    do(parser, place) {
      const value = parser.tuple();
      parser.end();
      return { kind: 'do', value, ...place };
    },

    break(parser, place) {
      parser.end();
      return { kind: 'break', ...place };
    },

    continue(parser, place) {
      parser.end();
      return { kind: 'continue', ...place };
    },
  };
}

const readers = TemplateParser.readers;
