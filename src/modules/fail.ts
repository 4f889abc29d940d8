import type { z } from 'zod';
import { action } from './contract.ts';
import { moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  msg: text.default('Failed as requested from task').describe('Why it fails.'),
});

export default action<z.output<typeof params>>({
  summary: 'Fail with a message.',
  params,
  effect: 'reads',
  run: async ({ msg }) => ({ changed: false, failed: msg, values: { msg } }),
});
