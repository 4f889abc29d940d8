import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { type AuthorizedKeys, authorizedKeys } from '../host/queries/authorized_keys.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { type AuthorizedKey, editKeys, formatKey, parseKeyLine } from './shared/authorized-keys.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';
import { pathInfo } from './shared/path-info.ts';

/** A key that is a place where keys are. */
const source = /^(https?|file):\/\//;

const params = withAliases(
  z
    .strictObject({
      user: z.string().min(1).describe('The user that is let in.'),
      key: z
        .string()
        .superRefine((value, context) => {
          if (!source.test(value.trim()))
            readKeys(value, (message) => context.addIssue({ code: 'custom', message }));
        })
        .describe(
          'Public keys, one a line; or an https:// address that the host fetches them from, or a file:// of the host.',
        ),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the keys are to be there.'),
      exclusive: ansibleBoolean
        .default(false)
        .describe('Remove all other keys of the user. All that are to stay must be given in one `key`.'),
      key_options: text.optional().describe('Options in front of each key, as in authorized_keys.'),
      comment: text.optional().describe('Comment in place of those of the keys.'),
      path: z
        .string()
        .regex(/^([/~$]|%h\/)/, { error: 'expected an absolute path on the host' })
        .meta({ hostPath: { absolute: false } })
        .optional()
        .describe('The file, where it is not ~/.ssh/authorized_keys; %h and %u stand for home and user.'),
      manage_dir: ansibleBoolean.default(true).describe('Make the directory, for the user alone.'),
      validate_certs: ansibleBoolean
        .default(true)
        .describe('Refuse a server of keys whose certificate is not valid.'),
      follow: ansibleBoolean.default(false).describe('Write through a symbolic link.'),
    })
    .refine((want) => !(want.exclusive && want.state === 'absent'), {
      error: 'exclusive is for state present',
      path: ['exclusive'],
    }),
);
type Want = z.output<typeof params>;

interface State extends AuthorizedKeys {
  /** Those that are wanted, wherever they come from. */
  readonly keys: readonly AuthorizedKey[];
  /** The file that `path` names, or the link. */
  readonly named: FileStat | undefined;
}

export default state<Want, State>({
  summary: 'Add or remove SSH keys that let a user in.',
  params,
  // What only adds keys keeps nobody out.
  mayClose: ({ user, state, exclusive }, login) =>
    user === login && (state === 'absent' || exclusive) ? ['account'] : [],

  async have(want, host) {
    const [there, keys, named] = await Promise.all([
      host.ask(authorizedKeys, { user: want.user, path: want.path }),
      wantedKeys(want, host),
      want.path === undefined ? undefined : host.ask(stat, { path: want.path }),
    ]);
    if (there === undefined) throw new NotYet(`user ${want.user} does not exist on ${host.name}`);
    if (there.kind === 'other') throw new TaskFailure(`${there.path} on ${host.name} is not a file`);
    // Whoever owns the directory could have root overwrite any file through a link.
    if (there.kind === 'link' && !want.follow)
      throw new TaskFailure(
        `${there.path} on ${host.name} is a symbolic link`,
        'follow: yes writes through it',
      );
    return { ...there, keys, named };
  },

  diff(want, have) {
    const content = edited(want, have);
    const changes: Change[] = [];
    if (content === have.content) return changes;
    if (!have.directoryExists && want.manage_dir)
      changes.push({ what: 'state', from: 'absent', to: 'directory', path: dirname(have.path) });
    changes.push({ what: 'content', from: have.content, to: content, path: have.path });
    return changes;
  },

  async fix(_changes, want, have, host) {
    const directory = dirname(have.path);
    if (!have.directoryExists && want.manage_dir)
      await host.run(sh`install -d -m 700 -o ${want.user} -g "$(id -g -- ${want.user})" -- ${directory}`);
    const group = await host.look(sh`id -g -- ${want.user}`);
    await host.write(have.path, edited(want, have), {
      mode: 0o600,
      owner: want.user,
      group: group.stdout.trim(),
    });
  },

  result: (want, { path, keys, named }) => ({
    user: want.user,
    keyfile: path,
    state: want.state,
    exclusive: want.exclusive,
    key: source.test(want.key.trim()) ? want.key : keys.map(formatKey).join('\n'),
    key_options: want.key_options ?? null,
    comment: want.comment ?? null,
    path: want.path ?? null,
    manage_dir: want.manage_dir,
    follow: want.follow,
    validate_certs: want.validate_certs,
    ...(named && pathInfo(named)),
  }),
});

/** The keys as they are given, or from where the host finds them. */
async function wantedKeys(want: Want, host: HostReader): Promise<readonly AuthorizedKey[]> {
  const place = want.key.trim();
  const complain = (problem: string): never => {
    throw new TaskFailure(source.test(place) ? `${place}: ${problem}` : problem);
  };
  if (!source.test(place)) return readKeys(want.key, complain);
  if (place.startsWith('file://')) {
    const { code, stdout } = await host.look(sh`cat -- ${place.slice('file://'.length)}`, { expect: 'any' });
    return code === 0 ? readKeys(stdout, complain) : complain('failed to open the file');
  }
  const options = ['--fail', '--silent', '--show-error', '--location', '--max-time', '30'];
  const insecure = want.validate_certs ? [] : ['--insecure'];
  const { code, stdout, stderr } = await host.look(
    sh`command -v curl >/dev/null || exit 127; curl ${[...options, ...insecure]} -- ${place}`,
    { expect: 'any' },
  );
  if (code === 127)
    throw new NotYet(`curl is not installed on ${host.name}`, 'install the package curl before');
  return code === 0 ? readKeys(stdout, complain) : complain(`Error getting key from: ${stderr.trim()}`);
}

function edited(want: Want, have: State): string {
  const keys = have.keys.map((key) => ({
    ...key,
    options: want.key_options ?? key.options,
    comment: want.comment ?? key.comment,
  }));
  return editKeys(have.content, { keys, state: want.state, exclusive: want.exclusive });
}

function readKeys(value: string, complain: (message: string) => void): AuthorizedKey[] {
  const keys: AuthorizedKey[] = [];
  for (const line of value.split('\n')) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const key = parseKeyLine(line);
    if (key) keys.push(key);
    else complain(`not an SSH public key: ${line.trim().slice(0, 40)}`);
  }
  if (keys.length === 0) complain('expected a public key (the text of a .pub file)');
  return keys;
}
