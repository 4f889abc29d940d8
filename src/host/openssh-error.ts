import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';

/** What ssh(1) said when it did not get to the host, in our kinds and its own words. */
export function opensshError({ name, address, user }: ConnectionSettings, said: string): TransportError {
  const words = wordsOf(said);
  if (/host key verification failed|host identification has changed|revoked host key/i.test(said))
    return new TransportError(
      name,
      'host-key',
      `ssh does not trust ${address}: ${words}`,
      `foobar trust INVENTORY shows the key, and what known_hosts says of it`,
    );
  if (/permission denied|too many authentication failures|no more authentication methods/i.test(said))
    return new TransportError(
      name,
      'authentication',
      `${user}@${address} does not let us in: ${words}`,
      `is the key in the agent (ssh-add), and in ${user}'s ~/.ssh/authorized_keys there? ssh -v ${user}@${address} tells more`,
    );
  const hint = 'is the host up, the address right, and does sshd run on this port (ansible_port)?';
  return new TransportError(name, 'unreachable', `${address}: ${words || 'ssh ended without a word'}`, hint);
}

/** The server hung up before anybody said who he was, as it does while too many log in (MaxStartups). */
export function wasTurnedAway(said: string): boolean {
  return /kex_exchange_identification|banner exchange/i.test(said) && !/timed out/i.test(said);
}

/** The end of what was said, without the frame that ssh draws around its warnings. */
function wordsOf(said: string): string {
  const lines = said.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !/^@/.test(line))
    .slice(-3)
    .join('\n');
}
