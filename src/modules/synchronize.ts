import { resolve } from 'node:path';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { rawShell, sh } from '../host/sh.ts';
import { type Context, state } from './contract.ts';
import { ansibleBoolean, ansibleList, integer, text, withAliases } from './shared/params.ts';
import { type RsyncSaid, readRsync, rsyncArguments } from './shared/rsync-arguments.ts';
import { remote, runRsync } from './shared/rsync-relay.ts';

const flag = (standard: boolean, what: string) => ansibleBoolean.default(standard).describe(what);
const part = (what: string) => ansibleBoolean.optional().describe(`${what} Default: the value of archive.`);
const needless = 'rsync goes over the connection that the task has, whose host key is always checked';

const params = withAliases(
  z
    .strictObject({
      src: text.describe(
        'What to copy: on this machine, or with mode pull on the host. A / at its end: what is in it.',
      ),
      dest: text.describe('Where to copy it: on the host, or with mode pull on this machine.'),
      mode: z.enum(['push', 'pull']).default('push').describe('push: to the host; pull: from it.'),
      archive: flag(true, 'Copy everything as it is: recursive, links, perms, times, owner, group.'),
      recursive: part('Copy what is in directories.'),
      links: part('Copy symbolic links as links.'),
      perms: part('Keep modes.'),
      times: part('Keep times.'),
      owner: part('Keep owners.'),
      group: part('Keep groups.'),
      copy_links: flag(false, 'Copy what symbolic links point to.'),
      dirs: flag(false, 'Make directories without what is in them.'),
      delete: flag(false, 'Remove from the destination what the source has not; needs recursive.'),
      existing_only: flag(false, 'Make no new files.'),
      checksum: flag(false, 'Compare contents, not sizes and times.'),
      compress: flag(true, 'Compress on the way.'),
      partial: flag(false, 'Keep files that were copied in part only.'),
      delay_updates: flag(true, 'Put all new files in place at the end.'),
      rsync_opts: ansibleList.default([]).describe('Further arguments for rsync.'),
      rsync_path: text.optional().describe('rsync to start on the host.'),
      rsync_timeout: integer.default(0).describe('Seconds without any byte after which it fails; 0: none.'),
      link_dest: ansibleList
        .default([])
        .describe('Directories of the destination whose files are linked to where nothing differs.'),
      verify_host: flag(false, 'Accepted for Ansible; the host key is always checked.'),
      use_ssh_args: flag(false, `Accepted for Ansible; ${needless}.`),
      ssh_connection_multiplexing: flag(false, `Accepted for Ansible; ${needless}.`),
      set_remote_user: flag(true, `Accepted for Ansible; ${needless}.`),
      dest_port: integer.optional().describe('Not supported: the port is that of the connection.'),
      private_key: text.optional().describe('Not supported: the key is that of the connection.'),
    })
    .superRefine((want, context) => {
      const complain = (name: string, variable: string) =>
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `not supported: ${needless}; set ${variable}`,
        });
      if (want.dest_port !== undefined) complain('dest_port', 'ansible_port');
      if (want.private_key !== undefined) complain('private_key', 'ansible_ssh_private_key_file');
      if (!want.set_remote_user) complain('set_remote_user', 'ansible_user');
      for (const name of ['src', 'dest'] as const)
        if (/^rsync:\/\//.test(want[name]))
          context.addIssue({ code: 'custom', path: [name], message: 'a server of rsync is not supported' });
    }),
);
type Want = z.output<typeof params>;

const done = new WeakMap<object, RsyncSaid>();

export default state<Want, RsyncSaid>({
  summary: 'Copy trees to or from hosts with rsync, which both sides need.',
  params,
  have: (want, host, context) => rsync(want, host, context, true),
  diff: (_want, { changes }) => changes.map((line) => ({ what: 'rsync', from: undefined, to: line })),

  async fix(_changes, want, _have, host, context) {
    done.set(want, await rsync(want, host, context, false));
    // What was read of the host before no longer holds.
    if (want.mode === 'push') await host.run(rawShell(':'));
  },

  // rsync is done when it says so; what it may not set (owners, as no root) it would list again.
  verify: () => [],

  result(want, have) {
    const { text: msg } = done.get(want) ?? have;
    return {
      msg,
      rc: 0,
      stdout_lines: msg.split('\n').filter((line) => line !== ''),
      cmd: ['rsync', ...rsyncArguments(want, false), want.src, want.dest].join(' '),
    };
  },
});

async function rsync(want: Want, host: HostReader, context: Context, dry: boolean): Promise<RsyncSaid> {
  const program = want.rsync_path ?? 'rsync';
  const { code: missing } = await host.look(sh`command -v -- ${program.split(' ', 1)[0]!} >/dev/null`, {
    expect: 'any',
  });
  if (missing !== 0)
    throw new NotYet(
      `rsync is not installed on ${host.name}`,
      'install the package rsync before (apt: name=rsync)',
    );
  const [src, dest] =
    want.mode === 'push'
      ? [localSource(want.src, context), `${remote}:${want.dest}`]
      : [`${remote}:${want.src}`, localTarget(want.dest, context)];
  const { code, stdout, stderr } = await runRsync(host, [...rsyncArguments(want, dry), '--', src, dest]);
  if (code !== 0) throw new TaskFailure(stderr.trim() || `rsync ended with code ${code}`);
  return readRsync(stdout, want);
}

/** A / at the end means something to rsync. */
function localSource(path: string, context: Context): string {
  const found = path.startsWith('/') ? path : context.find('files', path);
  return path.endsWith('/') && !found.endsWith('/') ? `${found}/` : found;
}

function localTarget(path: string, context: Context): string {
  if (path.startsWith('/')) return path;
  const folder = context.variable?.('playbook_dir');
  return `${resolve(typeof folder === 'string' ? folder : '.', path)}${path.endsWith('/') ? '/' : ''}`;
}
