import { realpath, stat } from 'node:fs/promises';
import { TaskFailure, TransportError } from '../errors.ts';
import type { ConnectionSettings } from '../host/connection.ts';
import { HostKeyError } from '../host/host-key-error.ts';
import { knownLine } from '../host/known_host_lines.ts';
import { fingerprint, knownName, withLines, withoutHostKeys } from '../host/known_hosts.ts';
import { keep, readKept } from '../state/files.ts';

/** How a host answers before it is trusted. */
export type Answering =
  | { readonly kind: 'known' }
  /** It shows a key that is not the known one. */
  | { readonly kind: 'new'; readonly key: Buffer; readonly fingerprint: string; readonly wasKnown: boolean }
  | { readonly kind: 'unreachable'; readonly error: TransportError };

/** Logs in, or learns what keeps us out. @throws TransportError for a key that must never be accepted */
export async function answering(settings: ConnectionSettings): Promise<Answering> {
  if (settings.connection === 'local') return { kind: 'known' };
  const { connectSsh } = await import('../host/ssh.ts');
  try {
    // A connection that was kept for later runs may lead to the machine that was lost.
    const { keep: _keep, acceptNew: _acceptNew, ...strict } = settings;
    const connection = await connectSsh(strict);
    await connection.close();
    return { kind: 'known' };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (!(error instanceof HostKeyError)) return { kind: 'unreachable', error };
    const isTarget = error.settings.address === settings.address && error.settings.port === settings.port;
    if (error.verdict === 'revoked' || !isTarget) throw error;
    return {
      kind: 'new',
      key: error.key,
      fingerprint: fingerprint(error.key),
      wasKnown: error.verdict === 'changed',
    };
  }
}

/**
 * Puts a host's new key in the place of the one that was known, in every known_hosts file that the connection reads.
 * Each file is replaced in whole; what it says of other hosts stays.
 */
export async function acceptHostKey(settings: ConnectionSettings, key: Buffer): Promise<void> {
  const [first] = settings.knownHostsFiles;
  if (settings.hostKeys !== undefined)
    throw new TaskFailure(
      `the inventory gives the host key of ${settings.name}, and the new server shows another one`,
      `Correct ssh_host_keys of ${settings.name}, then run it again.`,
    );
  if (first === undefined)
    throw new TaskFailure(`there is no file for the host key of ${settings.name} (UserKnownHostsFile)`);
  const name = knownName(settings);
  for (const file of settings.knownHostsFiles) {
    const lines = file === first ? [knownLine(name, key, settings.hashKnownHosts)] : [];
    await changeKnownHosts(file, (text) => withLines(withoutHostKeys(text, name), lines));
  }
}

/** Replaces a known_hosts file in whole, with the mode that it had; a new one has 0600. */
export async function changeKnownHosts(file: string, change: (text: string) => string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const found = await stat(target).catch(() => undefined);
  if (found && !found.isFile())
    throw new TaskFailure(
      `${file} is no file that host keys can be written to`,
      'Name one with UserKnownHostsFile, in ~/.ssh/config or ansible_ssh_common_args.',
    );
  try {
    const before = (await readKept(target)) ?? '';
    const after = change(before);
    if (after !== before) await keep(target, after, { mode: found ? found.mode & 0o777 : 0o600 });
  } catch (error) {
    throw new TaskFailure(`host keys cannot be written to ${file}: ${(error as Error).message}`);
  }
}
