import { TemplateSyntaxError } from './failures.ts';
import type { Token } from './tokens.ts';

/** Goes over tokens, one ahead of what is read. */
export class Cursor {
  protected readonly tokens: readonly Token[];
  protected position = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  protected peek(ahead = 0): Token | undefined {
    return this.tokens[this.position + ahead];
  }

  protected take(): Token {
    const token = this.peek();
    if (!token) return this.fail('the template ends too early');
    this.position += 1;
    return token;
  }

  protected at(kind: Token['kind'], value?: string): boolean {
    const token = this.peek();
    return token?.kind === kind && (value === undefined || token.value === value);
  }

  protected skip(kind: Token['kind'], value: string): boolean {
    if (!this.at(kind, value)) return false;
    this.position += 1;
    return true;
  }

  protected expect(kind: Token['kind'], value?: string): Token {
    if (this.at(kind, value)) return this.take();
    const wanted = value === undefined ? `a ${kind}` : `'${value}'`;
    return this.fail(`expected ${wanted}, got ${describe(this.peek())}`);
  }

  protected fail(reason: string, token: Token | undefined = this.peek() ?? this.tokens.at(-1)): never {
    throw new TemplateSyntaxError(reason, token ?? { line: 1, column: 1 });
  }
}

export function at(node: { line: number; column: number }): { line: number; column: number } {
  return { line: node.line, column: node.column };
}

export function describe(token: Token | undefined): string {
  if (!token) return 'the end';
  if (token.kind === 'text') return 'text';
  if (token.kind === 'string') return `the string '${token.value}'`;
  return token.value.trim() === '' ? 'the end of the tag' : `'${token.value}'`;
}
