import { z } from 'zod';
import { action } from './contract.ts';
import { evaluated } from './shared/evaluated.ts';
import { integer, withAliases } from './shared/params.ts';

const params = withAliases(
  z
    .strictObject({
      msg: z.unknown().optional().describe('What to show. Hello world! when it is not given.'),
      var: evaluated.optional().describe('A variable or expression whose value is shown, without braces.'),
      verbosity: integer.default(0).describe('Shown only with that many -v.'),
    })
    .refine((want) => want.msg === undefined || want.var === undefined, {
      error: 'give only one of msg and var',
    }),
);

export default action<z.output<typeof params>>({
  summary: 'Show a message or the value of a variable.',
  params,
  expressions: ['var'],
  effect: 'reads',

  async run(want, _host, context) {
    if (want.verbosity > (context.verbosity ?? 0))
      return {
        changed: false,
        skipped: `shown with ${`-${'v'.repeat(want.verbosity)}`}`,
        values: { skipped: true, skipped_reason: 'Verbosity threshold not met.' },
      };
    const [name, shown] =
      want.var === undefined ? ['msg', want.msg ?? 'Hello world!'] : [want.var.expression, want.var.value];
    const lines = plain(shown).split('\n');
    if (want.var !== undefined) lines[0] = `${name}: ${lines[0]}`;
    for (const line of lines) context.say(line, 'message');
    return { changed: false, values: { [name]: shown } };
  },
});

function plain(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'VARIABLE IS NOT DEFINED!');
}
