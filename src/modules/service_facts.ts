import type { z } from 'zod';
import { serviceFacts } from '../host/queries/service_facts.ts';
import { action } from './contract.ts';
import { moduleParams } from './shared/params.ts';

const params = moduleParams({});

export default action<z.output<typeof params>>({
  summary: 'Return the state of services as facts.',
  params,
  effect: 'reads',

  async run(_want, host) {
    const services = await host.ask(serviceFacts, undefined);
    if (Object.keys(services).length === 0) {
      const msg =
        'Failed to find any services. This can be due to privileges or some other configuration issue.';
      return { changed: false, skipped: msg, values: { msg } };
    }
    return { changed: false, facts: { services } };
  },
});
