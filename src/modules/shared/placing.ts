import { basename, dirname } from 'node:path/posix';
import { NotYet, TaskFailure } from '../../errors.ts';
import type { Host, HostReader } from '../../host/contract.ts';
import { contents } from '../../host/queries/contents.ts';
import { kindOf } from '../../host/queries/kind.ts';
import { sha256 } from '../../host/queries/sha256.ts';
import { type FileStat, stat } from '../../host/queries/stat.ts';
import { all, type Command, sh } from '../../host/sh.ts';
import type { Change } from '../contract.ts';
import {
  type Attributes,
  attributeChanges,
  fixAttributes,
  hasAttributes,
  initialAttributes,
  requireNames,
} from './attributes.ts';
import { backupFor } from './backup.ts';
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
  void host.ask(kindOf, dirname(path));
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
  prefetch(path, want.follow, host);
  const [found, sum] = await Promise.all([
    host.ask(stat, { path, follow: want.follow }),
    host.ask(sha256, path),
  ]);
  if (found?.type === 'directory') throw new TaskFailure(`${path} is a directory on ${host.name}`);
  const wanted = 'content' in source ? sha256Of(source.content) : source.sum;
  const differs = found === undefined || (want.force && (found.type !== 'file' || sum !== wanted));
  const place: Place = { path, source, there: found, differs };
  const [from, to] = await Promise.all([
    differs && found?.type === 'file' ? bring(path, found.size, host) : undefined,
    differs ? ('content' in source ? source.content : bring(source.remote, source.size, host)) : undefined,
    found === undefined ? requireDirectory(dirname(path), host) : undefined,
    requireNames(want, host, found),
  ]);
  return differs ? { ...place, from, to } : place;
}

async function bring(path: string, size: number, host: HostReader): Promise<Content | undefined> {
  return size > shownBytes ? { size } : host.ask(contents, path);
}

/** Throws NotYet when the directory that a file is to be made in does not exist. */
export async function requireDirectory(path: string, host: HostReader): Promise<void> {
  const found = await host.ask(kindOf, path);
  if (found === 'directory') return;
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

/**
 * Makes the differences of a place go away, in one step. A backup is remembered for the task with these parameters.
 * @param parents make the directory that it goes to
 */
export async function fixPlace(
  place: Place,
  want: Placing,
  host: Host,
  task: object = want,
  parents = false,
): Promise<void> {
  const { path, source, there } = place;
  const list = placeChanges(place, want);
  if (!place.differs) return fixAttributes(list, path, host, want.follow);
  const bits = list.find((change) => change.what === 'mode')?.to as string | undefined;
  await host.write(path, 'content' in source ? source.content : { copyOf: source.remote }, {
    ...(bits === undefined ? {} : { mode: Number.parseInt(bits, 8) }),
    ...(want.owner === undefined ? {} : { owner: want.owner }),
    ...(want.group === undefined ? {} : { group: want.group }),
    ...(want.validate === undefined ? {} : { validate: want.validate }),
    ...(there?.type === 'file' && want.backup ? { backup: backupFor(path, task) } : {}),
    ...(there !== undefined && there.type !== 'file' ? { afresh: true } : {}),
    ...(parents ? { parents } : {}),
  });
}

/** A condition of the shell that holds when fixPlace did what it was to do; of the content it looks at the size. */
export function isPlaced(place: Place, want: Placing): Command {
  const { path, source, there, differs } = place;
  const list = placeChanges(place, want);
  const to = (what: string) => list.find((change) => change.what === what)?.to as string | undefined;
  const [bits, owner, group] = [to('mode'), to('owner'), to('group')];
  const kept = there?.type === 'file' ? there : undefined;
  const follow = want.follow && there !== undefined;
  const attributes = {
    mode: bits === undefined ? (kept?.mode ?? (differs ? 0o644 : undefined)) : Number.parseInt(bits, 8),
    owner: owner ?? kept?.owner,
    group: group ?? kept?.group,
  };
  if (!differs) return hasAttributes(path, attributes, follow);
  const size = 'content' in source ? source.content.length : source.size;
  const type = follow ? sh`[ -f ${path} ]` : sh`[ -f ${path} ] && [ ! -L ${path} ]`;
  return all([type, hasAttributes(path, attributes, follow, size)]);
}
