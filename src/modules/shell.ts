import type { z } from 'zod';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { commandParams, commandResult, runOptions, settledCommand, unrunCommand } from './shared/commands.ts';
import { hostPath, moduleParams, text } from './shared/params.ts';

const params = moduleParams({
  cmd: text.describe('The shell text to run.').meta({ aliases: ['_raw_params'] }),
  executable: hostPath.optional().describe('The shell to run it with. Default: /bin/sh.'),
  ...commandParams,
});

export default action<z.output<typeof params>>({
  summary: 'Run shell text on hosts.',
  params,
  freeForm: 'cmd',
  effect: 'changes',
  unrun: (want) => unrunCommand(want.cmd, want),
  settled: (want, host, context) => settledCommand(want, want.cmd, host, context),

  async run(want, host) {
    const started = new Date();
    // eval keeps the text out of every process's arguments, where other users of the host could read it.
    const command =
      want.executable === undefined ? sh`(eval ${want.cmd})` : sh`${want.executable} -c ${want.cmd}`;
    const output = await host.run(command, runOptions(want));
    return commandResult(want.cmd, output, started, want.strip_empty_ends);
  },
});
