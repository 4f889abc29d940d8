import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { action } from './contract.ts';

const params = z.looseObject({
  cacheable: z
    .unknown()
    .optional()
    .describe('Accepted for playbooks written for Ansible; facts last for one run.'),
});

export default action<z.output<typeof params>>({
  summary: 'Set variables of a host for the rest of the run.',
  params,
  effect: 'reads',

  async run({ cacheable: _cacheable, ...facts }) {
    const wrong = Object.keys(facts).find((name) => !/^[A-Za-z_]\w*$/.test(name));
    if (wrong !== undefined) throw new TaskFailure(`${wrong} is no name for a variable`);
    return { changed: false, facts, values: { ansible_facts: facts } };
  },
});
