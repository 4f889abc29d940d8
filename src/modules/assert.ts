import { z } from 'zod';
import { action } from './contract.ts';
import { evaluated } from './shared/evaluated.ts';
import { ansibleBoolean, moduleParams, text } from './shared/params.ts';

const message = z.union([z.array(z.string()).transform((lines) => lines.join('\n')), text]);

const params = moduleParams({
  that: z
    .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(evaluated).min(1))
    .describe('Conditions that must all hold, written as in when.'),
  fail_msg: message
    .default('Assertion failed')
    .describe('What to say when one does not hold.')
    .meta({ aliases: ['msg'] }),
  success_msg: message.optional().describe('What to say when all hold.'),
  quiet: ansibleBoolean.default(false).describe('Say nothing when all hold.'),
});

export default action<z.output<typeof params>>({
  summary: 'Fail unless conditions hold.',
  params,
  expressions: ['that'],
  conditions: ['that'],
  effect: 'reads',

  async run(want, _host, context) {
    const broken = want.that.find(({ value }) => !holds(value));
    if (broken !== undefined) {
      const { expression: assertion } = broken;
      const failed = `${want.fail_msg}: ${assertion}`;
      return { changed: false, failed, values: { evaluated_to: false, assertion, msg: want.fail_msg } };
    }
    const msg = want.success_msg ?? 'All assertions passed';
    if (!want.quiet && want.success_msg !== undefined) context.say(msg);
    return { changed: false, values: { msg } };
  },
});

/** As Ansible takes conditions: text from a template says yes or no. */
function holds(value: unknown): boolean {
  if (typeof value === 'string')
    return !['', 'false', 'no', 'off', '0', 'none'].includes(value.trim().toLowerCase());
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
