const known = new WeakMap<object, Record<string, unknown>>();

/**
 * Keeps values that a fix knows for the result of its task, which is made of what is there afterwards: the name of
 * a backup, what was there before.
 */
export function rememberFor(want: object, values: Record<string, unknown>): void {
  known.set(want, { ...known.get(want), ...values });
}

/** What was remembered for the task with these parameters. */
export function rememberedFor(want: object): Record<string, unknown> {
  return known.get(want) ?? {};
}
