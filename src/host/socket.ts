import { connect as connectSocket, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';

/** When a silent server counts as lost. */
export interface Patience {
  /** Seconds between two questions whether it is there. */
  readonly ask: number;
  /** Seconds without any byte from it. */
  readonly silence: number;
}

export const usualPatience: Patience = { ask: 3, silence: 12 };

/** Opens the TCP connection. Throws a TransportError of kind `unreachable` with the reason in words. */
export function openSocket(settings: ConnectionSettings): Promise<Socket> {
  const { name, address, port, connectTimeout } = settings;
  return new Promise((resolve, reject) => {
    // Node gives each address 250 ms by default, which a far host does not make.
    const socket = connectSocket({
      host: address,
      port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: 3000,
    });
    const fail = (reason: string, hint?: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new TransportError(name, 'unreachable', `${address} port ${port}: ${reason}`, hint));
    };
    const timer = setTimeout(
      () =>
        fail(
          `no answer within ${connectTimeout} s`,
          'is the host up, the address right, and does a firewall let this machine through?',
        ),
      connectTimeout * 1000,
    );
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
      const code = (first as NodeJS.ErrnoException).code ?? '';
      const [reason, hint] = networkReasons[code] ?? [first.message];
      fail(reason, hint);
    });
  });
}

const networkReasons: Record<string, [string, string] | undefined> = {
  ECONNREFUSED: ['connection refused', 'does sshd run there, and on this port (ansible_port)?'],
  ENOTFOUND: ['there is no such name', 'check ansible_host'],
  EAI_AGAIN: ['the name cannot be resolved', 'check ansible_host and the resolver of this machine'],
  EHOSTUNREACH: ['no route to the host', 'is the host up, and the address right?'],
  ENETUNREACH: ['no route to the network', 'is the address right?'],
  ETIMEDOUT: ['no answer', 'is the host up, and does a firewall let this machine through?'],
  ECONNRESET: ['connection reset', 'does sshd run there, or has it too many logins at once (MaxStartups)?'],
};

/**
 * Calls back once when nothing arrives for too long, though keepalive asks. Counts time that this process
 * has seen, not the clock: after a pause of our own (a suspended laptop) the server's answers are read first.
 */
export function watch(stream: Duplex, { ask, silence }: Patience, silent: () => void): () => void {
  const tick = ask / 3;
  let heard = true;
  let seconds = 0;
  const hear = () => {
    heard = true;
  };
  stream.on('data', hear);
  const timer = setInterval(() => {
    seconds = heard ? 0 : seconds + tick;
    heard = false;
    if (seconds < silence) return;
    clearInterval(timer);
    silent();
  }, tick * 1000);
  return () => {
    clearInterval(timer);
    stream.off('data', hear);
  };
}
