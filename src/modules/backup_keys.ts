import { z } from 'zod';
import { type BackupKeys, openBackupKeys, readBackupKeys } from '../backup/keys.ts';
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

/** A file that the host is given. */
interface Wanted {
  readonly path: string;
  readonly what: string;
  readonly mode: number;
  readonly text: (keys: BackupKeys) => string;
}

interface State {
  /** Undefined before the controller has any. */
  readonly keys: BackupKeys | undefined;
  /** Files that are as they should be, by path. */
  readonly there: ReadonlyMap<string, { readonly text: string | undefined; readonly mode: number }>;
}

function wanted({ recipient, ssh_key, authorized_keys, options }: Params): Wanted[] {
  const list: Wanted[] = [];
  if (recipient)
    list.push({
      path: recipient,
      what: 'recipient',
      mode: 0o644,
      text: (keys) => `${keys.recipient}\n`,
    });
  if (ssh_key) list.push({ path: ssh_key, what: 'ssh_key', mode: 0o600, text: (keys) => keys.sshKey });
  if (authorized_keys)
    list.push({
      path: authorized_keys,
      what: 'authorized_keys',
      // sshd reads it as the account.
      mode: 0o644,
      text: (keys) => `${options} ${keys.sshPublic}\n`,
    });
  return list;
}

export default state<Params, State>({
  summary: 'Keep the keys of backups on the controller and give hosts their part of them.',
  params,
  // Another host's task may have made them.
  fleet: true,

  async have(want, host, context) {
    const [keys, files] = await Promise.all([
      readBackupKeys(context.stateDirectory),
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
    return { keys, there: new Map(files) };
  },

  diff(want, { keys, there }) {
    return wanted(want).flatMap(({ path, what, mode, text }): Change[] => {
      const found = there.get(path);
      if (keys && found?.text === text(keys)) {
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
    const keys = await openBackupKeys(context.stateDirectory);
    for (const { path, mode, text } of wanted(want))
      await host.write(path, text(keys), { mode, owner: 'root', group: 'root' });
  },
});
