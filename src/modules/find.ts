import type { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { sh } from '../host/sh.ts';
import { action } from './contract.ts';
import { type Found, findFacts, listTree, walk } from './shared/find.ts';
import { findParams } from './shared/find-params.ts';
import { pythonRegex } from './shared/python-regex.ts';

type Want = z.output<typeof findParams>;

export default action<Want>({
  summary: 'Return a list of files that meet criteria.',
  params: findParams,
  effect: 'reads',

  async run(want, host, context) {
    const now = Date.now() / 1000;
    const skipped: Record<string, string> = {};
    const trees = await Promise.all(want.paths.map((path) => listTree(path, want, host)));
    for (const [index, tree] of trees.entries()) {
      const path = want.paths[index]!;
      for (const { path: denied, reason } of tree.denied) skipped[denied] = reason;
      if (tree.isDirectory) continue;
      skipped[path] = `'${path}' is not a directory`;
      context.warn(`Skipped '${path}' path due to this access issue: ${skipped[path]}\n`);
    }
    const clock = trees[0]?.now ?? now;
    let containing: ReadonlySet<string> | undefined;
    if (want.contains !== undefined && want.file_type === 'file') {
      const all = walk(trees, { ...want, limit: undefined }, clock, undefined);
      containing = await filesContaining(all.found, want, host);
    }
    const { found, examined } = walk(trees, want, clock, containing);
    const sums = want.get_checksum ? await checksums(found, want.checksum_algorithm, host) : undefined;
    const files = found.map((file) => ({
      ...findFacts(file),
      ...(sums?.has(file.path) ? { checksum: sums.get(file.path) } : {}),
    }));
    const limited = want.limit !== undefined && found.length === want.limit;
    const msg = trees.every((tree) => tree.isDirectory)
      ? limited
        ? 'Limit of matches reached'
        : 'All paths examined'
      : 'Not all paths examined, check warnings for details';
    return {
      changed: false,
      values: { files, msg, matched: files.length, examined, skipped_paths: skipped },
    };
  },
});

/**
 * The files that hold what `contains` matches. grep reads them on the host, so that no log travels: its Perl
 * expressions mean what Python's do. Python's match() wants the beginning of a line, search() takes any place.
 */
async function filesContaining(found: readonly Found[], want: Want, host: HostReader): Promise<Set<string>> {
  const expression = want.read_whole_file ? wholeExpression(want.contains ?? '') : `^(?:${want.contains})`;
  const whole = want.read_whole_file ? ['-z'] : [];
  const { code, stdout, stderr } = await host.look(
    sh`xargs -0 -r env LC_ALL=C.UTF-8 grep -aPlZs ${whole} -e ${expression} --`,
    { stdin: joined(found), expect: 'any' },
  );
  // xargs says 123 when grep found nothing in some of the files, or could not read one.
  if (![0, 123].includes(code) || /^grep: (?!.*: )/m.test(stderr))
    throw new TaskFailure(`contains: ${stderr.trim() || `grep ended with exit code ${code}`}`);
  return new Set(stdout.split('\0').filter((path) => path !== ''));
}

/** In whole files grep takes `^` and `$` for those of every line: the translation says in other words what is meant. */
function wholeExpression(pattern: string): string {
  const { source, ignoreCase } = pythonRegex(pattern);
  return ignoreCase ? `(?i)${source}` : source;
}

async function checksums(
  found: readonly Found[],
  algorithm: string,
  host: HostReader,
): Promise<Map<string, string>> {
  const files = found.filter(({ type }) => type === 'f');
  const { stdout } = await host.look(sh`xargs -0 -r ${`${algorithm}sum`} -z -- 2>/dev/null`, {
    stdin: joined(files),
    expect: 'any',
  });
  const lines = stdout.split('\0').filter((line) => line !== '');
  return new Map(
    lines.map((line): [string, string] => {
      const space = line.indexOf(' ');
      return [line.slice(space + 2), line.slice(0, space)];
    }),
  );
}

function joined(found: readonly Found[]): Buffer {
  return Buffer.from(found.map(({ path }) => `${path}\0`).join(''));
}
