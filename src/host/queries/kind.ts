import type { Query } from '../contract.ts';
import { all, sh } from '../sh.ts';

export type Kind = 'directory' | 'other';

/**
 * Whether a path (links followed) is a directory, something else, or not there: undefined. No process at all, for
 * what is asked beside other questions just in case.
 */
export const kindOf: Query<string, Kind | undefined> = {
  name: 'kindOf',
  key: (path) => path,

  script: (paths) =>
    sh`for p in ${paths}; do if [ -d "$p" ]; then echo d; elif [ -e "$p" ]; then echo o; else echo -; fi; done`,

  still: (known) =>
    all(
      known.map(({ arg, answer }) => {
        if (answer === 'directory') return sh`[ -d ${arg} ]`;
        return answer === 'other' ? sh`[ -e ${arg} ] && [ ! -d ${arg} ]` : sh`[ ! -e ${arg} ]`;
      }),
    ),

  parse(stdout, paths) {
    const letters = stdout.toString('latin1').split('\n');
    return paths.map((path, index) => {
      if (letters[index] === 'd') return 'directory';
      if (letters[index] === 'o') return 'other';
      if (letters[index] === '-') return undefined;
      throw new Error(`unexpected answer for ${path}: ${letters[index]}`);
    });
  },
};
