import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { kindOf } from '../host/queries/kind.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { type Command, sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import {
  attributeChanges,
  attributeCommands,
  fileAttributes,
  hasAttributes,
  initialAttributes,
  inOneStep,
  requireNames,
} from './shared/attributes.ts';
import { ansibleBoolean, anyPath, hostPath, text, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { requireDirectory } from './shared/placing.ts';
import { readTimestamp, type Timestamp, timeDiffers, touchCommands } from './shared/timestamps.ts';
import { readTree, type TreeEntry, treeChanges, treeCommands } from './shared/tree.ts';

const params = withAliases(
  z
    .strictObject({
      path: hostPath.describe('The file to manage.').meta({ aliases: ['dest', 'name'] }),
      state: z
        .enum(['absent', 'directory', 'file', 'hard', 'link', 'touch'])
        .optional()
        .describe(
          'What is to be there. directory makes parents too; absent removes whole directories; file changes attributes of what exists only; touch makes an empty file or sets the times. Default: what is there, else file.',
        ),
      src: anyPath.optional().describe('What a link (state link or hard) points to.'),
      recurse: ansibleBoolean
        .default(false)
        .describe('Set the attributes of everything in the directory too.'),
      force: ansibleBoolean
        .default(false)
        .describe('Make a link though its source does not exist, or in place of a file that is there.'),
      follow: ansibleBoolean
        .default(true)
        .describe('Attributes are those of what a symbolic link points to.'),
      modification_time: text
        .optional()
        .describe(
          'now, preserve or a time in modification_time_format. Default: now for touch, else preserve.',
        ),
      modification_time_format: z
        .string()
        .default('%Y%m%d%H%M.%S')
        .describe('How modification_time is written: %Y %m %d %H %M %S.'),
      access_time: text
        .optional()
        .describe('now, preserve or a time in access_time_format. Default: now for touch, else preserve.'),
      access_time_format: z
        .string()
        .default('%Y%m%d%H%M.%S')
        .describe('How access_time is written: %Y %m %d %H %M %S.'),
      ...fileAttributes,
    })
    .refine((want) => !(want.state === 'link' || want.state === 'hard') || want.src !== undefined, {
      error: 'state link and hard need src',
      path: ['src'],
    })
    .refine((want) => !want.recurse || want.state === undefined || want.state === 'directory', {
      error: 'recurse is for state directory',
      path: ['recurse'],
    })
    .refine((want) => want.state !== 'absent' || want.path.replaceAll(/[/.]/g, '') !== '', {
      error: 'the root directory is not to be removed',
      path: ['path'],
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly there: FileStat | undefined;
  /** What a symbolic link points to; the same as `there` for anything else. */
  readonly followed: FileStat | undefined;
  /** Directories that have to be made, parents first. */
  readonly missing: readonly string[];
  /** The source of a hard link. */
  readonly source: FileStat | undefined;
  readonly tree: readonly TreeEntry[];
  readonly modified: Timestamp;
  readonly accessed: Timestamp;
}

export default state<Want, State>({
  summary: 'Manage files, directories and links, and their owner, group and mode.',
  params,

  async have(want, host) {
    const { path } = want;
    const wanted = wantedState(want, undefined);
    if (wanted !== 'absent' && wanted !== 'file')
      for (const parent of parentsOf(path)) void host.ask(kindOf, parent);
    // A link will most likely be there: what it leads to is asked at once.
    if (wanted === 'link') void host.ask(stat, { path, follow: true });
    const [there, source] = await Promise.all([
      host.ask(stat, { path }),
      wanted === 'hard' || wanted === 'link'
        ? host.ask(stat, { path: sourceOf(want), follow: true })
        : undefined,
    ]);
    const followed = there?.type === 'link' ? await host.ask(stat, { path, follow: true }) : there;
    const standard = wanted === 'touch' ? 'now' : 'preserve';
    const [modified, accessed] = await Promise.all([
      readTimestamp(want.modification_time, want.modification_time_format, standard, host),
      readTimestamp(want.access_time, want.access_time_format, standard, host),
    ]);
    const lists = { missing: [] as string[], tree: [] as TreeEntry[] };
    const found = { there, followed, source, modified, accessed, ...lists };
    if (wanted === 'absent') return found;
    const current = attributed(want, found);
    await requireNames(want, host, current);
    if (
      (wanted === 'link' || wanted === 'hard') &&
      source === undefined &&
      !(want.force && wanted === 'link')
    )
      throw new NotYet(
        `${sourceOf(want)} does not exist on ${host.name}`,
        'force: yes makes a link all the same',
      );
    if (wanted === 'directory' && !current) found.missing = await missingParents(path, host);
    else if (there === undefined && wanted !== 'file') await requireDirectory(dirname(path), host);
    if (wanted === 'file' && followed === undefined)
      throw new NotYet(`${path} does not exist on ${host.name}`, 'state: touch makes an empty file');
    refuse(want, found, host.name);
    if (want.recurse && current?.type === 'directory') found.tree = await readTree(path, host);
    return found;
  },

  diff: differences,

  achieved(changes, want, have) {
    const { path, follow } = want;
    const to = (what: string) => changes.find((change) => change.what === what)?.to as string | undefined;
    const [bits, owner, group] = [to('mode'), to('owner'), to('group')];
    const mode = bits === undefined ? undefined : Number.parseInt(bits, 8);
    const wanted = wantedState(want, have.there);
    if (wanted === 'absent') return sh`[ ! -e ${path} ] && [ ! -L ${path} ]`;
    if (want.recurse || have.modified !== 'preserve' || have.accessed !== 'preserve') return undefined;
    const attributed = hasAttributes(path, { mode, owner, group }, follow);
    if (wanted === 'directory') return sh`[ -d ${path} ] && ${attributed}`;
    if (wanted === 'file') return sh`[ -f ${path} ] && ${attributed}`;
    const named = bits ?? owner ?? group;
    return wanted === 'link' && named === undefined
      ? sh`[ "$(readlink -- ${path})" = ${want.src!} ]`
      : undefined;
  },

  async fix(changes, want, have, host) {
    const { path } = want;
    const wanted = wantedState(want, have.there);
    const made = changes.some((change) => ['state', 'src', 'times'].includes(change.what));
    const settable = wanted === 'directory' || wanted === 'file';
    const timed = settable && changes.some((change) => change.what === 'times');
    if (wanted === 'absent') return void (await host.run(sh`rm -rf --one-file-system -- ${path}`));
    const commands: Command[] = [];
    if (wanted === 'directory' && changes.some((change) => change.what === 'state'))
      commands.push(...directories(changes, have));
    else {
      if (wanted === 'touch' && made) commands.push(...touch(want, have));
      else if ((wanted === 'link' || wanted === 'hard') && made) commands.push(link(want, wanted, have));
      commands.push(...attributeCommands(changes, path, want.follow));
    }
    if (timed) commands.push(...touchCommands(path, have.modified, have.accessed));
    commands.push(...treeCommands(want, have.tree));
    await host.run(inOneStep(commands));
  },

  verify(want, before, after) {
    const list = differences(want, after);
    const now = after.modified === 'now' || after.accessed === 'now';
    if (!now && wantedState(want, before.there) !== 'touch') return list;
    return list.filter((change) => change.what !== 'times');
  },

  result(want, have) {
    // Ansible says `dest` where it made something, and `path` where it only looked.
    return { path: want.path, dest: want.path, ...sourceResult(want, have), ...pathInfo(have.there) };
  },
});

/** The source of a link. A file that has further hard links counts as one when no state is asked for. */
function sourceResult(want: Want, { there }: State): { src?: string | null } {
  const wanted = wantedState(want, there);
  if (wanted === 'link' || wanted === 'hard') return { src: want.src ?? null };
  const linked = want.state === undefined && there?.type === 'file' && there.links > 1;
  return linked ? { src: null } : {};
}

function differences(want: Want, have: State): Change[] {
  const { there } = have;
  const wanted = wantedState(want, there);
  if (wanted === 'absent')
    return there === undefined ? [] : [{ what: 'state', from: there.type, to: 'absent' }];
  const current = attributed(want, have);
  const list = stateChanges(want, wanted, have);
  if (current === undefined || list.some((change) => change.what === 'state'))
    return wanted === 'link' ? list : [...list, ...initialAttributes(want, wanted === 'directory')];
  const times = wanted === 'directory' || wanted === 'file' ? timeChanges(have, current) : [];
  return [...list, ...attributeChanges(want, current), ...times, ...treeChanges(want, have.tree)];
}

function timeChanges({ modified, accessed }: State, there: FileStat): Change[] {
  const wanted = (time: Timestamp) => (typeof time === 'number' ? shownTime(time) : time);
  if (timeDiffers(modified, there.modified))
    return [{ what: 'times', from: shownTime(there.modified), to: wanted(modified) }];
  if (timeDiffers(accessed, there.accessed))
    return [{ what: 'times', from: shownTime(there.accessed), to: wanted(accessed) }];
  return [];
}

function shownTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function wantedState(want: Want, there: FileStat | undefined): NonNullable<Want['state']> {
  if (want.state !== undefined) return want.state;
  return want.recurse || there?.type === 'directory' ? 'directory' : 'file';
}

/** The file whose attributes are meant. */
function attributed(want: Want, have: Pick<State, 'there' | 'followed'>): FileStat | undefined {
  return want.follow ? have.followed : have.there;
}

/** The source of a link: relative to the directory that the link is in. */
function sourceOf(want: Want): string {
  const src = want.src ?? '';
  return src.startsWith('/') ? src : `${dirname(want.path)}/${src}`;
}

/** Throws when something is there that is not replaced without being told so. */
function refuse(want: Want, { there, followed }: State, host: string): void {
  const wanted = wantedState(want, there);
  const current = want.follow ? followed : there;
  const conflict = (what: FileStat) =>
    new TaskFailure(
      `${want.path} is a ${what.type} on ${host}, not a ${wanted}`,
      'remove it before (state: absent)',
    );
  if (wanted === 'directory' && there !== undefined && current?.type !== 'directory') throw conflict(there);
  if (wanted === 'file' && current?.type === 'directory' && want.state === 'file') throw conflict(current);
  if (wanted !== 'link' && wanted !== 'hard') return;
  if (there?.type === 'directory') throw conflict(there);
  if (there !== undefined && there.type !== 'link' && wanted === 'link' && !want.force) throw conflict(there);
}

function stateChanges(want: Want, wanted: NonNullable<Want['state']>, have: State): Change[] {
  const { there, source } = have;
  const from = there?.type ?? 'absent';
  switch (wanted) {
    case 'directory':
      return there === undefined ? [{ what: 'state', from, to: 'directory' }] : [];
    case 'touch': {
      if (have.followed === undefined) return [{ what: 'state', from, to: 'file' }];
      return timeChanges(have, have.followed);
    }
    case 'link':
      if (there?.type !== 'link') return [{ what: 'state', from, to: 'link' }];
      return there.target === want.src ? [] : [{ what: 'src', from: there.target, to: want.src }];
    case 'hard': {
      const same = there !== undefined && there.inode === source?.inode && there.device === source.device;
      return same ? [] : [{ what: 'state', from, to: `hard link to ${want.src}` }];
    }
    default:
      return [];
  }
}

async function missingParents(path: string, host: HostReader): Promise<string[]> {
  const all = parentsOf(path);
  const kinds = await Promise.all(all.map((parent) => host.ask(kindOf, parent)));
  const blocking = all.find((_, index) => kinds[index] === 'other');
  if (blocking !== undefined) throw new TaskFailure(`${blocking} is not a directory on ${host.name}`);
  return [...all.filter((_, index) => kinds[index] === undefined), path.replace(/\/+$/, '')];
}

/** The directories above a path, outermost first. */
function parentsOf(path: string): string[] {
  const all: string[] = [];
  for (let parent = dirname(path); parent !== '/' && parent !== '.'; parent = dirname(parent))
    all.unshift(parent);
  return all;
}

/** Parents that are made get the same attributes, as Ansible does it. */
function directories(changes: readonly Change[], have: State): Command[] {
  return have.missing.flatMap((path) => [sh`mkdir -- ${path}`, ...attributeCommands(changes, path)]);
}

function touch({ path }: Want, have: State): Command[] {
  const { modified, accessed } = have;
  const fresh = have.followed === undefined;
  const times = touchCommands(
    path,
    fresh && modified === 'now' ? 'preserve' : modified,
    fresh && accessed === 'now' ? 'preserve' : accessed,
  );
  return [...(fresh ? [sh`touch -- ${path}`] : []), ...times];
}

/** Made under another name and renamed, so that the path is never without a link. */
function link(want: Want, wanted: 'link' | 'hard', have: State): Command {
  const { path } = want;
  const source = wanted === 'link' ? want.src! : sourceOf(want);
  const kind = wanted === 'link' ? ['-s'] : [];
  if (have.there === undefined) return sh`ln ${kind} -T -- ${source} ${path}`;
  const fresh = `${path}.foobar-${process.pid}`;
  return sh`ln ${kind} -T -- ${source} ${fresh} && mv -fT -- ${fresh} ${path}`;
}
