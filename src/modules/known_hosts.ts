import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { TaskFailure } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { state } from './contract.ts';
import { contentChange } from './shared/content.ts';
import { editKnownHosts, hashedKey, type KnownHostsEdit, namesHost } from './shared/known-hosts.ts';
import { ansibleBoolean, hostPath, text, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';
import { requireDirectory } from './shared/placing.ts';

const params = withAliases(
  z
    .strictObject({
      name: text
        .refine((name) => !/\S\s*,/.test(name), { error: 'give one name, no list' })
        .describe('The host; with a port that is not 22 as [host]:port.')
        .meta({ aliases: ['host'] }),
      key: text.optional().describe('The line for it: name, type and key, as ssh-keyscan prints it.'),
      path: hostPath.default('~/.ssh/known_hosts').describe('The file to change.'),
      hash_host: ansibleBoolean.default(false).describe('Keep a hash of the name in place of the name.'),
      state: z
        .enum(['absent', 'present'])
        .default('present')
        .describe('Whether the key is to be there. absent without key removes all keys of the host.'),
    })
    .refine((want) => want.state === 'absent' || want.key !== undefined, {
      error: 'state present needs key',
      path: ['key'],
    }),
);
type Want = z.output<typeof params>;

interface State extends KnownHostsEdit {
  readonly path: string;
  readonly before: string;
  readonly there: FileStat | undefined;
}

export default state<Want, State>({
  summary: 'Add or remove host keys of known_hosts files.',
  params,

  async have(want, host) {
    const { path } = want;
    const [bytes, there] = await Promise.all([host.ask(contents, path), host.ask(stat, { path })]);
    const name = want.name.toLowerCase();
    if (want.key !== undefined && !namesHost(want.key, name))
      throw new TaskFailure(
        `Host parameter does not match hashed host field in supplied key: ${want.name}`,
        'the line of key must begin with the name of the host',
      );
    const before = bytes?.toString('utf8') ?? '';
    const edit = editKnownHosts(before, { ...want, name });
    if (edit.changed && bytes === undefined && want.state === 'present')
      await requireDirectory(dirname(path), host);
    return { ...edit, path, before, there };
  },

  diff: (_want, { changed, path, before, after }) =>
    changed ? [contentChange(path, Buffer.from(before), Buffer.from(after))] : [],

  async fix(_changes, want, { path, before }, host) {
    const name = want.name.toLowerCase();
    if (want.state === 'absent' && want.key === undefined) {
      await host.run(sh`ssh-keygen -R ${name} -f ${path}`);
      return;
    }
    const key = want.key && want.hash_host ? hashedKey(want.key, name, randomBytes(20)) : want.key;
    await host.write(path, editKnownHosts(before, { ...want, name, key }).after);
  },

  // Lines of certificate authorities stay when all keys of a host are removed.
  verify: (want, _before, { changed, path }) =>
    changed && !(want.state === 'absent' && want.key === undefined)
      ? [{ what: 'content', from: 'as it is', to: 'as it was written', path }]
      : [],

  result: (want, { path, there }) => ({
    name: want.name,
    key: want.key ?? null,
    path,
    hash_host: want.hash_host,
    ...pathInfo(there),
  }),
});
