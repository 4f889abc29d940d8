import type { z } from 'zod';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { lowLevelResult, unrunLowLevel } from './shared/low-level.ts';
import { hostPath, moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  free_form: text.describe('The shell text to run.').meta({ aliases: ['_raw_params'] }),
  executable: hostPath.optional().describe('The shell to run it with. Default: that of the connection.'),
});

export default action<z.output<typeof params>>({
  summary: 'Run shell text on hosts as it is, without anything around it.',
  params,
  freeForm: 'free_form',
  effect: 'changes',
  unrun: ({ free_form }) => unrunLowLevel(free_form),

  async run({ free_form, executable }, host) {
    // eval keeps the text out of every process's arguments, where other users of the host could read it.
    const command = executable === undefined ? sh`(eval ${free_form})` : sh`${executable} -c ${free_form}`;
    return lowLevelResult(await host.run(command, { expect: 'any', shown: true }));
  },
});
