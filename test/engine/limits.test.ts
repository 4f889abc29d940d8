import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limited, TimedOut } from '../../src/engine/limits.ts';
import type { LiveHost } from '../../src/host/live-host.ts';
import { openLocalHost } from '../../src/host/local.ts';
import { sh } from '../../src/host/sh.ts';

let host: LiveHost & { close(): Promise<void> };
beforeAll(async () => {
  host = await openLocalHost();
});
afterAll(() => host.close());

describe('a task with a timeout', () => {
  it.each(['any', [0]] as const)(
    'has timed out too where the host ended its command first: %j',
    async (expect_) => {
      const work = limited(host, 1).run(sh`sleep 60`, { expect: expect_ });
      await expect(work).rejects.toThrow(new TimedOut(1));
    },
  );

  it('has failed when its command says the same by itself', async () => {
    expect(await limited(host, 600).run(sh`exit 124`, { expect: 'any' })).toMatchObject({
      code: 124,
    });
  });
});
