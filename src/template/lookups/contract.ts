import type { Environment } from '../environment.ts';
import type { Dict } from '../python.ts';

export interface LookupCall {
  /** Named arguments, without `errors` and `wantlist`. */
  readonly options: Dict;
  readonly environment: Environment;
  /** Set where a task's `with_<lookup>` asks: the folder in which its files are looked for. */
  readonly loop?: 'files' | 'templates' | 'vars';
}

/** A lookup: what its terms stand for, read on the controller. */
export type Lookup = (terms: readonly unknown[], call: LookupCall) => unknown[];
export type Lookups = Readonly<Record<string, Lookup>>;
