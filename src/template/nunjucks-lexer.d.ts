/** The part of nunjucks that reads characters; its types are not published. */
declare module 'nunjucks/src/lexer.js' {
  export interface LexerToken {
    readonly type: string;
    readonly value: string;
    readonly lineno: number;
    readonly colno: number;
  }

  export interface Tokenizer {
    str: string;
    index: number;
    lineno: number;
    colno: number;
    in_code: boolean;
    nextToken(): LexerToken | null;
    current(): string;
    forward(): void;
    forwardN(count: number): void;
    isFinished(): boolean;
    _parseString(delimiter: string): string;
  }

  const lexer: {
    lex(text: string, options?: { trimBlocks?: boolean; lstripBlocks?: boolean }): Tokenizer;
  };
  export default lexer;
}
