import { TaskFailure } from '../../errors.ts';
import type { Query } from '../contract.ts';
import { all, type Command, sh } from '../sh.ts';

type FileType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'block device' | 'character device';

export interface FileStat {
  readonly path: string;
  readonly type: FileType;
  /** Permission bits with set-ID and sticky bits, for example 0o644. */
  readonly mode: number;
  readonly owner: string;
  readonly uid: number;
  readonly group: string;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  readonly links: number;
  readonly inode: number;
  readonly device: number;
  /** Seconds since 1970, with fractions. */
  readonly accessed: number;
  readonly modified: number;
  readonly changed: number;
  /** What a symbolic link points to, as written in it. */
  readonly target?: string;
}

export interface StatQuestion {
  readonly path: string;
  /** Look at what a symbolic link points to. */
  readonly follow?: boolean;
}

/**
 * What is compared later: all but the time of access, which looking changes; of a directory neither size, links nor
 * times, which tell of what is in it. Whoever goes by those does not ask for them alone.
 */
const recorded = { file: '%f %U %u %G %g %i %d %N %s %h %.9Y %.9Z/', directory: '%f %U %u %G %g %i %d %N/' };
const records = new WeakMap<FileStat, string>();

const format = '%f %U %u %G %g %s %h %i %d %.9X %.9Y %.9Z %n\\0%N\\0';

/** What the file system says of a path; undefined when nothing is there. One `stat` for all paths. */
export const stat: Query<StatQuestion, FileStat | undefined> = {
  name: 'stat',
  key: ({ path, follow }) => `${follow ? 'L' : 'P'}${path}`,

  script(args) {
    const of = (follow: boolean) =>
      args.filter((arg) => (arg.follow ?? false) === follow).map((arg) => arg.path);
    return sh`export LC_ALL=C QUOTING_STYLE=literal
${statOf('P', of(false))}${statOf('L', of(true))}:`;
  },

  still(known) {
    const groups = new Map<string, { options: string[]; format: string; paths: string[]; said: string }>();
    const missing: Command[] = [];
    for (const { arg, answer } of known) {
      const { path, follow } = arg;
      if (answer === undefined) {
        missing.push(follow ? sh`[ ! -e ${path} ]` : sh`[ ! -e ${path} ] && [ ! -L ${path} ]`);
        continue;
      }
      const options = follow ? ['-L'] : [];
      const format = recorded[answer.type === 'directory' ? 'directory' : 'file'];
      const key = `${options}${format}`;
      const group = groups.get(key) ?? { options, format, paths: [], said: '' };
      groups.set(key, { ...group, paths: [...group.paths, path], said: group.said + records.get(answer) });
    }
    return all([
      ...missing,
      ...[...groups.values()].map(
        ({ options, format, paths, said }) =>
          sh`[ "$(LC_ALL=C QUOTING_STYLE=literal stat ${options} --printf=${format} -- ${paths} 2>/dev/null)" = ${said} ]`,
      ),
    ]);
  },

  parse(stdout, args, stderr) {
    const fields = stdout.toString('utf8').split('\0');
    refuse(stderr?.toString('utf8') ?? '');
    const found = new Map<string, FileStat>();
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const line = fields[index]!;
      const answer = read(line.slice(1), fields[index + 1]!);
      found.set(line[0]! + answer.path, answer);
    }
    return args.map((arg) => found.get(stat.key(arg)));
  },
};

function statOf(kind: 'P' | 'L', paths: readonly string[]): Command {
  if (paths.length === 0) return sh``;
  return kind === 'L'
    ? sh`stat -L --printf=${`L${format}`} -- ${paths}; `
    : sh`stat --printf=${`P${format}`} -- ${paths}; `;
}

const missing = /: (No such file or directory|Not a directory)$/;

function refuse(errors: string): void {
  const other = errors.split('\n').filter((line) => line !== '' && !missing.test(line));
  if (other.length > 0) throw new TaskFailure(other.join('\n'));
}

function read(line: string, quoted: string): FileStat {
  const fields = line.split(' ');
  const path = fields.slice(12).join(' ');
  const number = (index: number) => Number(fields[index]);
  const raw = Number.parseInt(fields[0] ?? '', 16);
  if (Number.isNaN(raw) || path === '') throw new Error(`unexpected answer of stat: ${line}`);
  const type = typeOf(raw);
  const answer: FileStat = {
    path,
    type,
    mode: raw & 0o7777,
    owner: fields[1]!,
    uid: number(2),
    group: fields[3]!,
    gid: number(4),
    size: number(5),
    links: number(6),
    inode: number(7),
    device: number(8),
    accessed: number(9),
    modified: number(10),
    changed: number(11),
    ...(type === 'link' ? { target: quoted.slice(path.length + ' -> '.length) } : {}),
  };
  const own = [...fields.slice(0, 5), ...fields.slice(7, 9), quoted];
  const more = type === 'directory' ? [] : [...fields.slice(5, 7), ...fields.slice(10, 12)];
  records.set(answer, `${[...own, ...more].join(' ')}/`);
  return answer;
}

/** File types as in inode(7). */
function typeOf(raw: number): FileType {
  switch (raw & 0o170000) {
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'link';
    case 0o010000:
      return 'fifo';
    case 0o140000:
      return 'socket';
    case 0o060000:
      return 'block device';
    case 0o020000:
      return 'character device';
    default:
      return 'file';
  }
}
