import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { action } from './contract.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { pythonStamp } from './shared/python-time.ts';

/** As Ansible reads it: int() of a number, whose fraction is lost. */
const whole = z.preprocess(
  (value) =>
    typeof value === 'number' || (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value))
      ? Math.trunc(Number(value))
      : value,
  z.int({ error: 'expected a whole number' }),
);

const params = withAliases(
  z
    .strictObject({
      seconds: whole.optional().describe('Seconds to wait; at least 1.'),
      minutes: whole.optional().describe('Minutes to wait.'),
      prompt: text
        .optional()
        .describe('What to say while it waits, or to ask when no time is given: the line that comes back.'),
      echo: ansibleBoolean.default(true).describe('Show what is typed.'),
    })
    .refine((want) => want.seconds === undefined || want.minutes === undefined, {
      error: 'parameters are mutually exclusive: minutes|seconds',
      path: ['minutes'],
    }),
);

export default action<z.output<typeof params>>({
  summary: 'Wait for some time, or for an answer at the terminal.',
  params,
  effect: 'reads',
  once: true,

  async run(want, _host, context) {
    const start = new Date();
    const asked = want.minutes === undefined ? want.seconds : want.minutes * 60;
    let input = '';
    if (asked !== undefined) {
      const seconds = Math.max(1, asked);
      if (want.prompt) context.say(want.prompt, 'message');
      context.say(`Pausing for ${seconds} seconds${want.echo ? '' : ' (output is hidden)'}`, 'message');
      await setTimeout(seconds * 1000);
    } else if (context.prompt === undefined)
      context.warn('Not waiting for response to prompt as stdin is not interactive');
    else {
      const hidden = want.echo ? '' : ' (output is hidden)';
      const question = want.prompt ?? 'Press enter to continue, Ctrl+C to interrupt';
      input = await context.prompt({ text: `${question}${hidden}:`, echo: want.echo });
    }
    const stop = new Date();
    const elapsed = (stop.getTime() - start.getTime()) / 1000;
    const inSeconds = want.minutes === undefined && want.seconds !== undefined;
    const shown = inSeconds ? elapsed : elapsed / 60;
    return {
      changed: false,
      values: {
        rc: 0,
        stderr: '',
        stdout: `Paused for ${pythonFloat(shown)} ${inSeconds ? 'seconds' : 'minutes'}`,
        start: pythonStamp(start),
        stop: pythonStamp(stop),
        delta: Math.floor(elapsed),
        echo: want.echo,
        user_input: input,
      },
    };
  },
});

/** round(x, 2) as Python prints it: 1.0, 1.25. */
function pythonFloat(number: number): string {
  const text = String(Math.round(number * 100) / 100);
  return text.includes('.') ? text : `${text}.0`;
}
