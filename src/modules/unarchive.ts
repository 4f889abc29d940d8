import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { rawShell } from '../host/sh.ts';
import { type Change, type Context, state } from './contract.ts';
import {
  archiveOf,
  between,
  comparison,
  extraction,
  extractionWords,
  isGzip,
  isRemote,
} from './shared/archives.ts';
import { attributeChanges, attributeCommands, fileAttributes, requireNames } from './shared/attributes.ts';
import { httpParams } from './shared/curl.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, remotePath, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { requireDirectory } from './shared/placing.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';
import { readComparison } from './shared/tar.ts';
import { readListing, zipDifferences } from './shared/unzip.ts';

const params = withAliases(
  z
    .strictObject({
      src: remotePath.describe(
        'Archive, tar (plain, gzip, bzip2, xz or zstd) or zip: of the controller, looked for in files/; with remote_src a path or a URL for the host.',
      ),
      dest: hostPath.describe('Directory of the host to unpack into. It must be there.'),
      remote_src: ansibleBoolean.default(false).describe('Take src from the host itself.'),
      copy: ansibleBoolean.optional().describe('The opposite of remote_src, in place of it.'),
      decrypt: ansibleBoolean.default(true).describe('Decrypt an archive of the controller that is vaulted.'),
      io_buffer_size: integer
        .optional()
        .describe('Taken for the sake of existing playbooks: tar reads as much at a time as it likes.'),
      creates: hostPath.optional().describe('When this is there nothing is unpacked or compared.'),
      extra_opts: ansibleList
        .default([])
        .describe('More options for tar or unzip, such as --strip-components=1.'),
      exclude: ansibleList.default([]).describe('Members that are left out.'),
      include: ansibleList.default([]).describe('Members that alone are unpacked.'),
      keep_newer: ansibleBoolean
        .default(false)
        .describe('Leave files that are newer than those of the archive.'),
      list_files: ansibleBoolean.default(false).describe('Return the names of the members as `files`.'),
      validate_certs: httpParams.validate_certs,
      ...fileAttributes,
    })
    .refine((want) => want.include.length === 0 || want.exclude.length === 0, {
      error: 'give only one of include and exclude',
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly kind: 'tar' | 'zip';
  /** What is not as in the archive, a line each. */
  readonly differing: readonly string[];
  /** Names of the members, those of directories with a slash at the end. */
  readonly members: readonly string[];
  /** Paths on the host of what gets owner, group and mode, when one of these is given. */
  readonly paths: readonly string[];
  readonly stats: readonly (FileStat | undefined)[];
  /** The directory itself. */
  readonly into: FileStat | undefined;
}

const nothing: State = { kind: 'tar', differing: [], members: [], paths: [], stats: [], into: undefined };

export default state<Want, State>({
  summary: 'Unpack tar and zip archives on hosts.',
  params,

  async have(want, host, context) {
    const created = want.creates === undefined ? undefined : await host.ask(stat, { path: want.creates });
    // What unpacking made is looked at.
    if (created !== undefined && rememberedFor(want).extract_results === undefined) return nothing;
    await Promise.all([requireDirectory(want.dest, host), requireNames(want, host)]);
    // What a URL gave was unpacked a moment ago: it is not fetched once more to be compared.
    const unpacked = rememberedFor(want).unpacked as State | undefined;
    const found = unpacked ?? (await compare(want, host, context));
    const paths = pathsOf(want, found.members);
    const stats = await Promise.all(paths.map((path) => host.ask(stat, { path })));
    return { ...found, paths, stats, into: await host.ask(stat, { path: want.dest, follow: true }) };
  },

  diff: differences,

  async fix(_changes, want, have, host, context) {
    if (have.differing.length > 0) {
      const archive = archiveOf(want, context);
      const { command, options } = extraction(have.kind, want, archive);
      const all = { ...options, expect: 'any' as const };
      const { code, stdout, stderr } = isRemote(want)
        ? await host.job(`unarchive ${want.dest}`, command, all)
        : await host.run(command, all);
      if (code !== 0)
        throw new TaskFailure(`failed to unpack ${want.src} to ${want.dest}: ${(stderr || stdout).trim()}`);
      const cmd = extractionWords(have.kind, want);
      rememberFor(want, { extract_results: { cmd, rc: code, out: stdout, err: stderr } });
      if (archive.fetched) rememberFor(want, { unpacked: { ...have, differing: [] } });
    }
    const stats = await Promise.all(have.paths.map((path) => host.ask(stat, { path })));
    const commands = attributesOf(want, have.paths, stats).flatMap(({ path, list }) =>
      attributeCommands(list, path, false),
    );
    if (commands.length > 0)
      await host.run(rawShell(['set -e', ...commands.map((command) => command.text)].join('\n')));
  },

  // Options of unzip may put the members elsewhere (-j) or under other names.
  verify: (want, before, after) =>
    before.kind === 'zip' && want.extra_opts.length > 0 ? [] : differences(want, after),

  skipped: (want, have) => (have === nothing ? `skipped, since ${want.creates} exists` : undefined),

  result(want, have) {
    const { extract_results } = rememberedFor(want);
    return {
      dest: want.dest,
      src: want.src,
      handler: have.kind === 'zip' ? 'ZipArchive' : isGzip(want.src) ? 'TgzArchive' : 'TarArchive',
      ...(extract_results === undefined ? {} : { extract_results }),
      ...(want.list_files ? { files: have.members } : {}),
      ...(have.into && pathInfo(have.into)),
    };
  },
});

function differences(want: Want, have: State): Change[] {
  return [
    ...have.differing.map((line) => {
      const colon = line.lastIndexOf(': ');
      return { what: line.slice(0, colon), from: line.slice(colon + 2), to: 'as in the archive' };
    }),
    ...attributesOf(want, have.paths, have.stats).flatMap(({ path, list }) =>
      list.map((change) => ({ ...change, what: `${change.what} of ${path}` })),
    ),
  ];
}

async function compare(want: Want, host: HostReader, context: Context): Promise<State> {
  const archive = archiveOf(want, context);
  const { code, stdout, stderr } = await host.look(comparison(want, archive), {
    ...archive.options,
    expect: 'any',
  });
  if (code === 98) throw new NotYet(`${want.src} does not exist on ${host.name}`);
  if (code === 97) throw new TaskFailure(`Failure downloading ${want.src}, ${stderr.trim()}`);
  if (code === 127)
    throw new NotYet(
      `there is no unzip on ${host.name}`,
      'install the package unzip before (apt: name=unzip)',
    );
  const [short, long] = stdout.split(between);
  if (short !== undefined && long !== undefined) {
    if (code > 1) throw new TaskFailure(`${want.src}: ${stderr.trim() || long.trim()}`);
    const members = readListing(short, long);
    const differing = await zipDifferences(members, want.dest, want, host);
    return { ...nothing, kind: 'zip', differing, members: members.map((member) => member.name) };
  }
  const { members, differing } = readComparison(stdout, stderr, want);
  if (code > 1 && differing.length === 0) throw new TaskFailure(`${want.src}: ${stderr.trim()}`);
  return { ...nothing, differing, members };
}

/** What gets the attributes of the task: the members, and the folders at the top that they are in. */
function pathsOf(want: Want, members: readonly string[]): string[] {
  if (want.owner === undefined && want.group === undefined && want.mode === undefined) return [];
  const names = members.map((name) => name.replace(/^\.\//, '').replace(/\/$/, '')).filter(Boolean);
  const tops = names.filter((name) => name.includes('/')).map((name) => name.split('/', 1)[0]!);
  return [...new Set([...names, ...tops])].map((name) => `${want.dest.replace(/\/+$/, '')}/${name}`);
}

function attributesOf(
  want: Want,
  members: readonly string[],
  stats: readonly (FileStat | undefined)[],
): { path: string; list: Change[] }[] {
  return members.flatMap((path, index) => {
    const found = stats[index];
    return found === undefined ? [] : [{ path, list: attributeChanges(want, found) }];
  });
}
