import type { Duplex } from 'node:stream';
import { TransportError } from '../errors.ts';
import type { Connection, ConnectionSettings } from './connection.ts';

/** How the bytes of a connection come to the host. */
export interface Way {
  readonly stream: Duplex;
  /** What the program that carries them said. */
  said?(): string;
  /** Whoever is done with it says so. */
  release(): void;
}

export interface JumpConnection extends Connection {
  /** Throws a TransportError when the jump host does not reach the other one. */
  forward(settings: ConnectionSettings): Promise<Duplex>;
}

interface Shared {
  readonly connection: Promise<JumpConnection>;
  users: number;
}

/** Connections to jump hosts are shared by all hosts behind them: a bastion sees one login, not fifty. */
const open = new Map<string, Shared>();

/** The way to a host through a jump host, which is connected to when nobody is yet. */
export async function throughJump(
  settings: ConnectionSettings,
  jump: ConnectionSettings,
  connect: (jump: ConnectionSettings) => Promise<JumpConnection>,
): Promise<Way> {
  const key = JSON.stringify({ ...jump, name: '' });
  const shared = open.get(key) ?? { connection: connect(jump), users: 0 };
  open.set(key, shared);
  shared.users += 1;
  const forget = () => {
    if (open.get(key) === shared) open.delete(key);
  };
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    shared.users -= 1;
    if (shared.users > 0) return;
    forget();
    shared.connection.then(
      (connection) => connection.close(),
      () => undefined,
    );
  };
  try {
    const connection = await shared.connection;
    void connection.lost.then(forget);
    return { stream: await connection.forward(settings), release };
  } catch (error) {
    forget();
    release();
    if (!(error instanceof TransportError)) throw error;
    const { kind, message, hint } = error;
    throw new TransportError(settings.name, kind, `jump host ${jump.user}@${jump.address}: ${message}`, hint);
  }
}
