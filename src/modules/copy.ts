import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, type Context, state } from './contract.ts';
import {
  attributeChanges,
  attributeCommands,
  fileAttributes,
  initialAttributes,
  inOneStep,
  requireNames,
} from './shared/attributes.ts';
import { backupResult } from './shared/backup.ts';
import { md5Of, pythonJson, sha1Of } from './shared/content.ts';
import { type Item, localItems, remoteItems } from './shared/items.ts';
import { formatMode, mode } from './shared/mode.ts';
import { ansibleBoolean, hostPath, remotePath, text, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import {
  destination,
  fixPlace,
  isPlaced,
  lookAt,
  type Place,
  placeChanges,
  prefetch,
  type Source,
} from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      dest: hostPath.describe(
        'Where the file goes on the host. A directory when src is one or when it ends with a slash.',
      ),
      src: remotePath
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
      checksum: text
        .optional()
        .describe('SHA-1 that the content must have; with another one the task fails.'),
      decrypt: ansibleBoolean.default(true).describe('Decrypt a file of the controller that is vaulted.'),
      local_follow: ansibleBoolean
        .optional()
        .describe(
          'Copy what symbolic links in a directory point to. Default: yes for a directory of the controller, no with remote_src.',
        ),
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
  /** What one that is made gets when nothing is asked for: the permissions of its source on the host. */
  readonly mode: string | undefined;
  /** One that is copied gets the attributes though it is there; the destination itself does not. */
  readonly copied: boolean;
  readonly there: FileStat | undefined;
}
interface Link {
  readonly path: string;
  readonly to: string;
  readonly there: FileStat | undefined;
}
interface State {
  readonly links: readonly Link[];
  readonly top: FileStat | undefined;
  /** SHA-1 and MD5 of the one file that is copied on the host. */
  readonly sums?: readonly string[];
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
    checkSum(want, items);
    const madeHere = new Set(want.dest.endsWith('/') && !many ? [dirname(target)] : []);
    const bits = new Map<string, number>();
    if (many) {
      const [top] = items;
      if (top?.below !== '') await requireOrMake(target, host, madeHere);
      for (const item of items) {
        if (item.source !== 'directory') continue;
        madeHere.add(pathOf(target, item));
        bits.set(pathOf(target, item), item.bits);
      }
    }
    const directories = await Promise.all(
      [...madeHere].map(async (path) => ({
        path,
        there: await host.ask(stat, { path, follow: true }),
        mode: want.remote_src && bits.has(path) ? formatMode(bits.get(path)!) : undefined,
        copied: bits.has(path) && path !== target,
      })),
    );
    for (const { path, there } of directories)
      if (there !== undefined && there.type !== 'directory')
        throw new TaskFailure(`${path} is not a directory on ${host.name}`);
    const missing = new Set(directories.filter(({ there }) => there === undefined).map(({ path }) => path));
    const files = await Promise.all(
      items.flatMap(({ source, ...item }) =>
        source === 'directory' || 'link' in source
          ? []
          : [lookAtItem(want, pathOf(target, item), source, item.bits, missing, many, host)],
      ),
    );
    const links = await Promise.all(
      items.flatMap(({ source, ...item }) => {
        if (source === 'directory' || !('link' in source)) return [];
        const path = pathOf(target, item);
        return [host.ask(stat, { path }).then((there) => ({ path, to: source.link, there }))];
      }),
    );
    const top = many ? await host.ask(stat, { path: target }) : undefined;
    if (many && !('wasThere' in rememberedFor(want))) rememberFor(want, { wasThere: top !== undefined });
    if (many || !want.remote_src) return { directories, files, links, top };
    const { stdout } = await host.look(sh`sha1sum <${want.src!}; md5sum <${want.src!}`);
    return { directories, files, links, top, sums: stdout.split('\n').map((line) => line.split(' ', 1)[0]!) };
  },

  diff: (want, have) => [
    ...have.directories.flatMap((directory) => directoryChanges(want, directory)),
    ...have.links.flatMap(({ path, to, there }) =>
      there?.target === to
        ? []
        : [{ what: `link ${path}`, from: there?.target ?? there?.type ?? 'absent', to }],
    ),
    ...have.files.flatMap(({ place, want: fileWant }) => {
      const list = placeChanges(place, fileWant);
      if (have.files.length === 1) return list;
      return list.map((change) =>
        change.path ? change : { ...change, what: `${change.what} of ${place.path}` },
      );
    }),
  ],

  achieved(_changes, want, { directories, files, links, top }) {
    const [only, ...more] = files;
    if (!only || more.length + directories.length + links.length > 0 || top !== undefined || want.remote_src)
      return undefined;
    return isPlaced(only.place, only.want);
  },

  async fix(_changes, want, have, host) {
    const commands = [
      ...have.directories.flatMap((directory) => [
        ...(directory.there === undefined ? [sh`mkdir -p -- ${directory.path}`] : []),
        ...attributeCommands(attributesOfDirectory(want, directory), directory.path),
      ]),
      ...have.links.flatMap(({ path, to, there }) =>
        there?.target === to ? [] : [sh`ln -sfnT -- ${to} ${path}`],
      ),
    ];
    // Written without waiting: they travel together, and come to pass in this order.
    await Promise.all([
      ...(commands.length > 0 ? [host.run(inOneStep(commands))] : []),
      ...have.files
        .filter(({ place, want: fileWant }) => placeChanges(place, fileWant).length > 0)
        .map(({ place, want: fileWant }) => fixPlace(place, fileWant, host, want)),
    ]);
  },

  result(want, have) {
    const only = have.top === undefined && have.files.length === 1 ? have.files[0] : undefined;
    const src = want.src === undefined ? {} : { src: want.src };
    if (only === undefined) {
      const inside = `${want.dest.replace(/\/+$/, '')}/`;
      if (!want.remote_src) return { dest: inside, src: rememberedFor(want).found ?? want.src };
      // Ansible puts the name of the source behind what is there, and that of `folder/` is empty.
      const dest = want.src?.endsWith('/') && rememberedFor(want).wasThere === true ? inside : want.dest;
      return { dest, ...src, checksum: null, md5sum: null, ...pathInfo(have.top) };
    }
    const { path, source, there } = only.place;
    const content = 'content' in source ? source.content : undefined;
    return {
      dest: path,
      path,
      ...src,
      ...(content ? { checksum: sha1Of(content), md5sum: md5Of(content), size: content.length } : {}),
      ...(have.sums ? { checksum: have.sums[0], md5sum: have.sums[1] } : {}),
      ...(there === undefined ? {} : pathInfo(there)),
      ...backupResult(want),
    };
  },
});

/** Throws when the content is not what `checksum` says. */
function checkSum({ checksum, src }: Want, items: readonly Item[]): void {
  const source = items[0]?.source;
  if (checksum === undefined || items.length !== 1 || typeof source !== 'object' || !('content' in source))
    return;
  const sum = sha1Of(source.content);
  if (sum !== checksum.toLowerCase())
    throw new TaskFailure(
      `${src ?? 'content'} does not match the expected checksum: it has ${sum}, not ${checksum}`,
    );
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
  many: boolean,
  host: HostReader,
): Promise<{ place: Place; want: FileWant }> {
  const whole = want.remote_src && many && (await host.ask(stat, { path })) === undefined;
  const given = want.mode === 'preserve' || (whole && want.mode === undefined) ? formatMode(bits) : want.mode;
  const fileWant: FileWant = { ...want, mode: given };
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
  if (want.remote_src) return remoteItems(want.src, want.local_follow ?? false, host);
  const found = context.find('files', want.src);
  const slash = want.src.endsWith('/') && !found.endsWith('/') ? '/' : '';
  rememberFor(want, { found: `${found}${slash}` });
  return localItems(found, want.src, { decrypt: want.decrypt, follow: want.local_follow ?? true });
}

function attributesOfDirectory(want: Want, { there, mode: source, copied }: Directory): Change[] {
  const given = { ...want, mode: want.directory_mode };
  if (there === undefined) return initialAttributes({ ...given, mode: given.mode ?? source }, true);
  return copied && !want.remote_src ? attributeChanges(given, there) : [];
}

function directoryChanges(want: Want, directory: Directory): Change[] {
  const { path, there } = directory;
  const made = there === undefined ? [{ what: `state of ${path}`, from: 'absent', to: 'directory' }] : [];
  const attributes = attributesOfDirectory(want, directory);
  return [...made, ...attributes.map((change) => ({ ...change, what: `${change.what} of ${path}` }))];
}
