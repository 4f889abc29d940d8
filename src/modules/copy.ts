import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, type Context, state } from './contract.ts';
import { attributeCommands, fileAttributes, initialAttributes, requireNames } from './shared/attributes.ts';
import { backupResult } from './shared/backup.ts';
import { pythonJson, sha1Of } from './shared/content.ts';
import { type Item, localItems, remoteItems } from './shared/items.ts';
import { formatMode, mode } from './shared/mode.ts';
import { ansibleBoolean, hostPath, withAliases } from './shared/params.ts';
import {
  destination,
  fixPlace,
  lookAt,
  type Place,
  placeChanges,
  prefetch,
  type Source,
} from './shared/placing.ts';

const params = withAliases(
  z
    .strictObject({
      dest: hostPath.describe(
        'Where the file goes on the host. A directory when src is one or when it ends with a slash.',
      ),
      src: z
        .string()
        .optional()
        .describe(
          'File or directory of the controller, looked for in files/. Of a directory with a trailing slash only what is in it is copied.',
        ),
      content: z
        .unknown()
        .optional()
        .describe('The content itself, in place of src. A dict or a list becomes JSON.'),
      remote_src: ansibleBoolean.default(false).describe('Take src from the host itself.'),
      backup: ansibleBoolean.default(false).describe('Keep a copy of the file that is replaced.'),
      force: ansibleBoolean
        .default(true)
        .describe('Replace a file whose content differs; no writes only what is not there.')
        .meta({ aliases: ['thirsty'] }),
      follow: ansibleBoolean
        .default(false)
        .describe(
          'When the destination is a symbolic link, write what it points to instead of replacing it.',
        ),
      validate: z
        .string()
        .refine((command) => command.includes('%s'), { error: 'must contain %s, the path of the new file' })
        .optional()
        .describe('Command that checks the new file before it is put in place; %s is its path.'),
      directory_mode: mode.optional().describe('Permissions of directories that a recursive copy makes.'),
      ...fileAttributes,
      mode: z
        .union([z.literal('preserve'), mode])
        .optional()
        .describe(
          "Permissions, octal in quotes ('0644'), symbolic (u=rw,g=r,o=), or preserve: those of src.",
        ),
    })
    .refine((want) => (want.src === undefined) !== (want.content === undefined), {
      error: 'give exactly one of src and content',
    }),
);
type Want = z.output<typeof params>;

interface Directory {
  readonly path: string;
  readonly there: FileStat | undefined;
}
interface State {
  readonly directories: readonly Directory[];
  readonly files: readonly { readonly place: Place; readonly want: FileWant }[];
}
type FileWant = Omit<Want, 'mode'> & { readonly mode?: string | undefined };

export default state<Want, State>({
  summary: 'Copy files to hosts.',
  params,

  async have(want, host, context) {
    const items = await itemsOf(want, host, context);
    const many = items.some((item) => item.source === 'directory');
    const target = many ? want.dest.replace(/\/+$/, '') : await destination(want, host);
    for (const item of items) prefetch(pathOf(target, item), want.follow, host);
    const madeHere = new Set(want.dest.endsWith('/') && !many ? [dirname(target)] : []);
    if (many) {
      const [top] = items;
      if (top?.below !== '') await requireOrMake(target, host, madeHere);
      for (const item of items) if (item.source === 'directory') madeHere.add(pathOf(target, item));
    }
    const directories = await Promise.all(
      [...madeHere].map(async (path) => ({ path, there: await host.ask(stat, { path, follow: true }) })),
    );
    for (const { path, there } of directories)
      if (there !== undefined && there.type !== 'directory')
        throw new TaskFailure(`${path} is not a directory on ${host.name}`);
    const missing = new Set(directories.filter(({ there }) => there === undefined).map(({ path }) => path));
    const files = await Promise.all(
      items.flatMap(({ source, ...item }) =>
        source === 'directory'
          ? []
          : [lookAtItem(want, pathOf(target, item), source, item.bits, missing, host)],
      ),
    );
    return { directories, files };
  },

  diff: (want, have) => [
    ...have.directories.flatMap((directory) => directoryChanges(want, directory)),
    ...have.files.flatMap(({ place, want: fileWant }) => {
      const list = placeChanges(place, fileWant);
      if (have.files.length === 1) return list;
      return list.map((change) =>
        change.path ? change : { ...change, what: `${change.what} of ${place.path}` },
      );
    }),
  ],

  async fix(_changes, want, have, host) {
    for (const directory of have.directories) {
      if (directory.there !== undefined) continue;
      await host.run(sh`mkdir -p -- ${directory.path}`);
      const attributes = initialAttributes({ ...want, mode: want.directory_mode }, true);
      for (const command of attributeCommands(attributes, directory.path)) await host.run(command);
    }
    for (const { place, want: fileWant } of have.files)
      if (placeChanges(place, fileWant).length > 0) await fixPlace(place, fileWant, host, want);
  },

  result(want, have) {
    const only = have.files.length === 1 ? have.files[0] : undefined;
    if (only === undefined) return { dest: want.dest, src: want.src };
    const { path, source, there } = only.place;
    return {
      dest: path,
      ...(want.src === undefined ? {} : { src: want.src }),
      ...('content' in source ? { checksum: sha1Of(source.content), size: source.content.length } : {}),
      ...(there === undefined ? {} : resultOf(there)),
      ...backupResult(want),
    };
  },
});

function resultOf(there: FileStat): Record<string, unknown> {
  const { owner, group, uid, gid } = there;
  return { owner, group, uid, gid, mode: formatMode(there.mode), state: there.type };
}

function pathOf(target: string, item: { readonly below: string }): string {
  return item.below === '' ? target : `${target}/${item.below}`;
}

async function lookAtItem(
  want: Want,
  path: string,
  source: Source,
  bits: number,
  missing: ReadonlySet<string>,
  host: HostReader,
): Promise<{ place: Place; want: FileWant }> {
  const fileWant: FileWant = { ...want, mode: want.mode === 'preserve' ? formatMode(bits) : want.mode };
  if (!missing.has(dirname(path)))
    return { place: await lookAt(path, source, fileWant, host), want: fileWant };
  await requireNames(fileWant, host);
  const to = 'content' in source ? source.content : { size: source.size };
  return { place: { path, source, there: undefined, differs: true, to }, want: fileWant };
}

async function requireOrMake(path: string, host: HostReader, made: Set<string>): Promise<void> {
  const found = await host.ask(stat, { path, follow: true });
  if (found === undefined) made.add(path);
}

async function itemsOf(want: Want, host: HostReader, context: Context): Promise<Item[]> {
  if (want.src === undefined) {
    const { content } = want;
    const text = typeof content === 'object' ? pythonJson(content) : String(content);
    return [{ below: '', source: { content: Buffer.from(text) }, bits: 0o644 }];
  }
  return want.remote_src
    ? remoteItems(want.src, host)
    : localItems(context.find('files', want.src), want.src);
}

function directoryChanges(want: Want, { path, there }: Directory): Change[] {
  if (there !== undefined) return [];
  return [
    { what: `state of ${path}`, from: 'absent', to: 'directory' },
    ...initialAttributes({ ...want, mode: want.directory_mode }, true).map((change) => ({
      ...change,
      what: `${change.what} of ${path}`,
    })),
  ];
}
