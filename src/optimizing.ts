import { setFlagsFromString } from 'node:v8';

interface Measure {
  readonly flag: string;
  readonly usual: number;
}

/** How V8 measures that a function ran often enough for its optimizing compiler, by Node's major version, as far as known. */
const measures: Readonly<Record<string, Measure>> = {
  20: { flag: 'interrupt-budget', usual: 67_584 },
  22: { flag: 'invocation-count-for-turbofan', usual: 3_000 },
};
const measure = measures[process.versions.node.split('.')[0] as string];
/** So much more has to run before it is worth it to a short run. */
const patience = 20;
/** Seconds after which a run is long enough for V8's own measure. */
const long = 5;

/**
 * Lets V8 optimize less for some seconds: compiling for a long life took a quarter of the CPU of a run of a second.
 * V8 takes no kept code while the measure is another than when it was kept: what is kept has to be loaded before.
 */
export function optimizeLater(): void {
  if (!measure) return;
  setFlagsFromString(`--${measure.flag}=${measure.usual * patience}`);
  setTimeout(optimizeAsUsual, long * 1000).unref();
}

/** V8's own measure again. */
export function optimizeAsUsual(): void {
  if (measure) setFlagsFromString(`--${measure.flag}=${measure.usual}`);
}
