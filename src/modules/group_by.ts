import type { z } from 'zod';
import { action } from './contract.ts';
import { ansibleList, moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  key: text.describe('Name of the group that the host joins, made of facts or variables.'),
  parents: ansibleList.default(['all']).describe('Groups that this group belongs to.'),
});

export default action<z.output<typeof params>>({
  summary: 'Let hosts join groups that are named after their facts.',
  params,
  effect: 'reads',

  async run(want, host) {
    const group = want.key.replaceAll(' ', '-');
    const parents = want.parents.map((name) => name.replaceAll(' ', '-'));
    return {
      // Whether the host or the group is new there is known to the engine.
      changed: false,
      joins: { host: host.name, groups: [group], parents },
      values: { add_group: group, parent_groups: parents },
    };
  },
});
