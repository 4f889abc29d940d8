import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { rawShell } from '../host/sh.ts';
import { action } from './contract.ts';
import { moduleParams, seconds } from './shared/params.ts';
import { waitForAnswer } from './shared/reboot.ts';

const params = moduleParams({
  connect_timeout: seconds.default(5).describe('Seconds that one attempt to connect may take.'),
  delay: seconds.default(0).describe('Seconds to wait before the first attempt.'),
  sleep: seconds.default(1).describe('Seconds between two attempts.'),
  timeout: seconds.default(600).describe('Seconds after which it fails.'),
});

export default action<z.output<typeof params>>({
  summary: 'Wait until a host can be connected to.',
  params,
  effect: 'reads',
  waits: true,

  async run(want, host) {
    const begun = Date.now();
    await setTimeout(want.delay * 1000);
    const found = await waitForAnswer(host, rawShell(':'), ({ code }) => code === 0, {
      timeout: want.timeout,
      attempt: want.connect_timeout,
      sleep: want.sleep,
    });
    const elapsed = Math.floor((Date.now() - begun) / 1000);
    if (!('error' in found)) return { changed: false, values: { elapsed } };
    const msg = `timed out waiting for ping module test: ${found.error}`;
    return { changed: false, failed: msg, values: { elapsed, msg } };
  },
});
