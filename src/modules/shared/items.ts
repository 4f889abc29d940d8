import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { NotYet, TaskFailure } from '../../errors.ts';
import type { HostReader } from '../../host/contract.ts';
import { sha256 } from '../../host/queries/sha256.ts';
import { type FileStat, stat } from '../../host/queries/stat.ts';
import { sh } from '../../host/sh.ts';
import { readDecrypted } from '../../vault/files.ts';
import type { Source } from './placing.ts';

/** Something to copy: its path below the destination ('' for the destination itself), and what it holds. */
export interface Item {
  readonly below: string;
  readonly source: Source | 'directory' | { readonly link: string };
  readonly bits: number;
}

export interface CopyWish {
  /** Whether vaulted files are decrypted. */
  readonly decrypt: boolean;
  /** Whether symbolic links in directories are followed. */
  readonly follow: boolean;
}

/** What a file or directory of the controller holds. A directory comes before what is in it. */
export function localItems(path: string, src: string, wish: CopyWish): Item[] {
  if (!statSync(path).isDirectory()) return [localFile(path, '', wish)];
  return walk(path, src.endsWith('/') ? '' : basename(src), wish);
}

function localFile(path: string, below: string, { decrypt }: CopyWish): Item {
  const content = decrypt ? readDecrypted(path) : readFileSync(path);
  return { below, source: { content }, bits: statSync(path).mode & 0o7777 };
}

function walk(path: string, below: string, wish: CopyWish, parents: readonly string[] = []): Item[] {
  const around = [...parents, realpathSync(path)];
  const bits = statSync(path).mode & 0o7777;
  const inside = readdirSync(path)
    .sort()
    .flatMap((name) => {
      const here = join(path, name);
      const there = below === '' ? name : `${below}/${name}`;
      if (lstatSync(here).isSymbolicLink() && !(wish.follow && leadsOut(here, around)))
        return [{ below: there, source: { link: readlinkSync(here) }, bits: 0o777 }];
      return statSync(here).isDirectory() ? walk(here, there, wish, around) : [localFile(here, there, wish)];
    });
  return [{ below, source: 'directory', bits }, ...inside];
}

/** Whether a link can be followed: it points to something, and not to a directory that it is in. */
function leadsOut(link: string, around: readonly string[]): boolean {
  return existsSync(link) && !around.includes(realpathSync(link));
}

/** The same for a file or directory of the host. */
export async function remoteItems(src: string, follow: boolean, host: HostReader): Promise<Item[]> {
  if (!src.startsWith('/')) throw new TaskFailure(`src ${src} must be an absolute path with remote_src`);
  const [found] = await Promise.all([host.ask(stat, { path: src, follow: true }), host.ask(sha256, src)]);
  if (found === undefined) throw new NotYet(`${src} does not exist on ${host.name}`);
  if (found.type !== 'directory') return [await remoteFile(src, '', found, host)];
  const top = src.replace(/\/+$/, '');
  const prefix = src.endsWith('/') ? '' : basename(top);
  const listed = await host.look(
    sh`find ${follow ? '-L' : '-P'} ${top}/ -mindepth 1 \\( -type f -o -type d -o -type l \\) -print0`,
  );
  const paths = listed.stdout
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => path.replace(/\/+/g, '/'))
    .sort();
  const items = await Promise.all(
    paths.map(async (path) => {
      const below = [prefix, path.slice(top.length + 1)].filter((part) => part !== '').join('/');
      const there = await host.ask(stat, { path, follow });
      if (there?.type === 'link') return { below, source: { link: there.target! }, bits: 0o777 };
      if (there?.type === 'directory') return { below, source: 'directory' as const, bits: there.mode };
      return remoteFile(path, below, there!, host);
    }),
  );
  return [{ below: prefix, source: 'directory', bits: found.mode }, ...items];
}

async function remoteFile(path: string, below: string, there: FileStat, host: HostReader): Promise<Item> {
  const sum = await host.ask(sha256, path);
  if (sum === undefined) throw new TaskFailure(`${path} on ${host.name} is not a file that can be read`);
  return { below, source: { remote: path, sum, size: there.size }, bits: there.mode };
}
