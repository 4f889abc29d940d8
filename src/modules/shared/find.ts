import { normalize } from 'node:path/posix';
import type { HostReader } from '../../host/contract.ts';
import { sh } from '../../host/sh.ts';
import { real } from '../../yaml/float.ts';
import { formatMode, resolveMode } from './mode.ts';
import { pythonRegex } from './python-regex.ts';

/** A file as find(1) tells of it. */
export interface Found {
  readonly path: string;
  /** One letter as find's %y: f, d, l, p, s, b, c. */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Empty when the number has no name. */
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly inode: number;
  readonly device: number;
  readonly links: number;
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
  /** Whether it is a directory or, being a link, points to one. */
  readonly enterable: boolean;
}

export interface Tree {
  readonly path: string;
  readonly isDirectory: boolean;
  /** The host's clock, seconds since 1970. */
  readonly now: number;
  readonly entries: readonly Found[];
  readonly denied: readonly { readonly path: string; readonly reason: string }[];
}

/** What Ansible's find is asked for, with the names of its parameters. */
export interface FindWish {
  readonly patterns: readonly string[];
  readonly excludes?: readonly string[] | undefined;
  readonly use_regex: boolean;
  readonly file_type: 'any' | 'directory' | 'file' | 'link';
  readonly age?: number | undefined;
  readonly age_stamp: 'atime' | 'ctime' | 'mtime';
  readonly size?: number | undefined;
  readonly mode?: string | undefined;
  readonly exact_mode: boolean;
  readonly recurse: boolean;
  readonly depth?: number | undefined;
  readonly hidden: boolean;
  readonly follow: boolean;
  readonly limit?: number | undefined;
}

const format = '%y %Y %m %U %G %u %g %s %i %D %n %A@ %T@ %C@ %p\\0';

/** Everything below a directory that may be asked for, as find(1) lists it. */
export async function listTree(path: string, want: FindWish, host: HostReader): Promise<Tree> {
  const top = `${path.replace(/\/+$/, '')}/`;
  // One level more than what is taken: Ansible counts it as examined.
  const depth = want.recurse ? (want.depth ? ['-maxdepth', want.depth + 1] : []) : ['-maxdepth', 1];
  const list = want.follow
    ? sh`find -L ${top} -mindepth 1 ${depth} -print0 | xargs -0 -r sh -c 'f=$1; shift; exec find "$@" -maxdepth 0 -printf "$f"' find ${format}`
    : sh`find ${top} -mindepth 1 ${depth} -printf ${format}`;
  const { stdout, stderr } = await host.look(sh`date +%s.%N
[ -d ${path} ] || { echo no; exit 0; }
echo yes
LC_ALL=C ${list}
:`);
  const [now = '', is = '', ...rest] = stdout.split('\n');
  const denied = [...stderr.matchAll(/^find: '(.*)': (.*)$/gm)].map(([, name = '', why]) => ({
    path: name,
    reason: `[Errno 13] ${why}: '${name}'`,
  }));
  return { path, isDirectory: is === 'yes', now: Number(now), entries: parseFound(rest.join('\n')), denied };
}

/** Reads what find's -printf printed. */
export function parseFound(listed: string): Found[] {
  return listed
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const fields = record.split(' ');
      const number = (index: number) => Number(fields[index]);
      const name = (id: string, name: string) => (name === id ? '' : name);
      return {
        path: normalize(fields.slice(14).join(' ')),
        type: fields[0]!,
        enterable: fields[1] === 'd',
        mode: Number.parseInt(fields[2]!, 8),
        uid: number(3),
        gid: number(4),
        owner: name(fields[3]!, fields[5]!),
        group: name(fields[4]!, fields[6]!),
        size: number(7),
        inode: number(8),
        device: number(9),
        links: number(10),
        atime: number(11),
        mtime: number(12),
        ctime: number(13),
      };
    });
}

/**
 * Goes through the trees as Ansible does with Python's os.walk: what is in a directory, files first, and then the
 * directories in it one after the other.
 * @param containing the files that hold what is looked for, when that is asked for
 */
export function walk(
  trees: readonly Tree[],
  want: FindWish,
  now: number,
  containing: ReadonlySet<string> | undefined,
): { found: Found[]; examined: number } {
  const found: Found[] = [];
  let examined = 0;
  const matches = matcher(want);
  for (const tree of trees) {
    if (!tree.isDirectory) continue;
    const inside = new Map<string, Found[]>();
    for (const entry of tree.entries) {
      const parent = entry.path.slice(0, entry.path.lastIndexOf('/')) || '/';
      const siblings = inside.get(parent);
      if (siblings) siblings.push(entry);
      else inside.set(parent, [entry]);
    }
    const top = normalize(tree.path).replace(/(?<=.)\/$/, '');
    const waiting = [top];
    for (let root = waiting.shift(); root !== undefined; root = waiting.shift()) {
      const entries = inside.get(root) ?? [];
      let directories = entries.filter((entry) => entry.enterable);
      const files = entries.filter((entry) => !entry.enterable);
      examined += entries.length;
      for (const entry of [...files, ...directories]) {
        if (want.depth && levels(entry.path) - levels(top) > want.depth) {
          directories = [];
          continue;
        }
        const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
        if (name.startsWith('.') && !want.hidden) continue;
        if (isWanted(entry, name, want, now, matches) && (containing?.has(entry.path) ?? true))
          found.push(entry);
        if (found.length === want.limit) break;
      }
      if (!want.recurse || found.length === want.limit) break;
      waiting.unshift(
        ...directories.filter((entry) => want.follow || entry.type === 'd').map((entry) => entry.path),
      );
    }
  }
  return { found, examined };
}

function levels(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1;
}

const types = { f: 'file', d: 'directory', l: 'link' } as Record<string, string>;

function isWanted(
  entry: Found,
  name: string,
  want: FindWish,
  now: number,
  matches: (name: string) => boolean,
): boolean {
  const { file_type, age, age_stamp, size, mode } = want;
  if (file_type !== 'any' && types[entry.type] !== file_type) return false;
  if (!matches(name)) return false;
  if (age !== undefined) {
    const old = now - entry[age_stamp];
    if (age >= 0 ? old < age : old > -age) return false;
  }
  if (size !== undefined && entry.type === 'f' && (size >= 0 ? entry.size < size : entry.size > -size))
    return false;
  if (mode === undefined || mode === '') return true;
  const bits = resolveMode(mode, 0, false);
  return want.exact_mode ? entry.mode === bits : (entry.mode & bits) !== 0;
}

function matcher({ patterns, excludes, use_regex }: FindWish): (name: string) => boolean {
  const compile = (pattern: string) => {
    if (!use_regex) return globRegex(pattern);
    const regex = pythonRegex(pattern);
    return new RegExp(regex.source, `${regex.flags}y`);
  };
  const test = (regex: RegExp, name: string) => {
    regex.lastIndex = 0;
    return regex.test(name);
  };
  const taken = patterns.map(compile);
  const left = (excludes ?? []).map(compile);
  return (name) =>
    (taken.length === 0 || taken.some((regex) => test(regex, name))) &&
    !left.some((regex) => test(regex, name));
}

/** A shell pattern as Python's fnmatch reads it. */
export function globRegex(pattern: string): RegExp {
  let source = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index]!;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '[') {
      const from = index + (pattern[index + 1] === '!' ? 2 : 1);
      const end = pattern.indexOf(']', from + 1);
      if (end < 0) {
        source += '\\[';
        continue;
      }
      const inside = pattern.slice(from, end).replaceAll(/[\\\][^&~|]/g, '\\$&');
      source += `[${from === index + 2 ? '^' : ''}${inside}]`;
      index = end;
    } else source += char.replace(/[.+^${}()|\\/\]]/, '\\$&');
  }
  return new RegExp(`^(?:${source})$`, 's');
}

/** The keys that Ansible's find returns of a file. */
export function findFacts(found: Found): Record<string, unknown> {
  const bit = (mask: number) => (found.mode & mask) !== 0;
  return {
    path: found.path,
    mode: formatMode(found.mode),
    isdir: found.type === 'd',
    ischr: found.type === 'c',
    isblk: found.type === 'b',
    isreg: found.type === 'f',
    isfifo: found.type === 'p',
    islnk: found.type === 'l',
    issock: found.type === 's',
    uid: found.uid,
    gid: found.gid,
    size: found.size,
    inode: found.inode,
    dev: found.device,
    nlink: found.links,
    atime: real(found.atime),
    mtime: real(found.mtime),
    ctime: real(found.ctime),
    gr_name: found.group,
    pw_name: found.owner,
    wusr: bit(0o200),
    rusr: bit(0o400),
    xusr: bit(0o100),
    wgrp: bit(0o20),
    rgrp: bit(0o40),
    xgrp: bit(0o10),
    woth: bit(0o2),
    roth: bit(0o4),
    xoth: bit(0o1),
    isuid: bit(0o4000),
    isgid: bit(0o2000),
  };
}
