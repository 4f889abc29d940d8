import type { Known, Query } from '../contract.ts';
import { all, type Command, rawShell, sh } from '../sh.ts';

/** The SHA-256 of a regular file (links followed), hexadecimal; undefined for anything else. One process for all. */
export const sha256: Query<string, string | undefined> = {
  name: 'sha256',
  key: (path) => path,

  script(paths) {
    const tests = paths.map((path) => sh`[ -f ${guarded(path)} ] && set -- "$@" ${path}`.text);
    return rawShell(`set --
${tests.join('\n')}
[ $# -eq 0 ] || sha256sum -z -- "$@" 2>/dev/null
:`);
  },

  still: (known) => sameSums(known),

  parse(stdout, paths) {
    const sums = new Map<string, string>();
    for (const record of stdout.toString('utf8').split('\0')) {
      if (record === '') continue;
      const match = /^([0-9a-f]{64}) [ *](.*)$/s.exec(record);
      if (match === null) throw new Error(`unexpected answer of sha256sum: ${record}`);
      sums.set(match[2]!, match[1]!);
    }
    return paths.map((path) => sums.get(path));
  },
};

/** A condition that holds while files have these sums, and there are none where there is no sum. */
export function sameSums(known: readonly Known<string, string | undefined>[]): Command {
  const files = known.filter(({ answer }) => answer !== undefined);
  const said = files.map(({ arg, answer }) => `${answer}  ${arg}`).join('');
  return all([
    ...known.filter(({ answer }) => answer === undefined).map(({ arg }) => sh`[ ! -f ${guarded(arg)} ]`),
    // The shell drops the NUL bytes between them.
    ...(files.length === 0
      ? []
      : [sh`[ "$(sha256sum -z -- ${files.map(({ arg }) => arg)} 2>/dev/null)" = ${said} ]`]),
  ]);
}

/** A path that `[` cannot take for an operator. */
function guarded(path: string): string {
  return path.startsWith('/') ? path : `./${path}`;
}
