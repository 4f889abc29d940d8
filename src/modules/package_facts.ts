import { z } from 'zod';
import { installedPackages } from '../host/queries/package_facts.ts';
import { action } from './contract.ts';
import { ansibleList, moduleParams } from './shared/params.ts';

const params = moduleParams({
  manager: ansibleList
    .pipe(z.array(z.enum(['auto', 'apt'], { error: 'expected auto or apt: there is apt only' })))
    .default(['auto'])
    .describe('The package managers to ask; there is apt only.'),
  strategy: z
    .enum(['first', 'all'])
    .default('first')
    .describe('Whether to ask the first manager that is there or all; there is one only.'),
});

export default action<z.output<typeof params>>({
  summary: 'Return installed packages as facts.',
  params,
  effect: 'reads',

  async run(_want, host) {
    const packages: Record<string, unknown[]> = {};
    for (const installed of await host.ask(installedPackages, undefined)) {
      packages[installed.name] ??= [];
      packages[installed.name]!.push({ ...installed, source: 'apt' });
    }
    return { changed: false, facts: { packages } };
  },
});
