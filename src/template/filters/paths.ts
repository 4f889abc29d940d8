import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { TaskFailure } from '../../errors.ts';
import { type Filters, filter } from '../environment.ts';
import { iterate, text } from '../python.ts';

/** Filters for paths and URLs. */
export const paths: Filters = {
  basename: filter([], (value) => (text(value).endsWith('/') ? '' : basename(text(value)))),
  dirname: filter([], (value) => {
    const path = text(value);
    if (!path.includes('/')) return '';
    return path.endsWith('/') ? path.replace(/\/+$/, '') || '/' : dirname(path);
  }),
  expanduser: filter([], (value) => text(value).replace(/^~(?=\/|$)/, homedir())),
  expandvars: filter([], (value) =>
    text(value).replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (whole, plain, braced) => process.env[plain ?? braced] ?? whole,
    ),
  ),
  realpath: filter([], (value) =>
    existsSync(text(value)) ? realpathSync(text(value)) : resolve(text(value)),
  ),
  relpath: filter(['start'], (value, [start = '.']) => relative(text(start), text(value)) || '.'),
  splitext: filter([], (value) => {
    const extension = extname(text(value));
    return [text(value).slice(0, text(value).length - extension.length), extension];
  }),
  path_join: filter([], (value) =>
    (typeof value === 'string' ? [value] : iterate(value)).map(text).reduce((path, part) => {
      if (isAbsolute(part)) return part;
      return path === '' || path.endsWith('/') ? path + part : `${path}/${part}`;
    }, ''),
  ),
  urlsplit: filter(['query'], (value, [query]) => {
    if (!URL.canParse(text(value))) throw new TaskFailure(`'${text(value)}' is no URL`);
    const url = new URL(text(value));
    const parts: Record<string, unknown> = {
      scheme: url.protocol.slice(0, -1),
      netloc: (url.username && `${url.username}${url.password && `:${url.password}`}@`) + url.host,
      hostname: url.hostname,
      port: url.port === '' ? null : Number(url.port),
      path: url.pathname,
      query: url.search.slice(1),
      fragment: url.hash.slice(1),
      username: url.username || null,
      password: url.password || null,
    };
    if (query === undefined || query === '') return parts;
    if (!Object.hasOwn(parts, query)) throw new TaskFailure(`urlsplit knows no '${text(query)}'`);
    return parts[query];
  }),
  commonpath: filter([], (value) => {
    const all = iterate(value).map((each) => text(each).split('/'));
    const first = all[0] ?? [];
    const end = first.findIndex((part, index) => all.some((each) => each[index] !== part));
    return (end < 0 ? first : first.slice(0, end)).join('/') || (first[0] === '' ? '/' : '');
  }),
  normpath: filter([], (value) => join(text(value)).replace(/(?<=.)\/$/, '')),
};
