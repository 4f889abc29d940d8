/** The option that tar needs to read an archive from a pipe, by its first bytes. */
export function compressionFlags(archive: Buffer): string[] {
  const magic = archive.subarray(0, 6).toString('hex');
  if (magic.startsWith('1f8b')) return ['--gzip'];
  if (magic.startsWith('425a68')) return ['--bzip2'];
  if (magic === 'fd377a585a00') return ['--xz'];
  return magic.startsWith('28b52ffd') ? ['--zstd'] : [];
}

/** What is given by parameters and therefore not taken from the archive. */
export interface TarWish {
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
  readonly keep_newer: boolean;
}

const difference =
  /^(.+): (Mode differs|Uid differs|Gid differs|Mod time differs|Size differs|Contents differ|File type differs|Symlink differs|Not linked to .+|Device number changed)$/;
const missing = /^tar: (.+): Warning: Cannot (?:stat|open|readlink): (.+)$/;

/** Members and differences in what `LC_ALL=C tar --diff --verbose` says. */
export function readComparison(
  stdout: string,
  stderr: string,
  want: TarWish,
): { members: string[]; differing: string[] } {
  const ignored = [
    ...(want.owner === undefined ? [] : ['Uid differs']),
    ...(want.group === undefined ? [] : ['Gid differs']),
    ...(want.mode === undefined ? [] : ['Mode differs']),
    ...(want.keep_newer ? ['Mod time differs'] : []),
  ];
  const lines = stdout.split('\n').filter((line) => line !== '');
  const members = lines.filter((line) => !difference.test(line));
  const differing = lines.flatMap((line) => {
    const [, name, what = ''] = difference.exec(line) ?? [];
    return name === undefined || ignored.includes(what) ? [] : [`${name}: ${what}`];
  });
  const absent = stderr.split('\n').flatMap((line) => {
    const [, name, why] = missing.exec(line) ?? [];
    return name === undefined ? [] : [`${name}: ${why}`];
  });
  return {
    members: members
      .map((name) => name.replace(/^\/(?=.)/, ''))
      .filter((name) => !['', '/', '.'].includes(name)),
    differing: [...differing, ...absent],
  };
}
