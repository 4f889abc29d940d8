import { facts } from '../host/facts.ts';
import { action } from './contract.ts';
import { ansibleList, integer, moduleParams } from './shared/params.ts';

const params = moduleParams({
  filter: ansibleList.default([]).describe('Return only facts whose names match one of these globs.'),
  gather_subset: ansibleList
    .default(['all'])
    .describe('Taken for the sake of existing playbooks; all facts are gathered at once in any case.'),
  gather_timeout: integer
    .default(10)
    .describe('Taken for the sake of existing playbooks; nothing here waits.'),
});

export default action({
  summary: 'Gather facts about hosts.',
  params,
  effect: 'reads',

  async run({ filter }, host) {
    const all = await host.ask(facts, undefined);
    const wanted = filter.map((glob) => expression(glob.replace(/^ansible_/, '')));
    const chosen =
      wanted.length === 0
        ? all
        : Object.fromEntries(Object.entries(all).filter(([name]) => wanted.some((glob) => glob.test(name))));
    return { changed: false, facts: chosen, values: { ansible_facts: chosen } };
  },
});

function expression(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`);
}
