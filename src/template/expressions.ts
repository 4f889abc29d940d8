import type { Arguments, Expression, FilterCall, Parameter } from './ast.ts';
import { at, Cursor, describe } from './cursor.ts';
import type { Token } from './tokens.ts';

const constants: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  null: null,
};
const comparisons = ['==', '!=', '<', '>', '<=', '>='];
/** Words that cannot begin the argument of a test written without parentheses. */
const notAnArgument = ['else', 'or', 'and', 'is', 'in', 'not', 'if', 'recursive'];

/** Reads expressions with Jinja2's grammar and precedence (jinja2/parser.py) from a list of tokens. */
export class ExpressionParser extends Cursor {
  /** One expression that is all there is. */
  whole(): Expression {
    const expression = this.tuple();
    if (this.peek()) this.fail(`unexpected ${describe(this.peek())}`);
    return expression;
  }

  /** `a, b` without parentheses is a tuple, as in Jinja2; we have lists only. */
  protected tuple(): Expression {
    const first = this.expression();
    if (!this.at('operator', ',')) return first;
    const items = [first];
    while (this.skip('operator', ',') && this.startsExpression()) items.push(this.expression());
    return { kind: 'list', items, ...at(first) };
  }

  private startsExpression(): boolean {
    const token = this.peek();
    if (!token) return false;
    if (token.kind === 'operator') return ['(', '[', '{', '-', '+'].includes(token.value);
    return ['string', 'number', 'name'].includes(token.kind) && token.value !== 'if';
  }

  expression(withChoice = true): Expression {
    let then = this.or();
    while (withChoice && this.at('name', 'if')) {
      this.take();
      const condition = this.or();
      const otherwise = this.skip('name', 'else') ? this.expression() : undefined;
      then = { kind: 'choice', condition, then, ...(otherwise && { otherwise }), ...at(then) };
    }
    return then;
  }

  private or(): Expression {
    let left = this.and();
    while (this.skip('name', 'or')) left = { kind: 'or', left, right: this.and(), ...at(left) };
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.skip('name', 'and')) left = { kind: 'and', left, right: this.not(), ...at(left) };
    return left;
  }

  private not(): Expression {
    if (!this.at('name', 'not')) return this.comparison();
    const token = this.take();
    return { kind: 'not', target: this.not(), ...at(token) };
  }

  private comparison(): Expression {
    const left = this.binary(['+', '-'], () => this.concatenation());
    const rest: { operator: string; right: Expression }[] = [];
    for (;;) {
      const operator = this.comparator();
      if (operator === undefined) break;
      rest.push({ operator, right: this.binary(['+', '-'], () => this.concatenation()) });
    }
    return rest.length ? { kind: 'compare', left, rest, ...at(left) } : left;
  }

  private comparator(): string | undefined {
    const token = this.peek();
    if (token?.kind === 'operator' && comparisons.includes(token.value)) return this.take().value;
    if (this.skip('name', 'in')) return 'in';
    if (this.at('name', 'not') && this.peek(1)?.value === 'in') {
      this.position += 2;
      return 'not in';
    }
    return undefined;
  }

  private concatenation(): Expression {
    return this.binary(['~'], () => this.binary(['*', '/', '//', '%'], () => this.power()));
  }

  private power(): Expression {
    return this.binary(['**'], () => this.unary(true));
  }

  private binary(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const token = this.peek();
      if (token?.kind !== 'operator' || !operators.includes(token.value)) return left;
      this.take();
      left = { kind: 'binary', operator: token.value, left, right: operand(), ...at(left) };
    }
  }

  private unary(withFilters: boolean): Expression {
    const token = this.peek();
    let node: Expression;
    if (this.skip('operator', '-')) node = { kind: 'negative', target: this.unary(false), ...at(token!) };
    else if (this.skip('operator', '+'))
      node = { kind: 'positive', target: this.unary(false), ...at(token!) };
    else node = this.postfix(this.primary());
    if (!withFilters) return node;
    for (;;) {
      if (this.at('operator', '|')) node = this.filter(node);
      else if (this.at('name', 'is')) node = this.test(node);
      else if (this.at('operator', '(')) node = this.postfix(node);
      else return node;
    }
  }

  private filter(target: Expression): Expression {
    this.expect('operator', '|');
    return { kind: 'filter', target, ...this.filterCall() };
  }

  protected filterCall(): FilterCall {
    const token = this.expect('name');
    const name = this.dotted(token.value);
    const args = this.at('operator', '(') ? this.arguments() : none;
    return { name, args, ...at(token) };
  }

  private test(target: Expression): Expression {
    this.expect('name', 'is');
    const negated = this.skip('name', 'not');
    const token = this.expect('name');
    const name = this.dotted(token.value);
    let args: Arguments = none;
    const next = this.peek();
    if (this.at('operator', '(')) args = this.arguments();
    else if (
      next &&
      (['string', 'number'].includes(next.kind) ||
        (next.kind === 'name' && !notAnArgument.includes(next.value)) ||
        (next.kind === 'operator' && ['[', '{'].includes(next.value)))
    )
      args = { positional: [this.postfix(this.primary())], named: [] };
    const node: Expression = { kind: 'test', target, name, args, ...at(token) };
    return negated ? { kind: 'not', target: node, ...at(token) } : node;
  }

  /** `ansible.builtin.bool`: filters and tests may be written with their collection. */
  private dotted(first: string): string {
    let name = first;
    while (this.at('operator', '.') && this.peek(1)?.kind === 'name') {
      this.take();
      name += `.${this.take().value}`;
    }
    return name;
  }

  private postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.skip('operator', '.')) {
        const token = this.expect('name');
        node = /^\d+$/.test(token.value)
          ? {
              kind: 'item',
              target: node,
              index: { kind: 'literal', value: Number(token.value), ...at(token) },
              ...at(node),
            }
          : { kind: 'attribute', target: node, name: token.value, ...at(node) };
      } else if (this.at('operator', '[')) node = this.subscript(node);
      else if (this.at('operator', '('))
        node = { kind: 'call', target: node, args: this.arguments(), ...at(node) };
      else return node;
    }
  }

  private subscript(target: Expression): Expression {
    this.expect('operator', '[');
    const bounds: (Expression | undefined)[] = [undefined];
    while (!this.at('operator', ']')) {
      if (this.skip('operator', ':')) bounds.push(undefined);
      else bounds[bounds.length - 1] = this.expression();
      if (!this.peek()) this.fail("expected ']'");
      if (!this.at('operator', ']') && !this.at('operator', ':'))
        if (bounds.at(-1) !== undefined) this.fail(`expected ']', got ${describe(this.peek())}`);
    }
    this.take();
    if (bounds.length > 1) return { kind: 'slice', target, bounds, ...at(target) };
    const index = bounds[0];
    if (!index) return this.fail('expected a key between [ and ]');
    return { kind: 'item', target, index, ...at(target) };
  }

  protected arguments(): Arguments {
    const positional: Expression[] = [];
    const named: { name: string; value: Expression }[] = [];
    this.expect('operator', '(');
    while (!this.skip('operator', ')')) {
      if (positional.length + named.length > 0) {
        this.expect('operator', ',');
        if (this.skip('operator', ')')) break;
      }
      const next = this.peek(1);
      if (this.peek()?.kind === 'name' && next?.kind === 'operator' && next.value === '=') {
        const name = this.take().value;
        this.take();
        named.push({ name, value: this.expression() });
      } else if (named.length) this.fail('a positional argument follows a named one');
      else positional.push(this.expression());
    }
    return { positional, named };
  }

  protected parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.expect('operator', '(');
    while (!this.skip('operator', ')')) {
      if (parameters.length) this.expect('operator', ',');
      const name = this.expect('name').value;
      parameters.push(this.skip('operator', '=') ? { name, initial: this.expression() } : { name });
    }
    return parameters;
  }

  private primary(): Expression {
    const token = this.peek();
    if (!token) return this.fail('the expression ends too early');
    const place = at(token);
    if (token.kind === 'name') {
      this.take();
      const value = constants[token.value];
      if (value !== undefined) return { kind: 'literal', value, ...place };
      if (/^\d/.test(token.value)) return { kind: 'literal', value: this.number(token), ...place };
      if (['else', 'and', 'or', 'in', 'is', 'if'].includes(token.value))
        this.fail(`unexpected '${token.value}'`, token);
      return { kind: 'name', name: token.value, ...place };
    }
    if (token.kind === 'number') return { kind: 'literal', value: this.number(this.take()), ...place };
    if (token.kind === 'string') {
      let value = this.take().value;
      while (this.peek()?.kind === 'string') value += this.take().value;
      return { kind: 'literal', value, ...place };
    }
    if (this.skip('operator', '(')) return this.group(token);
    if (this.skip('operator', '[')) return { kind: 'list', items: this.items(']'), ...place };
    if (this.skip('operator', '{')) return { kind: 'dict', entries: this.entries(), ...place };
    return this.fail(`unexpected ${describe(token)}`);
  }

  private number(token: Token): number {
    const value = Number(token.value.replaceAll('_', ''));
    if (Number.isNaN(value)) this.fail(`'${token.value}' is no number and no name`, token);
    return value;
  }

  private group(begin: Token): Expression {
    if (this.skip('operator', ')')) return { kind: 'list', items: [], ...at(begin) };
    const expression = this.tuple();
    this.expect('operator', ')');
    return expression;
  }

  private items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.skip('operator', end)) {
      if (items.length) {
        this.expect('operator', ',');
        if (this.skip('operator', end)) break;
      }
      items.push(this.expression());
    }
    return items;
  }

  private entries(): [Expression, Expression][] {
    const entries: [Expression, Expression][] = [];
    while (!this.skip('operator', '}')) {
      if (entries.length) {
        this.expect('operator', ',');
        if (this.skip('operator', '}')) break;
      }
      const key = this.expression();
      this.expect('operator', ':');
      entries.push([key, this.expression()]);
    }
    return entries;
  }
}

const none: Arguments = { positional: [], named: [] };
