import { basename, dirname } from 'node:path/posix';
import { NotYet, TaskFailure } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { contents } from '../../host/queries/contents.ts';
import { sha256 } from '../../host/queries/sha256.ts';
import { type FileStat, stat } from '../../host/queries/stat.ts';
import { rawShell, sh } from '../../host/sh.ts';
import type { Change } from '../contract.ts';
import {
  type Attributes,
  attributeChanges,
  attributeCommands,
  fixAttributes,
  initialAttributes,
  requireNames,
} from './attributes.ts';
import { backUp } from './backup.ts';
import { type Content, contentChange, sha256Of, shownBytes } from './content.ts';

/** Where a file's content comes from: bytes that we have, or a file that is on the host already. */
export type Source =
  | { readonly content: Buffer }
  | { readonly remote: string; readonly sum: string; readonly size: number };

export interface Placing extends Attributes {
  readonly force: boolean;
  readonly follow: boolean;
  readonly backup: boolean;
  readonly validate?: string | undefined;
}

/** A file that is to be somewhere, with what is there now. */
export interface Place {
  readonly path: string;
  readonly source: Source;
  /** The file, or the link when links are not followed. */
  readonly there: FileStat | undefined;
  readonly differs: boolean;
  /** Contents for the diff; known only when they differ. */
  readonly from?: Content | undefined;
  readonly to?: Content | undefined;
}

/** Asks in one tick what lookAt will want to know of a path. */
export function prefetch(path: string, follow: boolean, host: HostReader): void {
  void host.ask(stat, { path, follow });
  void host.ask(sha256, path);
}

/** Where one file goes: into `dest` under its own name when that is a directory or ends with a slash. */
export async function destination(
  { dest, src, follow }: { dest: string; src?: string | undefined; follow: boolean },
  host: HostReader,
): Promise<string> {
  if (dest.endsWith('/')) {
    if (src === undefined) throw new TaskFailure(`dest ${dest} is a directory, but content has no name`);
    return `${dest.replace(/\/+$/, '')}/${basename(src)}`;
  }
  if (src === undefined) return dest;
  prefetch(dest, follow, host);
  let found = await host.ask(stat, { path: dest, follow });
  if (found?.type === 'link') found = await host.ask(stat, { path: dest, follow: true });
  return found?.type === 'directory' ? `${dest}/${basename(src)}` : dest;
}

/**
 * Looks at the place of a file. A settled one costs its share of one `stat` and one `sha256sum`.
 * Throws NotYet when its directory, owner or group does not exist.
 */
export async function lookAt(path: string, source: Source, want: Placing, host: HostReader): Promise<Place> {
  const [found, sum] = await Promise.all([
    host.ask(stat, { path, follow: want.follow }),
    host.ask(sha256, path),
  ]);
  if (found?.type === 'directory') throw new TaskFailure(`${path} is a directory on ${host.name}`);
  if (found === undefined) await requireDirectory(dirname(path), host);
  await requireNames(want, host, found);
  const wanted = 'content' in source ? sha256Of(source.content) : source.sum;
  const differs = found === undefined || (want.force && (found.type !== 'file' || sum !== wanted));
  const place: Place = { path, source, there: found, differs };
  if (!differs) return place;
  const [from, to] = await Promise.all([
    found?.type === 'file' ? bring(path, found.size, host) : undefined,
    'content' in source ? source.content : bring(source.remote, source.size, host),
  ]);
  return { ...place, from, to };
}

async function bring(path: string, size: number, host: HostReader): Promise<Content | undefined> {
  return size > shownBytes ? { size } : host.ask(contents, path);
}

/** Throws NotYet when the directory that a file is to be made in does not exist. */
export async function requireDirectory(path: string, host: HostReader): Promise<void> {
  const found = await host.ask(stat, { path, follow: true });
  if (found?.type === 'directory') return;
  if (found !== undefined) throw new TaskFailure(`${path} is not a directory on ${host.name}`);
  throw new NotYet(
    `the directory ${path} does not exist on ${host.name}`,
    'make it before with a file task (state: directory)',
  );
}

/** The differences of a place. Pure. */
export function placeChanges(place: Place, want: Placing): Change[] {
  const { there } = place;
  const content = place.differs ? [contentChange(place.path, place.from, place.to ?? Buffer.alloc(0))] : [];
  if (there === undefined) return [...content, ...initialAttributes(want, false)];
  if (place.differs && there.type !== 'file') content.unshift({ what: 'type', from: there.type, to: 'file' });
  return [...content, ...attributeChanges(want, there)];
}

/** Makes the differences of a place go away. A backup is remembered for the task with these parameters. */
export async function fixPlace(place: Place, want: Placing, host: Host, task: object = want): Promise<void> {
  const { path, source, there } = place;
  const list = placeChanges(place, want);
  if (!place.differs) return fixAttributes(list, path, host, want.follow);
  if (there?.type === 'file' && want.backup) await backUp(path, host, task);
  if (there !== undefined && there.type !== 'file') await host.run(sh`rm -f -- ${path}`);
  if ('remote' in source) return copyOnHost(source.remote, path, list, want.validate, host);
  const bits = list.find((change) => change.what === 'mode')?.to as string | undefined;
  await host.write(path, source.content, {
    ...(bits === undefined ? {} : { mode: Number.parseInt(bits, 8) }),
    ...(want.owner === undefined ? {} : { owner: want.owner }),
    ...(want.group === undefined ? {} : { group: want.group }),
    ...(want.validate === undefined ? {} : { validate: want.validate }),
  });
}

/** A copy of a file of the host, put in place in one step as Host.write does. */
async function copyOnHost(
  from: string,
  path: string,
  list: readonly Change[],
  validate: string | undefined,
  host: Host,
): Promise<void> {
  const lines = [
    sh`set -e; p=${path}; [ ! -L "$p" ] || p=$(readlink -f -- "$p")`,
    rawShell('t=$(mktemp -- "$(dirname -- "$p")/.foobar.XXXXXXXX"); trap \'rm -f -- "$t"\' EXIT'),
    sh`cat -- ${from} >"$t"`,
    rawShell('r=; [ ! -e "$p" ] || r=$p'),
    rawShell('if [ "$r" ]; then chown --reference="$r" -- "$t"; chmod --reference="$r" -- "$t"'),
    rawShell('else chmod 644 -- "$t"; fi'),
    ...attributeCommands(list, rawShell('"$t"')),
    rawShell(validate === undefined ? ':' : validate.replaceAll('%s', '"$t"')),
    rawShell('sync -- "$t"; mv -fT -- "$t" "$p"; trap - EXIT'),
  ];
  await host.run(rawShell(lines.map((line) => line.text).join('\n')));
}
