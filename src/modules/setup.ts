import { z } from 'zod';
import { facts } from '../host/facts.ts';
import { localFacts } from '../host/facts-local.ts';
import { action } from './contract.ts';
import { chooseFacts, globPattern, isSubset, sectionsOf, wantsLocal } from './shared/fact-subsets.ts';
import { ansibleList, hostPath, integer, moduleParams } from './shared/params.ts';

const params = moduleParams({
  filter: ansibleList
    .default([])
    .describe('Return only facts whose names match one of these globs, with or without ansible_.'),
  gather_subset: ansibleList
    .pipe(
      z.array(
        z.string().refine(isSubset, { error: ({ input }) => `there is no subset of facts ${String(input)}` }),
      ),
    )
    .default(['all'])
    .describe('What to return, such as all, min, network, hardware, virtual, or with ! before it what not.'),
  gather_timeout: integer
    .default(10)
    .describe('Taken for the sake of existing playbooks; nothing here waits longer.'),
  fact_path: hostPath
    .default('/etc/ansible/facts.d')
    .describe('Directory of the host with files and programs that give ansible_local.'),
});

export default action({
  summary: 'Gather facts about hosts.',
  params,
  effect: 'reads',

  async run({ filter, gather_subset, fact_path }, host) {
    const [all, local] = await Promise.all([
      host.ask(facts, sectionsOf(gather_subset)),
      wantsLocal(gather_subset) ? host.ask(localFacts, fact_path) : {},
    ]);
    const patterns = filter.filter((glob) => glob !== '').map(globPattern);
    const chosen = Object.entries(chooseFacts({ ...all, local }, gather_subset))
      .map(([name, value]) => [`ansible_${name}`, value] as const)
      .filter(
        ([name]) =>
          patterns.length === 0 ||
          patterns.some((glob) => glob.test(name) || glob.test(name.slice('ansible_'.length))),
      );
    const gathered = Object.fromEntries(chosen);
    const about = patterns.length > 0 ? {} : { gather_subset, module_setup: true };
    const found = { ...gathered, ...about };
    return { changed: false, facts: found, values: { ansible_facts: found } };
  },
});
