import { randomBytes } from 'node:crypto';
import { basename, isAbsolute } from 'node:path';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { rawShell, sh } from '../host/sh.ts';
import { readDecrypted } from '../vault/files.ts';
import { type ActionResult, action, type Context } from './contract.ts';
import { nothingToDo } from './shared/commands.ts';
import { lowLevelResult, unrunLowLevel } from './shared/low-level.ts';
import { hostPath, text, withAliases } from './shared/params.ts';
import { splitWords } from './shared/words.ts';

const params = withAliases(
  z
    .strictObject({
      free_form: text
        .optional()
        .describe('Script of the controller, looked for in files/, and its arguments.')
        .meta({ aliases: ['_raw_params'] }),
      cmd: text.optional().describe('The same, in place of the free form.'),
      creates: text
        .optional()
        .describe('A path or a pattern; when something is there the script is not run.'),
      removes: text.optional().describe('A path or a pattern; when nothing is there the script is not run.'),
      chdir: hostPath.optional().describe('Directory of the host to run it in.'),
      executable: text
        .optional()
        .describe('Program of the host to run the script with. Default: its first line.'),
    })
    .refine((want) => (want.free_form === undefined) !== (want.cmd === undefined), {
      error: 'give the script and its arguments, once',
      path: ['cmd'],
    }),
);
type Want = z.output<typeof params>;

export default action<Want>({
  summary: 'Run a script of the controller on hosts.',
  params,
  freeForm: 'free_form',
  effect: 'changes',
  unrun: ({ free_form, cmd }) => unrunLowLevel(free_form ?? cmd ?? ''),

  async settled({ creates, removes }, host) {
    const skip = { stdin_add_newline: false, strip_empty_ends: false };
    // Unlike that of command and shell, its end is Ansible's "skipping".
    const skipped = (msg: string): ActionResult => ({
      changed: false,
      skipped: msg,
      values: { skipped: true, msg },
    });
    if ((await nothingToDo({ creates, ...skip }, host)) !== undefined)
      return skipped(`${creates} exists, matching creates option`);
    if ((await nothingToDo({ removes, ...skip }, host)) !== undefined)
      return skipped(`${removes} does not exist, matching removes option`);
    return undefined;
  },

  async run(want, host, context) {
    const line = (want.free_form ?? want.cmd ?? '').trim();
    const [source] = splitWords(line);
    if (source === undefined) throw new TaskFailure('script: no script given');
    const content = readScript(source, context);
    const folder = `/tmp/.foobar-${randomBytes(8).toString('hex')}`;
    const path = `${folder}/${basename(source)}`;
    // As Ansible: the script's name gives way to where it is now, and the rest of the line is the shell's to read.
    const command = line.includes(source) ? line.replace(source, () => path) : `${sh`${path}`.text}`;
    const program = want.executable === undefined ? '' : `${want.executable} `;
    const go = want.chdir === undefined ? sh`` : sh`cd ${want.chdir} || exit`;
    const output = await host.run(
      sh`mkdir -m 700 ${folder} || exit; trap ${sh`rm -rf ${folder}`.text} EXIT
cat >${path} && chmod 700 ${path} || exit
(${go}
${rawShell(program + command)}
) </dev/null`,
      { stdin: content, expect: 'any', shown: true },
    );
    return lowLevelResult(output);
  },
});

function readScript(source: string, context: Context): Buffer {
  const file = isAbsolute(source) ? source : context.find('files', source);
  try {
    return readDecrypted(file);
  } catch (error) {
    if (error instanceof TaskFailure) throw error;
    throw new TaskFailure(`cannot read the script ${file} on the controller: ${(error as Error).message}`);
  }
}
