import { z } from 'zod';
import { NotYet } from '../errors.ts';
import type { Host } from '../host/contract.ts';
import { stat } from '../host/queries/stat.ts';
import { type Group, groups, shadowEntry, type User, users } from '../host/queries/users.ts';
import { sh } from '../host/sh.ts';
import { masked, rememberSecret } from '../secrets.ts';
import { type Change, changes, state } from './contract.ts';
import { ansibleBoolean, ansibleList, hostPath, integer, text, withAliases } from './shared/params.ts';
import { accountAge, ageArguments, ageChanges } from './shared/user-age.ts';
import { keyFile, makeKey, readKey, sshKey, type UserKey } from './shared/user-key.ts';

const params = withAliases(
  z
    .strictObject({
      name: z
        .string()
        .min(1)
        .describe('Name of the user.')
        .meta({ aliases: ['user'] }),
      state: z.enum(['absent', 'present']).default('present').describe('Whether the user is to be there.'),
      uid: integer.optional().describe('Number of the user.'),
      non_unique: ansibleBoolean.default(false).describe('Let uid be a number that another user has.'),
      comment: text.optional().describe('Description, most often the full name (GECOS).'),
      group: text.optional().describe('Primary group, by name or number.'),
      groups: ansibleList.optional().describe('Further groups; an empty list takes the user out of all.'),
      append: ansibleBoolean.default(false).describe('Leave the user in groups that are not in `groups`.'),
      shell: hostPath.optional().describe('Login shell.'),
      home: hostPath.optional().describe('Home directory.'),
      create_home: ansibleBoolean
        .default(true)
        .describe('Make the home directory when it is not there.')
        .meta({ aliases: ['createhome'] }),
      move_home: ansibleBoolean.default(false).describe('Move the home directory when `home` changes.'),
      skeleton: hostPath.default('/etc/skel').describe('What a new home directory is filled from.'),
      system: ansibleBoolean.default(false).describe('Make it a system user.'),
      password: text.optional().describe('The password, hashed (mkpasswd); * for none that fits.'),
      update_password: z
        .enum(['always', 'on_create'])
        .default('always')
        .describe('on_create sets the password of new users only.'),
      ...accountAge,
      ...sshKey,
      uid_min: integer.optional().describe('Lowest number for a new user; overrides login.defs.'),
      uid_max: integer.optional().describe('Highest number for a new user; overrides login.defs.'),
      umask: text
        .pipe(z.string().regex(/^[0-7]{3,4}$/, 'expected an octal umask such as 0077'))
        .optional()
        .describe('Permissions that a new home directory must not have, octal.'),
      local: ansibleBoolean
        .default(false)
        .describe('Accepted for Ansible: useradd, usermod and userdel work on local accounts in any case.'),
      password_lock: ansibleBoolean
        .optional()
        .describe('Whether the password is locked; keys go on to work.'),
      remove: ansibleBoolean.default(false).describe('With state absent: remove the home directory too.'),
      force: ansibleBoolean
        .default(false)
        .describe('With state absent: remove even a user that is logged in.'),
    })
    .refine((want) => !/[:\n]/.test(want.password ?? ''), {
      error: 'a password hash holds no colon and no line break',
      path: ['password'],
    }),
);
type Want = z.output<typeof params>;

interface State {
  readonly user: User | undefined;
  readonly groups: readonly Group[];
  readonly homeExists: boolean;
  /** Only read when asked for. */
  readonly hash: string | undefined;
  /** The line of /etc/shadow; only read when asked for. */
  readonly entry?: string | undefined;
  readonly key?: UserKey | undefined;
}

export default state<Want, State>({
  summary: 'Manage user accounts.',
  params,
  mayClose: ({ name }, login) => (name === login ? ['account'] : []),

  async have(want, host) {
    if (want.password !== undefined) rememberSecret(want.password);
    const needsHash = want.password !== undefined || want.password_lock !== undefined;
    const needsEntry = needsHash || ageChanges(want, undefined).length > 0 || want.expires !== undefined;
    const [user, all, entry, wantedHome] = await Promise.all([
      host.ask(users, want.name),
      host.ask(groups, undefined),
      needsEntry ? host.ask(shadowEntry, want.name) : undefined,
      want.home === undefined ? undefined : host.ask(stat, { path: want.home, follow: true }),
    ]);
    const hash = entry?.split(':')[1];
    if (hash !== undefined) rememberSecret(hash);
    if (want.state === 'present')
      for (const name of [...(want.groups ?? []), ...(want.group === undefined ? [] : [want.group])])
        if (!all.some((group) => group.name === name || String(group.gid) === name))
          throw new NotYet(`group ${name} does not exist on ${host.name}`);
    const homeExists = want.home === undefined ? (user?.homeExists ?? false) : wantedHome !== undefined;
    const home = want.home ?? user?.home;
    const key =
      want.generate_ssh_key && want.state === 'present' && home !== undefined
        ? await readKey(keyFile(want, home), host)
        : undefined;
    return { user, groups: all, homeExists, hash: needsHash ? hash : undefined, entry, key };
  },

  diff: differences,

  async fix(list, want, have, host) {
    if (want.state === 'absent') {
      const options = [...(want.remove ? ['-r'] : []), ...(want.force ? ['-f'] : [])];
      await host.run(sh`userdel ${options} -- ${want.name}`);
      return;
    }
    if (have.user === undefined) await add(want, have, host);
    else await modify(list, want, host);
    const isNew = have.user === undefined;
    const changed = (what: string) => list.some((change) => change.what === what);
    if (want.password !== undefined && (isNew || changed('password')))
      await host.run(sh`chpasswd -e`, { stdin: `${want.name}:${lockedOr(want, want.password)}\n` });
    else if (changed('password_lock') || (isNew && want.password_lock))
      await host.run(sh`usermod ${want.password_lock ? '-L' : '-U'} -- ${want.name}`);
    if (have.user !== undefined && changed('home directory')) await makeHome(want, have.user, host);
    const ages = ageArguments(isNew ? ageChanges(want, undefined) : list);
    if (ages.length > 0) await host.run(sh`chage ${ages} -- ${want.name}`);
    if (want.generate_ssh_key && have.key === undefined) {
      const made = have.user ?? (await host.ask(users, want.name));
      await makeKey(want, keyFile(want, want.home ?? made?.home ?? `/home/${want.name}`), host);
    }
  },

  result: (want, { user, key }) => ({
    name: want.name,
    state: want.state,
    ...(user === undefined
      ? { force: want.force, remove: want.remove }
      : {
          uid: user.uid,
          group: user.gid,
          home: user.home,
          shell: user.shell,
          comment: user.comment,
          ...(want.groups === undefined ? {} : { groups: want.groups.join(',') }),
          ...(want.password === undefined ? {} : { password: 'NOT_LOGGING_PASSWORD' }),
          create_home: want.create_home,
          system: want.system,
          append: want.append,
          move_home: want.move_home,
          ...(key === undefined
            ? {}
            : { ssh_key_file: key.file, ssh_fingerprint: key.fingerprint, ssh_public_key: key.publicKey }),
        }),
  }),
});

function differences(want: Want, have: State): Change[] {
  const { user } = have;
  if (want.state === 'absent')
    return user === undefined ? [] : [{ what: 'state', from: 'present', to: 'absent' }];
  if (user === undefined) return [{ what: 'state', from: 'absent', to: 'present' }];
  const primary = have.groups.find((group) => group.gid === user.gid);
  const inGroups = memberships(user, have.groups);
  const list = changes(
    {
      uid: want.uid,
      comment: want.comment,
      group: want.group === String(user.gid) ? undefined : want.group,
      groups: want.groups && wantedGroups(want, want.groups, inGroups, have.groups, primary),
      shell: want.shell,
      home: want.home,
    },
    { ...user, group: primary?.name ?? String(user.gid), groups: inGroups },
  );
  const secret = (what: string) => list.push({ what, from: masked, to: masked });
  if (have.hash !== undefined) {
    const lockedNow = have.hash.startsWith('!');
    if (want.password !== undefined && want.update_password === 'always')
      if (bare(want.password) !== bare(have.hash)) secret('password');
    if (want.password_lock !== undefined && want.password_lock !== lockedNow)
      list.push({ what: 'password_lock', from: lockedNow, to: want.password_lock });
  }
  list.push(...ageChanges(want, have.entry));
  if (want.generate_ssh_key && have.key === undefined)
    list.push({ what: 'ssh key', from: 'absent', to: keyFile(want, want.home ?? user.home) });
  if (want.create_home && !have.homeExists && !(want.move_home && want.home !== user.home))
    list.push({ what: 'home directory', from: 'absent', to: want.home ?? user.home });
  return list;
}

/** Names of the groups that list the user, without the primary one. */
function memberships(user: User, all: readonly Group[]): string[] {
  return all
    .filter((group) => group.gid !== user.gid && group.members.includes(user.name))
    .map((group) => group.name)
    .sort();
}

function wantedGroups(
  want: Want,
  names: readonly string[],
  inGroups: readonly string[],
  all: readonly Group[],
  primary: Group | undefined,
): string[] {
  const named = names
    .map((name) => all.find((group) => group.name === name || String(group.gid) === name)?.name ?? name)
    .filter((name) => name !== (want.group ?? primary?.name));
  return [...new Set(want.append ? [...inGroups, ...named] : named)].sort();
}

function bare(hash: string): string {
  return hash.replace(/^!+/, '');
}

function lockedOr(want: Want, hash: string): string {
  return want.password_lock ? `!${bare(hash)}` : hash;
}

async function add(want: Want, have: State, host: Host): Promise<void> {
  const options = [
    ...(want.uid === undefined ? [] : ['-u', want.uid]),
    ...(want.non_unique ? ['-o'] : []),
    // Without -N useradd would refuse, wanting to make the group itself (USERGROUPS_ENAB in login.defs(5)).
    ...(want.group !== undefined
      ? ['-g', want.group]
      : have.groups.some((group) => group.name === want.name)
        ? ['-N']
        : []),
    ...(want.groups === undefined || want.groups.length === 0 ? [] : ['-G', want.groups.join(',')]),
    ...(want.comment === undefined ? [] : ['-c', want.comment]),
    ...(want.home === undefined ? [] : ['-d', want.home]),
    ...(want.shell === undefined ? [] : ['-s', want.shell]),
    ...(want.system ? ['-r'] : []),
    ...(want.create_home ? ['-m', '-k', want.skeleton] : ['-M']),
    ...(want.umask === undefined ? [] : ['-K', `UMASK=${want.umask}`]),
    ...(want.uid_min === undefined ? [] : ['-K', `UID_MIN=${want.uid_min}`]),
    ...(want.uid_max === undefined ? [] : ['-K', `UID_MAX=${want.uid_max}`]),
  ];
  await host.run(sh`useradd ${options} -- ${want.name}`);
}

async function modify(list: readonly Change[], want: Want, host: Host): Promise<void> {
  const flags: Record<string, string> = {
    uid: '-u',
    comment: '-c',
    group: '-g',
    groups: '-G',
    shell: '-s',
    home: '-d',
  };
  const options = list.flatMap(({ what, to }) =>
    flags[what] === undefined ? [] : [flags[what], Array.isArray(to) ? to.join(',') : String(to)],
  );
  if (options.length === 0) return;
  const more = [
    ...(want.non_unique && options.includes('-u') ? ['-o'] : []),
    ...(want.move_home && options.includes('-d') ? ['-m'] : []),
  ];
  await host.run(sh`usermod ${options} ${more} -- ${want.name}`);
}

async function makeHome(want: Want, user: User, host: Host): Promise<void> {
  const home = want.home ?? user.home;
  await host.run(
    sh`mkdir -p -- "$(dirname -- ${home})" && mkdir -m 700 -- ${home} && cp -rT -- ${want.skeleton} ${home} && chown -R -- ${`${want.name}:`} ${home} && chmod 700 -- ${home}`,
  );
}
