/** Where templates deliberately do not do what ansible-core 2.19 does, for the documentation. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** Recorded cases that show it; a test holds that they differ. */
  readonly cases: readonly string[];
}

export const differences: readonly Difference[] = [];
