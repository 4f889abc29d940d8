import { readFileSync } from 'node:fs';
import type { RunOptions } from '../../host/contract.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';
import { readDecrypted } from '../../vault/files.ts';
import type { Context } from '../contract.ts';
import { downloadConfig } from './curl.ts';
import { compressionFlags } from './tar.ts';

/** What unarchive is asked to do. */
interface Unpacking {
  readonly src: string;
  readonly dest: string;
  readonly remote_src: boolean;
  readonly copy?: boolean | undefined;
  readonly decrypt: boolean;
  readonly validate_certs: boolean;
  readonly extra_opts: readonly string[];
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly keep_newer: boolean;
}

/** How commands on the host get at an archive. */
export interface Archive {
  /** Known for one of the controller; of others the host tells. */
  readonly kind: 'tar' | 'zip' | undefined;
  /** Shell text after which `$a` is the archive's path: `-` for standard input. */
  readonly opening: Command;
  readonly flags: readonly string[];
  readonly options: RunOptions;
  /** It comes from a URL each time. */
  readonly fetched: boolean;
}

/** Between the two listings of a zip archive. */
export const between = '\n=== unzip -v ===\n';

export function isRemote({ copy, remote_src }: Pick<Unpacking, 'copy' | 'remote_src'>): boolean {
  return copy === undefined ? remote_src : !copy;
}

/** The archive of a task. One of the controller goes over standard input, so that nothing is left behind there. */
export function archiveOf(want: Unpacking, context: Context): Archive {
  const none = { kind: undefined, flags: [], options: {}, fetched: false };
  if (isRemote(want) && want.src.includes('://')) {
    const stdin = downloadConfig(want.src, want.validate_certs);
    return {
      ...none,
      opening: sh`${temporary}
curl --disable --config - --output "$t" || exit 97
a=$t`,
      options: { stdin },
      fetched: true,
    };
  }
  if (isRemote(want)) return { ...none, opening: sh`a=${want.src}; [ -e "$a" ] || exit 98` };
  const file = context.find('files', want.src);
  const stdin = want.decrypt ? readDecrypted(file) : readFileSync(file);
  const zip = stdin.subarray(0, 2).toString('latin1') === 'PK';
  return {
    ...none,
    kind: zip ? 'zip' : 'tar',
    opening: zip ? sh`${temporary}; cat >"$t"; a=$t` : sh`a=-`,
    flags: zip ? [] : compressionFlags(stdin),
    options: { stdin },
  };
}

const temporary = rawShell(`t=$(mktemp) || exit; trap 'rm -f -- "$t"' EXIT`);

/** Tells what differs between an archive and the host: listings of a zip archive, or what tar --diff says. */
export function comparison(want: Unpacking, archive: Archive): Command {
  const excluded = want.exclude.length === 0 ? [] : ['-x', ...want.exclude];
  const zip = sh`command -v unzip >/dev/null || exit 127
LC_ALL=C.UTF-8 unzip -Z -T -s "$a" ${want.include} ${excluded} || exit
printf ${between.replaceAll('\n', '\\n')}
LC_ALL=C.UTF-8 unzip -v "$a"`;
  const tar = sh`LC_ALL=C tar -C ${want.dest} ${[...archive.flags, '--diff', '--verbose', ...tarOptions(want)]} -f "$a" -- ${want.include}`;
  return sh`${archive.opening}
${byKind(archive.kind, zip, tar)}`;
}

/** Unpacks. */
export function extraction(
  kind: 'tar' | 'zip',
  want: Unpacking,
  archive: Archive,
): { command: Command; options: RunOptions } {
  const newer = want.keep_newer ? ['--keep-newer-files'] : [];
  const tar = sh`LC_ALL=C tar -C ${want.dest} ${[...archive.flags, '--extract', ...newer, ...tarOptions(want)]} -f "$a" -- ${want.include}`;
  const zip = sh`LC_ALL=C.UTF-8 unzip -o ${want.extra_opts} "$a" ${want.include} ${want.exclude.length === 0 ? [] : ['-x', ...want.exclude]} -d ${want.dest}`;
  const command = sh`${archive.opening}
${kind === 'zip' ? zip : tar}`;
  return { command, options: archive.options };
}

/** The same as words, for the result. */
export function extractionWords(kind: 'tar' | 'zip', want: Unpacking): string[] {
  if (kind === 'zip') {
    const excluded = want.exclude.length === 0 ? [] : ['-x', ...want.exclude];
    return [
      '/usr/bin/unzip',
      '-o',
      ...want.extra_opts,
      want.src,
      ...excluded,
      ...want.include,
      '-d',
      want.dest,
    ];
  }
  const newer = want.keep_newer ? ['--keep-newer-files'] : [];
  return [
    '/usr/bin/tar',
    '--extract',
    '-C',
    want.dest,
    ...(isGzip(want.src) ? ['-z'] : []),
    ...newer,
    ...tarOptions(want),
    '-f',
    want.src,
    ...want.include,
  ];
}

/** What Ansible unpacks with `-z`: all but what is named otherwise, of which tar finds out by itself. */
export function isGzip(src: string): boolean {
  return !/\.(?:tar|t?bz2?|t?xz|t?zst)$/.test(src);
}

function tarOptions(want: Unpacking): string[] {
  const more = want.extra_opts.length === 0 ? [] : ['--show-transformed-names', ...want.extra_opts];
  return [...more, ...want.exclude.map((name) => `--exclude=${name}`)];
}

function byKind(kind: Archive['kind'], zip: Command, tar: Command): Command {
  if (kind !== undefined) return kind === 'zip' ? zip : tar;
  return sh`if [ "$(head -c 2 -- "$a" | tr -d '\\0')" = PK ]; then
${zip}
else
${tar}
fi`;
}
