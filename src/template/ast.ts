import type { Float } from './numbers.ts';

/** Where a node stands in its template, counted from 1. */
export interface At {
  readonly line: number;
  readonly column: number;
}

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly { readonly name: string; readonly value: Expression }[];
  /** `*list` and `**dict`. */
  readonly rest?: Expression;
  readonly namedRest?: Expression;
}

export type Expression = At &
  (
    | { readonly kind: 'literal'; readonly value: string | number | bigint | Float | boolean | null }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
    | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
    | { readonly kind: 'attribute'; readonly target: Expression; readonly name: string }
    | { readonly kind: 'item'; readonly target: Expression; readonly index: Expression }
    | {
        readonly kind: 'slice';
        readonly target: Expression;
        readonly bounds: readonly (Expression | undefined)[];
      }
    | { readonly kind: 'call'; readonly target: Expression; readonly args: Arguments }
    | {
        readonly kind: 'filter';
        readonly target: Expression;
        readonly name: string;
        readonly args: Arguments;
      }
    | { readonly kind: 'test'; readonly target: Expression; readonly name: string; readonly args: Arguments }
    | {
        readonly kind: 'binary';
        readonly operator: string;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'compare';
        readonly left: Expression;
        readonly rest: readonly { readonly operator: string; readonly right: Expression }[];
      }
    | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'not' | 'negative' | 'positive'; readonly target: Expression }
    | {
        readonly kind: 'choice';
        readonly condition: Expression;
        readonly then: Expression;
        readonly otherwise?: Expression;
      }
  );

export interface Parameter {
  readonly name: string;
  readonly initial?: Expression;
}

export type Statement = At &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'output'; readonly value: Expression }
    | {
        readonly kind: 'if';
        readonly branches: readonly { readonly condition?: Expression; readonly body: Body }[];
      }
    | {
        readonly kind: 'for';
        readonly target: Target;
        readonly source: Expression;
        readonly condition?: Expression;
        readonly recursive: boolean;
        readonly body: Body;
        readonly otherwise?: Body;
      }
    | {
        readonly kind: 'set';
        readonly target: Target;
        readonly value?: Expression;
        readonly body?: Body;
        readonly filters?: readonly FilterCall[];
      }
    | {
        readonly kind: 'macro';
        readonly name: string;
        readonly parameters: readonly Parameter[];
        readonly body: Body;
      }
    | {
        readonly kind: 'call-block';
        readonly parameters: readonly Parameter[];
        readonly call: Expression;
        readonly body: Body;
      }
    | { readonly kind: 'filter-block'; readonly filters: readonly FilterCall[]; readonly body: Body }
    | {
        readonly kind: 'include';
        readonly template: Expression;
        readonly ignoreMissing: boolean;
        readonly withContext: boolean;
      }
    | {
        readonly kind: 'import';
        readonly template: Expression;
        readonly name: string;
        readonly withContext: boolean;
      }
    | {
        readonly kind: 'from';
        readonly template: Expression;
        readonly withContext: boolean;
        readonly names: readonly { readonly name: string; readonly as: string }[];
      }
    | {
        readonly kind: 'with';
        readonly values: readonly { readonly name: string; readonly value: Expression }[];
        readonly body: Body;
      }
    | { readonly kind: 'extends'; readonly template: Expression }
    | {
        readonly kind: 'block';
        readonly name: string;
        readonly scoped: boolean;
        readonly required: boolean;
        readonly body: Body;
      }
    | { readonly kind: 'do'; readonly value: Expression }
    | { readonly kind: 'break' | 'continue' }
  );

export type Body = readonly Statement[];

/** What `set` and `for` assign to: a name, an attribute of a namespace, or several of these. */
export type Target =
  | { readonly name: string; readonly attribute?: string }
  | { readonly parts: readonly Target[] };

export interface FilterCall extends At {
  readonly name: string;
  readonly args: Arguments;
}
