import type { Arguments, Expression, Parameter } from './ast.ts';
import { at, Cursor, describe } from './cursor.ts';
import { real, whole } from './numbers.ts';
import type { Token } from './tokens.ts';

const constants: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/** Reads what operators work on: literals, names, groups, and what stands behind them: `.name`, `[key]`, `(...)`. */
export abstract class OperandParser extends Cursor {
  abstract expression(): Expression;

  /** `a, b` without parentheses is a tuple. */
  protected abstract tuple(withChoice?: boolean): Expression;

  protected postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.skip('operator', '.')) {
        const token = this.take();
        if (token.kind === 'integer') {
          const index: Expression = { kind: 'literal', value: whole(BigInt(token.value)), ...at(token) };
          node = { kind: 'item', target: node, index, ...at(node) };
        } else if (token.kind === 'name')
          node = { kind: 'attribute', target: node, name: token.value, ...at(node) };
        else this.fail(`expected a name or number after '.', got ${describe(token)}`, token);
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
    let rest: Expression | undefined;
    let namedRest: Expression | undefined;
    this.expect('operator', '(');
    for (let first = true; !this.skip('operator', ')'); first = false) {
      if (!first) {
        this.expect('operator', ',');
        if (this.skip('operator', ')')) break;
      }
      const next = this.peek(1);
      if (this.skip('operator', '**')) namedRest = this.expression();
      else if (namedRest) this.fail('nothing follows ** among the arguments');
      else if (this.skip('operator', '*')) rest = this.expression();
      else if (this.peek()?.kind === 'name' && next?.kind === 'operator' && next.value === '=') {
        const name = this.take().value;
        this.take();
        named.push({ name, value: this.expression() });
      } else if (named.length || rest) this.fail('a positional argument follows a named one');
      else positional.push(this.expression());
    }
    return { positional, named, ...(rest && { rest }), ...(namedRest && { namedRest }) };
  }

  protected parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.expect('operator', '(');
    while (!this.skip('operator', ')')) {
      if (parameters.length) this.expect('operator', ',');
      const token = this.expect('name');
      const name = this.assigned(token);
      if (parameters.at(-1)?.initial && !this.at('operator', '='))
        this.fail(`'${name}' needs a default, since the parameter before it has one`, token);
      parameters.push(this.skip('operator', '=') ? { name, initial: this.expression() } : { name });
    }
    return parameters;
  }

  /** The name, unless it is one that stands for a constant. */
  protected assigned(token: Token): string {
    if (constants[token.value] !== undefined) this.fail(`'${token.value}' cannot be assigned to`, token);
    return token.value;
  }

  protected primary(): Expression {
    const token = this.peek();
    if (!token) return this.fail('the expression ends too early');
    const place = at(token);
    if (token.kind === 'name') {
      this.take();
      const value = constants[token.value];
      if (value !== undefined) return { kind: 'literal', value, ...place };
      if (['else', 'and', 'or', 'in', 'is', 'if'].includes(token.value))
        this.fail(`unexpected '${token.value}'`, token);
      return { kind: 'name', name: token.value, ...place };
    }
    if (token.kind === 'float') return { kind: 'literal', value: real(Number(this.take().value)), ...place };
    if (token.kind === 'integer')
      return { kind: 'literal', value: whole(BigInt(this.take().value)), ...place };
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

  private group(begin: Token): Expression {
    if (this.skip('operator', ')')) return { kind: 'tuple', items: [], ...at(begin) };
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
