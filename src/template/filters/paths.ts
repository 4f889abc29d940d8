import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { matching } from '../lookups/files.ts';
import { isTrue, list, Tuple, text, typeName } from '../python.ts';
import { splitHost, splitUrl } from '../urls.ts';

function path(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TaskFailure(`expected str, bytes or os.PathLike object, not ${typeName(value)}`);
}

function joined(parts: readonly unknown[]): string {
  if (parts.length === 0) throw new TaskFailure('path_join needs at least one part');
  return parts.map(path).reduce((whole, part) => {
    if (isAbsolute(part)) return part;
    return whole === '' || whole.endsWith('/') ? whole + part : `${whole}/${part}`;
  });
}

/** Python's posixpath.dirname, which cuts at the last slash. */
function parent(value: string): string {
  const head = value.slice(0, value.lastIndexOf('/') + 1);
  return /[^/]/.test(head) ? head.replace(/\/+$/, '') : head;
}

function normalized(value: string): string {
  if (value === '') return '.';
  const plain = join(value).replace(/(?<=.)\/$/, '');
  return value.startsWith('//') && !value.startsWith('///') ? `/${plain}` : plain;
}

function home(value: string): string {
  const user = /^~([^/]*)/.exec(value)?.[1];
  if (user === undefined) return value;
  const folder = user === '' ? homedir() : homeOf(user);
  return folder === undefined ? value : folder.replace(/\/+$/, '') + value.slice(user.length + 1) || '/';
}

function homeOf(user: string): string | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  return line?.split(':')[5];
}

/** Follows links as far as there are files. */
function real(value: string): string {
  const absolute = resolve(value);
  let known = absolute;
  while (!existsSync(known) && known !== '/') known = dirname(known);
  return join(realpathSync(known), relative(known, absolute));
}

function common(value: unknown): string {
  const all = list(value, 'commonpath').map(path);
  if (all.length === 0) throw new TaskFailure('commonpath() arg is an empty sequence');
  const absolute = all.filter((each) => each.startsWith('/')).length;
  if (absolute !== 0 && absolute !== all.length)
    throw new TaskFailure("Can't mix absolute and relative paths");
  const split = all.map((each) => each.split('/').filter((part) => part !== '' && part !== '.'));
  const first = split[0]!;
  const end = first.findIndex((part, index) => split.some((each) => each[index] !== part));
  return (absolute ? '/' : '') + (end < 0 ? first : first.slice(0, end)).join('/');
}

const windows = {
  drive: (value: string): [string, string] => {
    const found = /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/.exec(value)?.[0] ?? '';
    return [found, value.slice(found.length)];
  },
  cut: (value: string): [string, string] => {
    const [drive, rest] = windows.drive(value);
    const at = Math.max(rest.lastIndexOf('/'), rest.lastIndexOf('\\')) + 1;
    const head = rest.slice(0, at);
    return [drive + (head.replace(/[\\/]+$/, '') || head), rest.slice(at)];
  },
};

/** Filters for paths and URLs. */
export const paths: Filters = {
  basename: filter([], (value) => (path(value).endsWith('/') ? '' : basename(path(value)))),
  dirname: filter([], (value) => parent(path(value))),
  expanduser: filter([], (value) => home(path(value))),
  expandvars: filter([], (value) =>
    path(value).replace(
      /\$(?:(\w+)|\{([^}]*)\})/g,
      (whole, plain, braced) => process.env[plain ?? braced] ?? whole,
    ),
  ),
  realpath: filter([], (value) => real(path(value))),
  relpath: filter(['start'], (value, [start = '.']) => {
    if (value === '') throw new TaskFailure('no path specified');
    return relative(path(start), path(value)) || '.';
  }),
  splitext: filter([], (value) => {
    const name = path(value);
    const begin = name.lastIndexOf('/') + 1;
    const leading = /^\.*/.exec(name.slice(begin))![0].length;
    const dot = name.lastIndexOf('.');
    return dot < begin + leading ? Tuple.of(name, '') : Tuple.of(name.slice(0, dot), name.slice(dot));
  }),
  path_join: filter([], (value) => {
    if (typeof value === 'string') return value;
    if (!Array.isArray(value))
      throw new TaskFailure(`path_join needs a list or a text, not ${typeName(value)}`);
    return joined(value);
  }),
  commonpath: filter([], common),
  normpath: filter([], (value) => normalized(path(value))),
  win_basename: filter([], (value) => windows.cut(path(value))[1]),
  win_dirname: filter([], (value) => windows.cut(path(value))[0]),
  win_splitdrive: filter([], (value) => Tuple.of(...windows.drive(path(value)))),
  fileglob: filter([], (value) => {
    const pattern = path(value);
    const folder = parent(pattern);
    return matching(folder || '.', basename(pattern))
      .filter((name) => statSync(name).isFile())
      .map((name) => (folder === '' ? basename(name) : name));
  }),
  urlsplit: filter(['query'], (value, [query = '']) => {
    const { scheme, netloc, path: where, query: asked, fragment } = splitUrl(text(value));
    const { hostname, password, port, username } = splitHost(netloc);
    if (port !== null && !/^\d+$/.test(port))
      throw new TaskFailure(`Port could not be cast to integer value as '${port}'`);
    const parts: Record<string, unknown> = {
      fragment,
      hostname,
      netloc,
      password,
      path: where,
      port: port === null ? null : Number(port),
      query: asked,
      scheme,
      username,
    };
    if (!isTrue(query)) return parts;
    if (!Object.hasOwn(parts, query))
      throw new TaskFailure(`urlsplit: unknown URL component: ${text(query)}`);
    return parts[query];
  }),
};
