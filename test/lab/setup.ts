import type { TestProject } from 'vitest/node';
import { copyInventory, labOf } from './support.ts';

/** Four bare hosts for all lab tests, new in every run, and gone after it however it ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const inventory = copyInventory('lab', 'shared');
  const lab = labOf(inventory, (line) => process.stdout.write(`lab: ${line}\n`));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupted = (): void => {
    for (const signal of signals) process.removeListener(signal, interrupted);
    void lab.down().finally(() => process.exit(130));
  };
  for (const signal of signals) process.on(signal, interrupted);
  await lab.down();
  await lab.up();
  project.provide('inventory', inventory);
  return async () => {
    for (const signal of signals) process.removeListener(signal, interrupted);
    await lab.down();
  };
}
