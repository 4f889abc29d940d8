import { z } from 'zod';
import { rawShell, sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { commandParams, commandResult, runOptions, settledCommand, unrunCommand } from './shared/commands.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { splitWords, withVariables } from './shared/words.ts';

const params = withAliases(
  z
    .strictObject({
      cmd: text
        .optional()
        .describe('The command with its arguments in one line.')
        .meta({ aliases: ['_raw_params'] }),
      argv: z
        .array(text)
        .min(1)
        .optional()
        .describe('The command with its arguments as a list, in place of cmd.'),
      expand_argument_vars: ansibleBoolean
        .default(true)
        .describe("Replace $NAME, in braces or not, by the host's environment variable of that name."),
      ...commandParams,
    })
    .refine((want) => (want.cmd === undefined) !== (want.argv === undefined), {
      error: 'give exactly one of cmd and argv',
    }),
);

export default action<z.output<typeof params>>({
  summary: 'Run a command on hosts, without a shell.',
  params,
  freeForm: 'cmd',
  effect: 'changes',
  unrun: (want) => unrunCommand(want.argv ?? splitWords(want.cmd ?? ''), want),
  settled: (want, host, context) =>
    settledCommand(want, want.argv ?? splitWords(want.cmd ?? ''), host, context),

  async run(want, host) {
    const words = want.argv ?? splitWords(want.cmd ?? '');
    if (words.length === 0) return { changed: false, failed: 'no command given', values: { rc: 256 } };
    const shown = words.map((word) => (want.expand_argument_vars ? withVariables(word) : sh`${word}`).text);
    const started = new Date();
    // Through env, so that the first word is always a program and never a builtin or a keyword of the shell.
    const output = await host.run(rawShell(`env -- ${shown.join(' ')}`), runOptions(want));
    // env(1) could not start it: Ansible's module answers with the number of ENOENT.
    if (output.code === 127 && output.stderr.startsWith('env: ')) {
      const failed = `[Errno 2] No such file or directory: b'${words[0]}'`;
      const silence = { stdout: '', stdout_lines: [], stderr: '', stderr_lines: [] };
      const cmd = sh`${words}`.text;
      return { changed: false, failed, values: { cmd, rc: 2, msg: failed, ...silence } };
    }
    return commandResult(words, output, started, want.strip_empty_ends);
  },
});
