import { TransportError } from '../errors.ts';
import type { Connection } from './connection.ts';

/** The server starts no further program on this connection: it takes as many as MaxSessions of sshd_config(5) says. */
export class NoMoreSessions extends TransportError {}

/** A connection that logs in again where the server starts no second program on the first login. */
export function severalLogins(first: Connection, again: () => Promise<Connection>): Connection {
  const logins = [first];
  let isClosing = false;
  let tellLost: (error: TransportError) => void = () => undefined;
  const lost = new Promise<TransportError>((resolve) => {
    tellLost = resolve;
  });
  void first.lost.then(tellLost);
  return {
    lost,
    async exec(command) {
      for (const login of logins) {
        const channel = await login.exec(command).catch((error: unknown) => {
          if (error instanceof NoMoreSessions) return undefined;
          throw error;
        });
        if (channel) return channel;
      }
      const login = await again();
      void login.lost.then(tellLost);
      logins.push(login);
      if (isClosing) await login.close();
      return login.exec(command);
    },
    close: async () => {
      isClosing = true;
      await Promise.all(logins.map((login) => login.close()));
    },
  };
}
