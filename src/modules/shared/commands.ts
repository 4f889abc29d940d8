import { z } from 'zod';
import type { HostReader, Output } from '../../host/contract.ts';
import { stat } from '../../host/queries/stat.ts';
import { rawShell, sh } from '../../host/sh.ts';
import type { ActionResult, Context } from '../contract.ts';
import { ansibleBoolean, anyPath, hostPath, text } from './params.ts';
import { pythonDelta, pythonStamp } from './python-time.ts';

/** Parameters that command and shell share. */
export const commandParams = {
  chdir: hostPath.optional().describe('Directory of the host to run it in.'),
  creates: anyPath
    .optional()
    .describe('A path or a pattern; when something is there the command is not run.'),
  removes: anyPath.optional().describe('A path or a pattern; when nothing is there the command is not run.'),
  stdin: text.optional().describe("Text for the command's standard input."),
  stdin_add_newline: ansibleBoolean.default(true).describe('End the standard input with a newline.'),
  strip_empty_ends: ansibleBoolean
    .default(true)
    .describe('Take empty lines off the end of stdout and stderr.'),
};
const shape = z.object(commandParams);
type Shared = z.output<typeof shape>;

/** Why a command need not run, by `creates` and `removes`. */
export async function nothingToDo(want: Shared, host: HostReader): Promise<string | undefined> {
  const at = (path: string) =>
    path.startsWith('/') || want.chdir === undefined ? path : `${want.chdir.replace(/\/+$/, '')}/${path}`;
  if (want.creates !== undefined && (await exists(at(want.creates), host)))
    return `skipped, since ${want.creates} exists`;
  if (want.removes !== undefined && !(await exists(at(want.removes), host)))
    return `skipped, since ${want.removes} does not exist`;
  return undefined;
}

/** The same as the result of Ansible's command module. */
export async function settledCommand(
  want: Shared,
  cmd: string | readonly string[],
  host: HostReader,
  { check }: Context,
): Promise<ActionResult | undefined> {
  const skipped = await nothingToDo(want, host);
  if (skipped === undefined) return undefined;
  const why = skipped === `skipped, since ${want.creates} exists` ? 'exists' : 'does not exist';
  const path = why === 'exists' ? want.creates : want.removes;
  const values = {
    cmd,
    rc: 0,
    msg: `${check ? 'Would' : 'Did'} not run command since '${path}' ${why}`,
    ...{ stdout: skipped, stdout_lines: [skipped], stderr: '', stderr_lines: [] },
    ...{ start: null, end: null, delta: null },
  };
  return { changed: false, skipped, values };
}

/** The keys of Ansible's command module in check mode, and where that has none those of a run that said nothing. */
export function unrunCommand(
  cmd: string | readonly string[],
  { creates, removes }: Pick<Shared, 'creates' | 'removes'>,
): Record<string, unknown> {
  const asked = creates !== undefined || removes !== undefined;
  return {
    cmd,
    rc: 0,
    msg: 'Command would have run if not in check mode',
    ...{ stdout: '', stdout_lines: [], stderr: '', stderr_lines: [] },
    ...{ start: null, end: null, delta: null },
    ...(asked ? {} : { skipped: true }),
  };
}

async function exists(path: string, host: HostReader): Promise<boolean> {
  if (!/[*?[]/.test(path)) return (await host.ask(stat, { path })) !== undefined;
  const pattern = path.replaceAll(/[^\w./*?[\]!^-]/g, '\\$&');
  const found = await host.look(sh`set -- ${rawShell(pattern)}; [ -e "$1" ] || [ -L "$1" ]`, {
    expect: [0, 1],
  });
  return found.code === 0;
}

/** What command and shell give to `host.run`. */
export function runOptions(want: Shared) {
  const newline = want.stdin_add_newline && !want.stdin?.endsWith('\n') ? '\n' : '';
  return {
    expect: 'any' as const,
    shown: true,
    ...(want.stdin === undefined ? {} : { stdin: want.stdin + newline }),
    ...(want.chdir === undefined ? {} : { directory: want.chdir }),
  };
}

/** The result with the keys that Ansible's command module returns. */
export function commandResult(
  cmd: string | readonly string[],
  output: Output,
  started: Date,
  strip: boolean,
): ActionResult {
  const ended = new Date();
  const [stdout, stderr] = [output.stdout, output.stderr].map((said) =>
    strip ? said.replace(/[\r\n]+$/, '') : said,
  ) as [string, string];
  const said = (stderr || stdout).split('\n').slice(-5).join('\n');
  return {
    changed: true,
    ...(output.code === 0 ? {} : { failed: `exit code ${output.code}${said ? `\n${said}` : ''}` }),
    values: {
      cmd,
      rc: output.code,
      stdout,
      stderr,
      stdout_lines: lines(stdout),
      stderr_lines: lines(stderr),
      start: pythonStamp(started),
      end: pythonStamp(ended),
      msg: output.code === 0 ? '' : 'non-zero return code',
      delta: pythonDelta(ended.getTime() - started.getTime()),
    },
  };
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split(/\r?\n/);
}
