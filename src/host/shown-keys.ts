import type { ServerHostKeyAlgorithm } from 'ssh2';
import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import { HostKeyError } from './host-key-error.ts';
import { connectSsh } from './ssh.ts';

/** One kind of key after the other, since a server shows one key in a connection. */
const kinds: readonly (readonly ServerHostKeyAlgorithm[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
];

/**
 * The keys that a host shows, whatever is known of it. Nothing is sent to it that authenticates; hosts on the way are
 * logged in to, and so must be known.
 * @throws TransportError when it cannot be asked
 */
export async function shownKeys(settings: ConnectionSettings): Promise<Buffer[]> {
  const { acceptNew: _acceptNew, agent: _agent, hostKeys: _hostKeys, keep: _keep, ...rest } = settings;
  const stranger = { ...rest, knownHostsFiles: [], identityFiles: [], identitiesOnly: true };
  const shown = await Promise.all(
    kinds.map((hostKeyAlgorithms) => refusedKey({ ...stranger, hostKeyAlgorithms })),
  );
  const keys = shown.filter((key) => key !== undefined);
  if (keys.length > 0) return keys;
  throw new TransportError(
    settings.name,
    'host-key',
    `${settings.address} port ${settings.port} shows no key of a kind that foobar takes`,
    'give it one: ssh-keygen -A there makes Ed25519, ECDSA and RSA keys',
  );
}

/** The key that is shown to somebody who knows no host. */
async function refusedKey(settings: ConnectionSettings): Promise<Buffer | undefined> {
  try {
    const connection = await connectSsh(settings);
    await connection.close();
    throw new Error(`${settings.address} was let through without a known key`);
  } catch (error) {
    if (error instanceof HostKeyError) return error.key;
    if (error instanceof TransportError && /no matching host key/i.test(error.message)) return undefined;
    throw error;
  }
}
