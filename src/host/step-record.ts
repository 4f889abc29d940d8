import { stepFile } from './frames.ts';
import { idle } from './lock.ts';
import { type Command, sh } from './sh.ts';

/** What a host says of the last step that its shell of root noted. */
export interface StepRecord {
  /** The present boot. */
  readonly boot: string;
  readonly noted?: {
    readonly boot: string;
    readonly frame: string;
    readonly id: number;
    /** Its exit code, once it has ended. */
    readonly code?: number;
  };
  /** The shell that noted it is still there. */
  readonly isAlive: boolean;
}

/**
 * Asks what became of a step of a shell whose connection was lost. That shell is ended if it does nothing but wait for
 * more: it holds the host's lock.
 * @param record the step's name in the record
 */
export function askStep(record: string | undefined): Command {
  const frame = record?.split(' ', 1)[0] ?? '';
  return sh`read -r boot </proc/sys/kernel/random/boot_id; echo "$boot"
{ IFS= read -r noted <${stepFile}; } 2>/dev/null || noted=
echo "$noted"
read -r pid since frame rest <<.
$noted
.
[ -n "$pid" ] && [ "$since" = "$boot" ] && [ "$pid" != $$ ] && [ -d "/proc/$pid" ] || exit 0
echo alive
${idle}
[ "$frame" != ${frame} ] || ! idle "$pid" || kill "$pid" $(cat "/proc/$pid/task/$pid/children")
exit 0`;
}

/** Reads its answer. */
export function parseStep(stdout: string): StepRecord {
  const [boot = '', line = '', alive] = stdout.split('\n');
  const [, then, frame, id, code] = line.split(' ');
  if (!then || !frame || !id) return { boot, isAlive: false };
  const noted = { boot: then, frame, id: Number(id), ...(code && { code: Number(code) }) };
  return { boot, noted, isAlive: alive === 'alive' };
}

/** What became of a step, as far as the record tells. `runs`: it may still change something. */
export function became(
  record: string,
  { boot, noted, isAlive }: StepRecord,
): { readonly words: string; readonly runs?: true } {
  const [frame, id] = record.split(' ');
  const isOurs = noted?.frame === frame && noted?.id === Number(id);
  if (isOurs && noted?.code !== undefined) return { words: `it had ended with exit code ${noted.code}` };
  if (noted?.frame === frame && (noted?.id ?? 0) > Number(id))
    return { words: 'it had ended, and what was sent behind it had begun' };
  if (noted?.boot !== boot)
    return {
      words: isOurs
        ? 'the host was started anew in the middle of it'
        : 'the host was started anew, and has no record of it',
    };
  if (isOurs)
    return isAlive
      ? { words: 'it still runs there', runs: true }
      : { words: 'it was cut off: nothing there waits for its end' };
  return isAlive && noted?.code === undefined
    ? { words: 'it waits behind a step that still runs there', runs: true }
    : { words: 'it had not begun' };
}
