import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Client, ClientChannel } from 'ssh2';
import { TransportError } from '../errors.ts';
import type { Channel, Connection, ConnectionSettings } from './connection.ts';
import type { Way } from './jumps.ts';
import { NoMoreSessions } from './sessions.ts';
import { type Patience, watch } from './socket.ts';

/** Programs over a client that is logged in, and its end. */
export function connectionOver(
  client: Client,
  way: Way,
  settings: ConnectionSettings,
  patience: Patience,
): Connection {
  const open = new Set<(code: number | undefined) => void>();
  let closing = false;
  let why: string | undefined;
  let gone: TransportError | undefined;
  let tellLost: (error: TransportError) => void;
  const lost = new Promise<TransportError>((resolve) => {
    tellLost = resolve;
  });
  const lostError = () =>
    new TransportError(
      settings.name,
      'lost',
      `the connection to ${settings.address} was lost${why ? ` (${why})` : ''}`,
      'run again once the host answers: what is done already stays done',
    );
  const stopWatching = watch(way.stream, patience, () => {
    why = `no sign of life for ${patience.silence} s`;
    // What has not left yet never may: once the network is back it would be done, though it was told as lost.
    if (way.stream instanceof Socket) way.stream.resetAndDestroy();
    else way.stream.destroy();
  });
  client.on('error', (error) => {
    why ??= error.message;
  });
  const finished = new Promise<void>((resolve) => {
    client.once('close', () => {
      stopWatching();
      way.release();
      gone = lostError();
      for (const settle of [...open]) settle(undefined);
      if (!closing) tellLost(gone);
      resolve();
    });
  });

  return {
    lost,
    exec: (command) =>
      new Promise((resolve, reject) => {
        const fail = (reason: string, isFull: boolean) => {
          const Failure = isFull ? NoMoreSessions : TransportError;
          if (gone || closing) reject(gone ?? lostError());
          else reject(new Failure(settings.name, 'unreachable', `sshd starts no program: ${reason}`));
        };
        try {
          client.exec(command, (error, stream) => {
            // ssh2 hands over `true` when the server refuses the request, or when the connection dies meanwhile.
            if (error)
              setImmediate(() => fail(error.message ?? 'the request was refused', isOpenFailure(error)));
            else resolve(channelOver(stream, open));
          });
        } catch {
          reject(gone ?? lostError());
        }
      }),
    close: async () => {
      closing = true;
      client.end();
      const force = setTimeout(() => way.stream.destroy(), 1000);
      await finished;
      clearTimeout(force);
    },
  };
}

/** The server opens no channel: its answer has a reason (RFC 4254, section 5.1). */
function isOpenFailure(error: Error & { readonly reason?: unknown }): boolean {
  return error.reason !== undefined;
}

function channelOver(stream: ClientChannel, open: Set<(code: number | undefined) => void>): Channel {
  let settle: (code: number | undefined) => void = () => undefined;
  const closed = new Promise<number | undefined>((resolve) => {
    settle = (code) => {
      open.delete(settle);
      resolve(code);
    };
  });
  open.add(settle);
  stream.on('close', (code: number | null | undefined, signal?: string) => {
    const number = signal ? constants.signals[signal as NodeJS.Signals] : undefined;
    // Without code or signal the server ended the channel by itself: nobody knows how the program ended.
    settle(code === null ? 128 + (number ?? 0) : code);
  });
  return {
    stdin: stream.stdin,
    stdout: stream.stdout,
    stderr: stream.stderr,
    closed,
    kill: () => {
      stream.signal('TERM');
      stream.close();
      // sshd signals no program of root's, and answers `close` when the program has ended: it may go on for a while.
      setTimeout(settle, 1000, undefined).unref();
    },
  };
}
