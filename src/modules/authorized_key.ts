import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { NotYet, TaskFailure } from '../errors.ts';
import { type AuthorizedKeys, authorizedKeys } from '../host/queries/authorized_keys.ts';
import { sh } from '../host/sh.ts';
import { type Change, state } from './contract.ts';
import { type AuthorizedKey, editKeys, formatKey, parseKeyLine } from './shared/authorized-keys.ts';
import { ansibleBoolean, text, withAliases } from './shared/params.ts';

const params = withAliases(
  z
    .strictObject({
      user: z.string().min(1).describe('The user that is let in.'),
      key: z
        .string()
        .transform((value, context) =>
          readKeys(value, (message) => context.addIssue({ code: 'custom', message })),
        )
        .describe('Public keys, one a line.'),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the keys are to be there.'),
      exclusive: ansibleBoolean
        .default(false)
        .describe('Remove all other keys of the user. All that are to stay must be given in one `key`.'),
      key_options: text.optional().describe('Options in front of each key, as in authorized_keys.'),
      comment: text.optional().describe('Comment in place of those of the keys.'),
      path: z
        .string()
        .regex(/^(\/|%h\/)/, { error: 'expected an absolute path on the host' })
        .optional()
        .describe('The file, where it is not ~/.ssh/authorized_keys; %h and %u stand for home and user.'),
      manage_dir: ansibleBoolean.default(true).describe('Make the directory, for the user alone.'),
      validate_certs: ansibleBoolean
        .default(true)
        .describe('Accepted for Ansible; it is about keys that are URLs, which are not supported.'),
      follow: ansibleBoolean.default(false).describe('Write through a symbolic link.'),
    })
    .refine((want) => !(want.exclusive && want.state === 'absent'), {
      error: 'exclusive is for state present',
      path: ['exclusive'],
    }),
);
type Want = z.output<typeof params>;

export default state<Want, AuthorizedKeys>({
  summary: 'Add or remove SSH keys that let a user in.',
  params,

  async have(want, host) {
    const there = await host.ask(authorizedKeys, { user: want.user, path: want.path });
    if (there === undefined) throw new NotYet(`user ${want.user} does not exist on ${host.name}`);
    if (there.kind === 'other') throw new TaskFailure(`${there.path} on ${host.name} is not a file`);
    // Whoever owns the directory could have root overwrite any file through a link.
    if (there.kind === 'link' && !want.follow)
      throw new TaskFailure(
        `${there.path} on ${host.name} is a symbolic link`,
        'follow: yes writes through it',
      );
    return there;
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

  result: (want, { path }) => ({
    user: want.user,
    keyfile: path,
    state: want.state,
    exclusive: want.exclusive,
    key: want.key.map(formatKey).join('\n'),
    key_options: want.key_options ?? null,
    comment: want.comment ?? null,
    path: want.path ?? null,
    manage_dir: want.manage_dir,
    follow: want.follow,
    validate_certs: want.validate_certs,
  }),
});

function edited(want: Want, have: AuthorizedKeys): string {
  const keys = want.key.map((key) => ({
    ...key,
    options: want.key_options ?? key.options,
    comment: want.comment ?? key.comment,
  }));
  return editKeys(have.content, { keys, state: want.state, exclusive: want.exclusive });
}

function readKeys(value: string, complain: (message: string) => void): AuthorizedKey[] {
  const keys: AuthorizedKey[] = [];
  if (/^(https?|file):\/\//.test(value.trim())) {
    complain("a key from a URL is not supported; fetch it before: key: \"{{ lookup('url', '...') }}\"");
    return keys;
  }
  for (const line of value.split('\n')) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const key = parseKeyLine(line);
    if (key) keys.push(key);
    else complain(`not an SSH public key: ${line.trim().slice(0, 40)}`);
  }
  if (keys.length === 0) complain('expected a public key (the text of a .pub file)');
  return keys;
}
