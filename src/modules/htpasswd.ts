import { dirname } from 'node:path/posix';
import { z } from 'zod';
import { NotYet } from '../errors.ts';
import { contents } from '../host/queries/contents.ts';
import { type FileStat, stat } from '../host/queries/stat.ts';
import { sh } from '../host/sh.ts';
import { rememberSecret } from '../secrets.ts';
import { type Change, state } from './contract.ts';
import {
  attributeChanges,
  fileAttributes,
  fixAttributes,
  initialAttributes,
  requireNames,
} from './shared/attributes.ts';
import { withAttributes } from './shared/messages.ts';
import { ansibleBoolean, hostPath, text, withAliases } from './shared/params.ts';
import { hashPassword, hashSchemes, isHashOf } from './shared/password-hash.ts';
import { rememberedFor, rememberFor } from './shared/remember.ts';

const params = withAliases(
  z
    .strictObject({
      path: hostPath.describe('The password file.').meta({ aliases: ['dest', 'destfile'] }),
      name: text
        .refine((name) => !/[:\n]/.test(name), { error: 'cannot hold a colon' })
        .describe('Name of the user.')
        .meta({ aliases: ['username'] }),
      password: text.optional().describe('The password of the user.'),
      hash_scheme: z
        .enum(hashSchemes)
        .default('apr_md5_crypt')
        .describe('How a new password is hashed. One that is there in another way stays.')
        .meta({ aliases: ['crypt_scheme'] }),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the user is to be there.'),
      create: ansibleBoolean.default(true).describe('Make the file when it is not there.'),
      ...fileAttributes,
    })
    .refine((want) => want.state === 'absent' || want.password !== undefined, {
      error: 'state present needs password',
      path: ['password'],
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly there: FileStat | undefined;
  /** Lines that are not empty, without their ends. */
  readonly lines: readonly string[];
  readonly blank: boolean;
  readonly user: 'absent' | 'present' | 'another password';
}

export default state<Want, State>({
  summary: 'Manage users and passwords of htpasswd files.',
  params,

  async have(want, host) {
    const { path, name, password } = want;
    if (password !== undefined) rememberSecret(password);
    const [there, bytes] = await Promise.all([
      host.ask(stat, { path, follow: true }),
      host.ask(contents, path),
    ]);
    if (there === undefined && want.state === 'present' && !want.create)
      throw new NotYet(`Destination ${path} does not exist`);
    if (want.state === 'present' || there !== undefined) await requireNames(want, host, there);
    const all = (bytes?.toString('utf8') ?? '').split('\n').slice(0, bytes === undefined ? 0 : undefined);
    const lines = all.filter((line) => line.trim() !== '');
    const blank = all.slice(0, -1).some((line) => line.trim() === '');
    const hash = lines.findLast((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);
    const settled = hash !== undefined && password !== undefined && (await isHashOf(hash, password, host));
    const user = hash === undefined ? 'absent' : settled ? 'present' : 'another password';
    return { there, lines, blank, user };
  },

  diff(want, { there, user, blank }) {
    if (want.state === 'absent' && there === undefined) return [];
    const list: Change[] = [];
    const wrong = want.state === 'present' ? user !== 'present' : user !== 'absent';
    if (wrong) list.push({ what: want.name, from: user, to: want.state });
    else if (blank) list.push({ what: 'empty lines', from: 'there', to: 'absent', uncounted: true });
    return [
      ...list,
      ...(there === undefined ? initialAttributes(want, false) : attributeChanges(want, there)),
    ];
  },

  async fix(list, want, { there, lines, blank, user }, host) {
    const { path, name } = want;
    const wrong = list.some((change) => change.what === name);
    if (wrong || blank) {
      const kept = lines.filter((line) => !line.startsWith(`${name}:`));
      const at = lines.findIndex((line) => line.startsWith(`${name}:`));
      if (want.state === 'present' && wrong) {
        const line = `${name}:${await hashPassword(want.password ?? '', want.hash_scheme, host)}`;
        kept.splice(at < 0 ? kept.length : at, 0, line);
      }
      if (there === undefined) await host.run(sh`mkdir -p -- ${dirname(path)}`);
      await host.write(path, (wrong ? kept : lines).map((line) => `${line}\n`).join(''));
    }
    await fixAttributes(list, path, host);
    rememberFor(want, { msg: message(want, there, user, list) });
  },

  result: (want, { there, user }) => ({ msg: message(want, there, user, []), ...rememberedFor(want) }),
});

/** What Ansible's module says. */
function message(
  want: Want,
  there: FileStat | undefined,
  user: State['user'],
  list: readonly Change[],
): string {
  const { path, name } = want;
  const done = () => {
    if (want.state === 'absent')
      return there === undefined || user === 'absent' ? `${name} not present` : `Remove ${name}`;
    if (user === 'present') return `${name} already present`;
    return there === undefined ? `Created ${path} and added ${name}` : `Add/update ${name}`;
  };
  const counted = list.some((change) => change.what === name);
  const text = withAttributes(counted || list.length === 0 ? done() : '', list);
  return counted || list.length === 0 ? text : `${done()}${text}`;
}
