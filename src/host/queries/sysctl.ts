import type { Query } from '../contract.ts';
import { sh } from '../sh.ts';

/**
 * The kernel's value of a file below /proc/sys; undefined when there is none that can be read. One `grep` for all:
 * the shell's `read` takes single bytes, and the kernel gives numbers only to who reads them in one piece.
 */
export const sysctl: Query<string, string | undefined> = {
  name: 'sysctl',
  key: (path) => path,
  script: (paths) => sh`LC_ALL=C grep -asHZ '' -- ${paths}
:`,

  parse(stdout, paths) {
    const values = new Map<string, string>();
    for (const [, path = '', line = ''] of stdout.toString('utf8').matchAll(/([^\0\n]+)\0(.*)\n?/g))
      values.set(path, `${values.get(path) ?? ''} ${line}`);
    return paths.map((path) => values.get(path)?.trim().replaceAll(/\s+/g, ' '));
  },
};
