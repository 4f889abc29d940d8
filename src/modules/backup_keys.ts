import { z } from 'zod';
import {
  identityFile,
  openRecipient,
  openSshKey,
  readRecipient,
  readSshKey,
  type SshKey,
} from '../backup/keys.ts';
import { TaskFailure } from '../errors.ts';
import type { HostReader } from '../host/contract.ts';
import { contents } from '../host/queries/contents.ts';
import { stat } from '../host/queries/stat.ts';
import { type Change, state } from './contract.ts';
import { hostPath, moduleParams } from './shared/params.ts';

const params = moduleParams({
  recipient: hostPath
    .optional()
    .describe('Path on the host for the public key that backups are encrypted to, as age reads it.'),
  ssh_key: hostPath
    .optional()
    .describe('Path on the host for the private key of SSH by which copies of backups are sent.'),
  authorized_keys: hostPath
    .optional()
    .describe('Path of the authorized_keys of the account that takes copies: that key will be all it holds.'),
  options: z
    .string()
    .default('restrict')
    .describe('Options of that key, as sshd(8) has them, such as restrict and command.'),
});
type Params = z.output<typeof params>;

/** What the controller keeps of it. */
interface Keys {
  readonly recipient: string | undefined;
  readonly ssh: SshKey | undefined;
}

/** A file that the host is given. */
interface Wanted {
  readonly path: string;
  readonly what: string;
  readonly mode: number;
  /** Undefined before the controller has the key. */
  readonly text: (keys: Keys) => string | undefined;
}

interface State {
  readonly keys: Keys;
  /** Files that are there, by path. */
  readonly there: ReadonlyMap<string, { readonly text: string | undefined; readonly mode: number }>;
}

function wanted({ recipient, ssh_key, authorized_keys, options }: Params): Wanted[] {
  const list: Wanted[] = [];
  if (recipient)
    list.push({
      path: recipient,
      what: 'recipient',
      mode: 0o644,
      text: (keys) => keys.recipient && `${keys.recipient}\n`,
    });
  if (ssh_key) list.push({ path: ssh_key, what: 'ssh_key', mode: 0o600, text: ({ ssh }) => ssh?.secret });
  if (authorized_keys)
    list.push({
      path: authorized_keys,
      what: 'authorized_keys',
      // sshd reads it as the account.
      mode: 0o644,
      text: ({ ssh }) => ssh && `${options} ${ssh.public}\n`,
    });
  return list;
}

/** What was encrypted to another key stays unreadable without it: a lost identity is never replaced unsaid. */
function refuseAnother(
  { recipient: path }: Params,
  { keys, there }: State,
  host: HostReader,
  stateDirectory: string,
): void {
  const given = path === undefined ? '' : (there.get(path)?.text?.trim() ?? '');
  if (path === undefined || given === '' || given === keys.recipient) return;
  const file = identityFile(stateDirectory);
  throw new TaskFailure(
    keys.recipient === undefined
      ? `the key that opens the backups of ${host.name} is not kept here (${file}): they are encrypted to ${given}`
      : `the key that is kept here (${file}) does not open the backups of ${host.name}: they are encrypted to ${given}`,
    `Put the copy of backup/identity there. To begin anew with another key, and lose the backups made until now: rm ${path} on ${host.name}.`,
  );
}

export default state<Params, State>({
  summary: 'Keep the keys of backups on the controller and give hosts their part of them.',
  params,
  // Another host's task may have made them.
  fleet: true,

  async have(want, host, context) {
    const [recipient, ssh, files] = await Promise.all([
      readRecipient(context.stateDirectory),
      readSshKey(context.stateDirectory),
      Promise.all(
        wanted(want).map(async ({ path }) => {
          const [bytes, found] = await Promise.all([
            host.ask(contents, path),
            host.ask(stat, { path, follow: true }),
          ]);
          const text = bytes?.toString('utf8');
          return [path, { text, mode: found?.mode ?? 0 }] as const;
        }),
      ),
    ]);
    const found = { keys: { recipient, ssh }, there: new Map(files) };
    refuseAnother(want, found, host, context.stateDirectory);
    return found;
  },

  diff(want, { keys, there }) {
    return wanted(want).flatMap(({ path, what, mode, text }): Change[] => {
      const found = there.get(path);
      if (found?.text !== undefined && found.text === text(keys)) {
        const octal = (bits: number) => bits.toString(8).padStart(4, '0');
        return found.mode === mode
          ? []
          : [{ what: `mode of ${what}`, from: octal(found.mode), to: octal(mode) }];
      }
      const from = found?.text === undefined ? null : 'another';
      return [{ what, from, to: 'of the keys that the controller keeps' }];
    });
  },

  async fix(_changes, want, _have, host, context) {
    // A store takes copies and encrypts none: it is no reason to make an identity.
    const keys: Keys = {
      recipient: want.recipient === undefined ? undefined : await openRecipient(context.stateDirectory),
      ssh:
        want.ssh_key === undefined && want.authorized_keys === undefined
          ? undefined
          : await openSshKey(context.stateDirectory),
    };
    for (const { path, mode, text } of wanted(want))
      await host.write(path, text(keys)!, { mode, owner: 'root', group: 'root' });
  },
});
