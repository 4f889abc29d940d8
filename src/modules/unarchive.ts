import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader, RunOptions } from '../host/contract.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { type Command, rawShell, sh } from '../host/sh.ts';
import { readDecrypted } from '../vault/files.ts';
import { type Change, type Context, state } from './contract.ts';
import { attributeChanges, attributeCommands, fileAttributes, requireNames } from './shared/attributes.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, withAliases } from './shared/params.ts';
import { requireDirectory } from './shared/placing.ts';
import { compressionFlags, readComparison } from './shared/tar.ts';

const params = withAliases(
  z
    .strictObject({
      src: z
        .string()
        .describe('tar archive (plain, gzip, bzip2, xz or zstd) of the controller, looked for in files/.'),
      dest: hostPath.describe('Directory of the host to unpack into. It must be there.'),
      remote_src: ansibleBoolean.default(false).describe('Take src from the host itself.'),
      copy: ansibleBoolean.optional().describe('The opposite of remote_src, in place of it.'),
      decrypt: ansibleBoolean.default(true).describe('Decrypt an archive of the controller that is vaulted.'),
      io_buffer_size: integer
        .optional()
        .describe('Taken for the sake of existing playbooks: tar reads as much at a time as it likes.'),
      creates: hostPath.optional().describe('When this is there nothing is unpacked or compared.'),
      extra_opts: ansibleList.default([]).describe('More options for tar, such as --strip-components=1.'),
      exclude: ansibleList.default([]).describe('Members that are left out.'),
      include: ansibleList.default([]).describe('Members that alone are unpacked.'),
      keep_newer: ansibleBoolean
        .default(false)
        .describe('Leave files that are newer than those of the archive.'),
      list_files: ansibleBoolean.default(false).describe('Return the names of the members as `files`.'),
      owner: fileAttributes.owner,
      group: fileAttributes.group,
      mode: fileAttributes.mode,
    })
    .refine((want) => want.include.length === 0 || want.exclude.length === 0, {
      error: 'give only one of include and exclude',
    }),
);
type Want = z.output<typeof params>;

interface State {
  /** What `tar --diff` found, a line each. */
  readonly differing: readonly string[];
  /** Paths of the members on the host; looked at only when owner, group or mode are given. */
  readonly members: readonly string[];
  readonly stats: readonly (FileStat | undefined)[];
}

export default state<Want, State>({
  summary: 'Unpack a tar archive on hosts.',
  params,

  async have(want, host, context) {
    if (want.creates !== undefined && (await host.ask(stat, { path: want.creates })) !== undefined)
      return { differing: [], members: [], stats: [] };
    await Promise.all([requireDirectory(want.dest, host), requireNames(want, host)]);
    const { command, options } = await tar(want, ['--diff', '--verbose'], host, context);
    const { code, stdout, stderr } = await host.look(command, { ...options, expect: 'any' });
    const { members, differing } = readComparison(stdout, stderr, want);
    if (code > 1 && differing.length === 0) throw new TaskFailure(`${want.src}: ${stderr.trim()}`);
    const paths = members.map((name) => `${want.dest.replace(/\/+$/, '')}/${name.replace(/^\.\//, '')}`);
    return { differing, members: paths, stats: await statsOf(paths, want, host) };
  },

  diff: (want, have) => [
    ...have.differing.map((line) => {
      const colon = line.lastIndexOf(': ');
      return { what: line.slice(0, colon), from: line.slice(colon + 2), to: 'as in the archive' };
    }),
    ...attributesOf(want, have.members, have.stats).flatMap(({ path, list }) =>
      list.map((change) => ({ ...change, what: `${change.what} of ${path}` })),
    ),
  ],

  async fix(_changes, want, have, host, context) {
    if (have.differing.length > 0) {
      const newer = want.keep_newer ? ['--keep-newer-files'] : [];
      const { command, options } = await tar(want, ['--extract', ...newer], host, context);
      if (isRemote(want)) await host.job(`unarchive ${want.dest}`, command, options);
      else await host.run(command, options);
    }
    const stats = await statsOf(have.members, want, host);
    const commands = attributesOf(want, have.members, stats).flatMap(({ path, list }) =>
      attributeCommands(list, path, false),
    );
    if (commands.length > 0)
      await host.run(rawShell(['set -e', ...commands.map((command) => command.text)].join('\n')));
  },

  result: (want, have) => ({
    dest: want.dest,
    src: want.src,
    ...(want.list_files ? { files: have.members.map((path) => path.slice(want.dest.length + 1)) } : {}),
  }),
});

function isRemote({ copy, remote_src }: Want): boolean {
  return copy === undefined ? remote_src : !copy;
}

/** tar on the host. An archive of the controller goes over standard input, so that nothing is left behind there. */
async function tar(
  want: Want,
  how: readonly string[],
  host: HostReader,
  context: Context,
): Promise<{ command: Command; options: RunOptions }> {
  const more = [
    ...how,
    '--show-transformed-names',
    ...want.extra_opts,
    ...want.exclude.map((name) => `--exclude=${name}`),
  ];
  if (!isRemote(want)) {
    const file = context.find('files', want.src);
    const archive = want.decrypt ? readDecrypted(file) : readFileSync(file);
    const flags = [...compressionFlags(archive), ...more];
    return {
      command: sh`LC_ALL=C tar -C ${want.dest} ${flags} -f - -- ${want.include}`,
      options: { stdin: archive },
    };
  }
  if ((await host.ask(stat, { path: want.src, follow: true })) === undefined)
    throw new NotYet(`${want.src} does not exist on ${host.name}`);
  return { command: sh`LC_ALL=C tar -C ${want.dest} ${more} -f ${want.src} -- ${want.include}`, options: {} };
}

async function statsOf(
  paths: readonly string[],
  want: Want,
  host: HostReader,
): Promise<(FileStat | undefined)[]> {
  if (want.owner === undefined && want.group === undefined && want.mode === undefined) return [];
  return Promise.all(paths.map((path) => host.ask(stat, { path })));
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
