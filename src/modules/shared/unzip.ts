import type { HostReader } from '../../host/contract.ts';
import { type FileStat, stat } from '../../host/queries/stat.ts';
import { sh } from '../../host/sh.ts';
import { formatMode, resolveMode } from './mode.ts';

/** A member of a zip archive. */
export interface ZipMember {
  /** Ends with a slash for a directory. */
  readonly name: string;
  readonly type: 'directory' | 'file' | 'link';
  readonly mode: number;
  readonly size: number;
  /** When it was written, in the time zone of the host: `2024-01-31 10:15:00`. */
  readonly time: string;
  readonly crc: number;
}

/** What is given by parameters and therefore not taken from the archive. */
interface ZipWish {
  readonly mode?: string | undefined;
  readonly keep_newer: boolean;
}

const line =
  /^([dl?-])([rwxstah-]{6,9})\s+\S+\s+\w+\s+(\d+)\s+\S+\s+\S+\s+(\d{4})(\d\d)(\d\d)\.(\d\d)(\d\d)(\d\d)\s(.+)$/;

/**
 * Reads what `unzip -Z -T -s` and after it `unzip -v` say of an archive. Names that unzip shows in another way than
 * they are, with control characters, are not found on the host and so always differ.
 */
export function readListing(short: string, long: string): ZipMember[] {
  const sums = new Map(
    long.split('\n').flatMap((text) => {
      const [, crc, name] =
        /^\s*\d+\s+\S+\s+\d+\s+-?\d+%\s+\S+\s+\S+\s+([0-9a-f]{8})\s\s(.+)$/.exec(text) ?? [];
      return name === undefined ? [] : [[name, Number.parseInt(crc!, 16)] as const];
    }),
  );
  return short.split('\n').flatMap((text): ZipMember[] => {
    const found = line.exec(text);
    if (found === null) return [];
    const [, kind, bits = '', size, year, month, day, hour, minute, second, name = ''] = found;
    const type = name.endsWith('/') ? 'directory' : kind === 'l' ? 'link' : 'file';
    const time =
      Number(year) < 1980 ? '1980-01-01 00:00:00' : `${year}-${month}-${day} ${hour}:${minute}:${second}`;
    return [{ name, type, mode: modeOf(bits, type), size: Number(size), time, crc: sums.get(name) ?? 0 }];
  });
}

/** Permissions of Unix as they are; those of FAT are what the umask leaves of all. */
function modeOf(bits: string, type: ZipMember['type']): number {
  if (bits.length !== 9) return type === 'directory' || bits.startsWith('rwx') ? 0o755 : 0o644;
  return [...bits].reduce((sum, bit) => sum * 2 + (/[rwxst]/.test(bit) ? 1 : 0), 0);
}

/** A line for every member that is not on the host as in the archive, as `tar --diff` would word it. */
export async function zipDifferences(
  members: readonly ZipMember[],
  dest: string,
  want: ZipWish,
  host: HostReader,
): Promise<string[]> {
  const path = (member: ZipMember) => `${dest.replace(/\/+$/, '')}/${member.name.replace(/\/$/, '')}`;
  const [stats, times] = await Promise.all([
    Promise.all(members.map((member) => host.ask(stat, { path: path(member) }))),
    epochs(members, host),
  ]);
  const result: string[] = [];
  const alike: ZipMember[] = [];
  for (const [index, member] of members.entries()) {
    const why = difference(member, stats[index], times[index] ?? 0, want);
    if (why === 'newer') continue;
    if (why !== undefined) result.push(`${member.name}: ${why}`);
    else if (member.type === 'file') alike.push(member);
  }
  const sums = await checksums(alike.map(path), host);
  for (const [index, member] of alike.entries())
    if (sums[index] !== member.crc) result.push(`${member.name}: Contents differ`);
  return result;
}

function difference(
  member: ZipMember,
  found: FileStat | undefined,
  time: number,
  want: ZipWish,
): string | undefined {
  if (found === undefined) return 'No such file or directory';
  if (found.type !== member.type) return 'File type differs';
  if (member.type === 'link') return undefined;
  if (member.type === 'file') {
    const modified = Math.floor(found.modified);
    if (want.keep_newer && time < modified) return 'newer';
    if (time !== modified) return 'Mod time differs';
    if (found.size !== member.size) return 'Size differs';
  }
  const mode =
    want.mode === undefined ? member.mode : resolveMode(want.mode, found.mode, member.type === 'directory');
  return mode === found.mode
    ? undefined
    : `Mode differs (${formatMode(found.mode)}, not ${formatMode(mode)})`;
}

/** Times of the host's zone as seconds since 1970. */
async function epochs(members: readonly ZipMember[], host: HostReader): Promise<number[]> {
  if (members.length === 0) return [];
  const { stdout } = await host.look(sh`date -f - +%s`, {
    stdin: `${members.map((member) => member.time).join('\n')}\n`,
  });
  return stdout.trim().split('\n').map(Number);
}

/** CRC-32 of files of the host: gzip(1) writes it at the end, before the size. */
async function checksums(paths: readonly string[], host: HostReader): Promise<number[]> {
  if (paths.length === 0) return [];
  const one = sh`for file; do gzip -1c -- "$file" | tail -c 8 | od -An -N4 -tu4; done`;
  const { stdout } = await host.look(sh`xargs -0 sh -c ${one.text} sh`, {
    stdin: paths.map((path) => `${path}\0`).join(''),
  });
  return stdout.trim().split('\n').map(Number);
}
