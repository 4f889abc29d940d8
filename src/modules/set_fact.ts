import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { action } from './contract.ts';
import { ansibleBoolean } from './shared/params.ts';

const params = z.looseObject({
  cacheable: ansibleBoolean
    .default(false)
    .describe('Makes facts of the variables too, which later plays and other hosts find in ansible_facts.'),
});

export default action<z.output<typeof params>>({
  summary: 'Set variables of a host for the rest of the run.',
  params,
  effect: 'reads',

  async run({ cacheable, ...variables }) {
    const names = Object.keys(variables);
    if (names.length === 0)
      throw new TaskFailure(
        'No key/value pairs provided, at least one is required for this action to succeed',
      );
    const wrong = names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
    if (wrong !== undefined) throw new TaskFailure(`${wrong} is no name for a variable`);
    return {
      changed: false,
      variables,
      ...(cacheable ? { facts: variables } : {}),
      values: { ansible_facts: variables },
    };
  },
});
