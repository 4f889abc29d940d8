import type { Arguments, Expression, FilterCall } from './ast.ts';
import { at, describe } from './cursor.ts';
import { OperandParser } from './operands.ts';

const comparisons = ['==', '!=', '<', '>', '<=', '>='];
/** How strongly operators bind; all of them to the left. */
const strengths = new Map([
  ['+', 1],
  ['-', 1],
  ['~', 2],
  ['*', 3],
  ['/', 3],
  ['//', 3],
  ['%', 3],
  ['**', 4],
]);
/** Words that cannot begin the argument of a test written without parentheses. */
const notAnArgument = ['else', 'or', 'and', 'is', 'in', 'not', 'if', 'recursive'];

const none: Arguments = { positional: [], named: [] };

/** Reads expressions with Jinja2's grammar and precedence (jinja2/parser.py) from a list of tokens. */
export class ExpressionParser extends OperandParser {
  /** One expression that is all there is. */
  whole(): Expression {
    const expression = this.tuple();
    if (this.peek()) this.fail(`unexpected ${describe(this.peek())}`);
    return expression;
  }

  /** `a, b` without parentheses is a tuple, as in Jinja2. */
  protected tuple(withChoice = true): Expression {
    const first = this.expression(withChoice);
    if (!this.at('operator', ',')) return first;
    const items = [first];
    while (this.skip('operator', ',') && this.startsExpression()) items.push(this.expression(withChoice));
    return { kind: 'tuple', items, ...at(first) };
  }

  private startsExpression(): boolean {
    const token = this.peek();
    if (!token) return false;
    if (token.kind === 'operator') return ['(', '[', '{', '-', '+'].includes(token.value);
    return ['string', 'integer', 'float', 'name'].includes(token.kind) && token.value !== 'if';
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
    const left = this.binary(1);
    const rest: { operator: string; right: Expression }[] = [];
    for (;;) {
      const operator = this.comparator();
      if (operator === undefined) break;
      rest.push({ operator, right: this.binary(1) });
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

  /** @param least how strongly its operators bind at least */
  private binary(least: number): Expression {
    let left = this.unary(true);
    for (;;) {
      const token = this.peek();
      const strength = token?.kind === 'operator' ? strengths.get(token.value) : undefined;
      if (token === undefined || strength === undefined || strength < least) return left;
      this.take();
      left = { kind: 'binary', operator: token.value, left, right: this.binary(strength + 1), ...at(left) };
    }
  }

  private unary(withFilters: boolean): Expression {
    const token = this.peek();
    let node: Expression;
    if (this.skip('operator', '-')) node = { kind: 'negative', target: this.unary(false), ...at(token!) };
    else if (this.skip('operator', '+'))
      node = { kind: 'positive', target: this.unary(false), ...at(token!) };
    else node = this.primary();
    node = this.postfix(node);
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
      (['string', 'integer', 'float'].includes(next.kind) ||
        (next.kind === 'name' && !notAnArgument.includes(next.value)) ||
        (next.kind === 'operator' && ['[', '{'].includes(next.value)))
    )
      args = { positional: [this.postfix(this.primary())], named: [] };
    if (this.at('name', 'is')) this.fail('tests cannot follow each other: put the first in parentheses');
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
}
