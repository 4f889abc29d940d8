import { createHash } from 'node:crypto';
import { TaskFailure } from '../../errors.ts';
import type { Query } from '../contract.ts';
import { rawShell, sh } from '../sh.ts';
import { sameSums } from './sha256.ts';

/**
 * The bytes of regular files (links followed); undefined where there is none. One `stat` and one `cat` for all.
 * Not for /proc and /sys, whose files do not tell their size.
 */
export const contents: Query<string, Buffer | undefined> = {
  name: 'contents',
  key: (path) => path,

  script(paths) {
    const tests = paths.map((path) => sh`[ -f ${path} ] && set -- "$@" ${path}`.text);
    return rawShell(`set --
${tests.join('\n')}
[ $# -eq 0 ] || stat -L --printf='%s %n\\0' -- "$@"
printf '\\0'
[ $# -eq 0 ] || cat -- "$@"`);
  },

  still: (known) =>
    sameSums(
      known.map(({ arg, answer }) => ({
        arg,
        answer: answer && createHash('sha256').update(answer).digest('hex'),
      })),
    ),

  parse(stdout, paths) {
    const files = new Map<string, Buffer>();
    const sizes: [string, number][] = [];
    let offset = 0;
    for (;;) {
      const end = stdout.indexOf(0, offset);
      if (end < 0) throw new Error('the list of files has no end');
      const record = stdout.toString('utf8', offset, end);
      offset = end + 1;
      if (record === '') break;
      const space = record.indexOf(' ');
      sizes.push([record.slice(space + 1), Number(record.slice(0, space))]);
    }
    for (const [path, size] of sizes) {
      files.set(path, stdout.subarray(offset, offset + size));
      offset += size;
    }
    if (offset !== stdout.length)
      throw new TaskFailure(
        `cannot read ${sizes.map(([path]) => path).join(', ')}: changed while being read, or not readable`,
        stdout.toString('utf8', Math.min(offset, stdout.length)).slice(0, 500) || undefined,
      );
    return paths.map((path) => files.get(path));
  },
};
