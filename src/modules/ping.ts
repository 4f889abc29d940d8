import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  data: text.default('pong').describe('What to return as `ping`; "crash" makes the module fail.'),
});

export default action({
  summary: 'Try to reach a host and run a command there.',
  params,
  effect: 'reads',

  async run({ data }, host) {
    await host.look(sh`:`);
    if (data === 'crash') return { changed: false, failed: 'boom' };
    return { changed: false, values: { ping: data } };
  },
});
