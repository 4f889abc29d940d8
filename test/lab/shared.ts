import { afterEach, beforeAll } from 'vitest';
import { foobar, type Lab, provisioned, sharedLab, untilWhole } from './support.ts';

export interface Needs {
  /** Words for the run that brings the site there. */
  readonly words?: readonly string[];
  /** What the tests of the file need besides. */
  readonly prepare?: () => Promise<void>;
}

/**
 * The hosts that files share, as the whole site with its first primary: when the file begins, whatever the one before
 * has left of it, and again after a test that failed, so that no test depends on the end of another one.
 */
export function sharedSite({ words = [], prepare }: Needs = {}): Lab {
  const lab = sharedLab();
  const ready = async (): Promise<void> => {
    try {
      await mended(lab, words);
    } catch (error) {
      console.error(
        `THE SHARED LAB BEGINS ANEW: what was left in it cannot be mended: ${(error as Error).message}`,
      );
      await lab.anew();
      await provisioned(lab, ...words);
      await untilWhole(lab);
    }
    await prepare?.();
  };
  beforeAll(ready);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await ready();
  });
  return lab;
}

async function mended(lab: Lab, words: readonly string[]): Promise<void> {
  await lab.up();
  for (const [host, state] of Object.entries(await lab.status())) if (state === 'cut') await lab.join(host);
  await provisioned(lab, ...words);
  const { primary } = await untilWhole(lab);
  if (primary === 'server1') return;
  const { code, stderr } = await foobar('promote', lab.inventory, 'server1', '--yes');
  if (code !== 0) throw new Error(`server1 does not become the primary again: ${stderr}`);
}
