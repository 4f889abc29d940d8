import type { Body, Expression, FilterCall, Statement, Target } from './ast.ts';
import { at, describe } from './cursor.ts';
import { ExpressionParser } from './expressions.ts';
import { tokenizeExpression, tokenizeTemplate, type Whitespace } from './tokens.ts';

/** The statements of a template. Throws TemplateSyntaxError. */
export function parseTemplate(
  text: string,
  whitespace: Whitespace = { trimBlocks: true, lstripBlocks: false },
): Body {
  return new TemplateParser(tokenizeTemplate(text, whitespace)).template();
}

/** An expression without braces. Throws TemplateSyntaxError. */
export function parseExpression(text: string): Expression {
  return new ExpressionParser(tokenizeExpression(text)).whole();
}

type Reader = (parser: TemplateParser, place: { line: number; column: number }) => Statement;

class TemplateParser extends ExpressionParser {
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

  private context(): void {
    if (this.skip('name', 'with') || this.skip('name', 'without')) this.expect('name', 'context');
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
      const targets: string[] = [];
      const open = parser.skip('operator', '(');
      do targets.push(parser.word());
      while (parser.skip('operator', ','));
      if (open) parser.expect('operator', ')');
      parser.expect('name', 'in');
      const source = parser.expression(false);
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
        targets,
        source,
        recursive,
        body,
        ...(condition && { condition }),
        ...(otherwise && { otherwise }),
        ...place,
      };
    },

    set(parser, place) {
      const targets: Target[] = [];
      do {
        const name = parser.word();
        targets.push(parser.skip('operator', '.') ? { name, attribute: parser.word() } : { name });
      } while (parser.skip('operator', ','));
      if (parser.skip('operator', '=')) {
        const value = parser.tuple();
        parser.end();
        return { kind: 'set', targets, value, ...place };
      }
      const filters: FilterCall[] = [];
      while (parser.skip('operator', '|')) filters.push(parser.filterCall());
      return { kind: 'set', targets, filters, body: parser.closed('set'), ...place };
    },

    macro(parser, place) {
      const name = parser.word();
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
      const ignoreMissing = parser.skip('name', 'ignore');
      if (ignoreMissing) parser.expect('name', 'missing');
      parser.context();
      parser.end();
      return { kind: 'include', template, ignoreMissing, ...place };
    },

    import(parser, place) {
      const template = parser.expression();
      parser.expect('name', 'as');
      const name = parser.word();
      parser.context();
      parser.end();
      return { kind: 'import', template, name, ...place };
    },

    from(parser, place) {
      const template = parser.expression();
      parser.expect('name', 'import');
      const names: { name: string; as: string }[] = [];
      do {
        const name = parser.word();
        names.push({ name, as: parser.skip('name', 'as') ? parser.word() : name });
      } while (parser.skip('operator', ','));
      parser.context();
      parser.end();
      return { kind: 'from', template, names, ...place };
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
