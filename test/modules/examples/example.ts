import type { Bench } from '../harness.ts';

/**
 * One case of a state module for the contract suite: it differs at first, is mended, and is settled after.
 * Files named `examples/<module>.ts` export an array of them as default.
 */
export interface Example {
  readonly name: string;
  /** Prepares the bench's folder; this machine is the host. */
  setup?(bench: Bench): void | Promise<void>;
  params(bench: Bench): Record<string, unknown>;
  /** Runs after the fix, to look with other eyes than the module's. */
  proof?(bench: Bench): void | Promise<void>;
}
