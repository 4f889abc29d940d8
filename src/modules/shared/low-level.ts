import type { Output } from '../../host/contract.ts';
import type { ActionResult } from '../contract.ts';
import { pythonLines } from './lines.ts';

/** The keys that raw and script have in check mode, and those that a run has. */
export function unrunLowLevel(cmd: string): Record<string, unknown> {
  return {
    cmd,
    rc: 0,
    skipped: true,
    msg: 'Check mode is not supported for this task.',
    ...{ stdout: '', stdout_lines: [], stderr: '', stderr_lines: [] },
  };
}

/** The result of raw and script: what was said as it was said, with the last newline. */
export function lowLevelResult({ code, stdout, stderr }: Output): ActionResult {
  const said = (stderr || stdout).trimEnd().split('\n').slice(-5).join('\n');
  return {
    changed: true,
    ...(code === 0 ? {} : { failed: `non-zero return code (${code})${said ? `\n${said}` : ''}` }),
    values: {
      rc: code,
      stdout,
      stdout_lines: pythonLines(stdout),
      stderr,
      stderr_lines: pythonLines(stderr),
    },
  };
}
