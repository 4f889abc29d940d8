import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';

/** As it is named among what was tried. */
export const thePassword = 'the password';

/** ssh2 says at which stage something went wrong. */
export type SshError = Error & { readonly level?: string };

/** What was done before it failed. */
interface Attempt {
  /** Keys that were offered. */
  readonly tried: readonly string[];
  /** Keys that could not be, with the reason. */
  readonly skipped: readonly string[];
  /** Last words of the program that carries the bytes. */
  readonly said: string | undefined;
}

/** Why logging in failed, and what to do about it. */
export function connectError(
  settings: ConnectionSettings,
  error: SshError,
  { tried, skipped, said }: Attempt,
): TransportError {
  const { name, address, port, user, connectTimeout } = settings;
  const many = /too many authentication failures/i.test(error.message);
  if (error.level === 'client-authentication' || many) {
    const what = [...tried.map((label) => `${label} (refused)`), ...skipped].join(', ');
    return new TransportError(
      name,
      'authentication',
      `${user}@${address} does not let us in: ${what ? `tried ${what}` : 'there is no key to try'}`,
      many
        ? 'the agent offers more keys than sshd takes: name one with ansible_ssh_private_key_file and -o IdentitiesOnly=yes'
        : tried.includes(thePassword)
          ? 'it was tried once; correct ansible_password, or what was given to --ask-pass'
          : `put your public key into ${user}'s ~/.ssh/authorized_keys there (ssh-copy-id), or set ansible_user or ansible_ssh_private_key_file`,
    );
  }
  const short =
    error.level === 'client-timeout' ? `no SSH handshake within ${connectTimeout} s` : error.message;
  const reason = said ? `${short}: ${said}` : short;
  return new TransportError(
    name,
    'unreachable',
    `${address} port ${port}: ${reason}`,
    'is it an OpenSSH server, not overloaded (MaxStartups) and not holding off this address (PerSourcePenalties)?',
  );
}
