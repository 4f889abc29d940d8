import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { action } from './contract.ts';
import { ansibleBoolean, moduleParams } from './shared/params.ts';

const params = moduleParams({
  data: z
    .record(z.string(), z.unknown(), { error: "The 'data' option needs to be a dictionary/hash" })
    .default({})
    .describe('Names and values to show at the end of the run.'),
  per_host: ansibleBoolean.default(false).describe('Keep a value for each host, not one for all.'),
  aggregate: ansibleBoolean
    .default(true)
    .describe('Add to what was set before: numbers are summed, texts and lists joined, dicts merged.'),
});

export default action<z.output<typeof params>>({
  summary: 'Set values that are shown at the end of the run.',
  params,
  effect: 'reads',

  async run({ data, per_host, aggregate }) {
    const wrong = Object.keys(data).find((name) => !/^[A-Za-z_]\w*$/.test(name));
    if (wrong !== undefined) throw new TaskFailure(`Invalid variable name ${JSON.stringify(wrong)} in data`);
    return {
      changed: false,
      statistics: { data, perHost: per_host, aggregate },
      values: { ansible_stats: { data, per_host, aggregate } },
    };
  },
});
