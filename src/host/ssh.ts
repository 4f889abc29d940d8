import type { Duplex } from 'node:stream';
import type { Client, ServerHostKeyAlgorithm } from 'ssh2';
import { TransportError } from '../errors.ts';
import type { Connection, ConnectionSettings } from './connection.ts';
import { type Attempt, door } from './door.ts';
import { hostKeyError } from './host-key-error.ts';
import { type JumpConnection, throughJump, type Way } from './jumps.ts';
import { judge, knownTypes, type OnFile, readKnownHosts, rememberHost } from './known_hosts.ts';
import type { AskPassphrase } from './passphrases.ts';
import { openProxy } from './proxy.ts';
import { severalLogins } from './sessions.ts';
import { openSocket, type Patience, usualPatience } from './socket.ts';
import { hostKeyAlgorithms, offered } from './ssh-algorithms.ts';
import { authentication } from './ssh-authentication.ts';
import { connectionOver } from './ssh-connection.ts';
import { connectError, type SshError } from './ssh-error.ts';
import { collectKeys, type Keys } from './ssh-keys.ts';
import ssh2 from './ssh2.ts';

/**
 * Opens an SSH connection, through other hosts where the settings say so. The key of each host on the way is checked
 * against known_hosts before anything is sent to it that authenticates.
 * Throws a TransportError of kind `unreachable`, `host-key` or `authentication`.
 */
export async function connectSsh(
  settings: ConnectionSettings,
  patience: Patience = settings.patience ?? usualPatience,
  ask?: AskPassphrase,
): Promise<Connection> {
  const connect = async () => {
    const { client, way } = await enter(settings, patience, ask);
    return connectionOver(client, way, settings, patience);
  };
  return severalLogins(await connect(), connect);
}

interface Entered {
  readonly client: Client;
  readonly way: Way;
}

/** Logs in. Throws what kept us out. */
async function enter(
  settings: ConnectionSettings,
  patience: Patience,
  ask?: AskPassphrase,
): Promise<Entered> {
  const attempt = () => tryToEnter(settings, patience, ask);
  const isDirect = settings.jump === undefined && settings.proxyCommand === undefined;
  return isDirect ? door.admit(settings.connectTimeout, attempt) : (await attempt()).outcome();
}

async function tryToEnter(
  settings: ConnectionSettings,
  patience: Patience,
  ask?: AskPassphrase,
): Promise<Attempt<Entered>> {
  const known = readKnownHosts(settings);
  // Before the server is there: it does not wait long for who has to type a passphrase.
  const keys = await collectKeys(settings, ask);
  const way = await openWay(settings, patience, ask);
  const isIdentified = identification(way.stream);
  try {
    const client = await logIn(settings, { way, keys, known, patience });
    return { outcome: () => ({ client, way }), wasTurnedAway: false };
  } catch (error) {
    way.release();
    const outcome = () => {
      throw error;
    };
    return { outcome, wasTurnedAway: !isIdentified() };
  }
}

/** Whether the server has said who it is (RFC 4253, section 4.2); it may say why not before. */
function identification(stream: Duplex): () => boolean {
  let said = '';
  stream.once('data', (data: Buffer) => {
    said = data.toString('latin1');
  });
  return () => /^SSH-/m.test(said);
}

async function openWay(settings: ConnectionSettings, patience: Patience, ask?: AskPassphrase): Promise<Way> {
  if (settings.jump !== undefined)
    return throughJump(settings, settings.jump, (jump) => connectJump(jump, patience, ask));
  if (settings.proxyCommand === undefined)
    return { stream: await openSocket(settings), release: () => undefined };
  const { stream, said } = openProxy(settings.proxyCommand);
  return { stream, said, release: () => void stream.destroy() };
}

async function connectJump(
  settings: ConnectionSettings,
  patience: Patience,
  ask?: AskPassphrase,
): Promise<JumpConnection> {
  const { client, way } = await enter(settings, patience, ask);
  return {
    ...connectionOver(client, way, settings, patience),
    forward: ({ name, address, port }) =>
      new Promise((resolve, reject) => {
        const fail = (reason: string) =>
          reject(
            new TransportError(
              name,
              'unreachable',
              `it does not reach ${address} port ${port}: ${reason}`,
              'is the host up, and does the jump host allow forwarding (AllowTcpForwarding)?',
            ),
          );
        try {
          client.forwardOut('127.0.0.1', 0, address, port, (error, stream) =>
            error ? fail(error.message) : resolve(stream),
          );
        } catch (error) {
          fail((error as Error).message);
        }
      }),
  };
}

async function logIn(
  settings: ConnectionSettings,
  by: {
    readonly way: Way;
    readonly keys: Keys;
    readonly known: OnFile;
    readonly patience: Patience;
  },
): Promise<Client> {
  const { way, keys, known, patience } = by;
  const tries = authentication(settings, keys);
  const client = new ssh2.Client();

  await new Promise<void>((resolve, reject) => {
    let refused: TransportError | undefined;
    const fail = (error: SshError) => {
      // A key that cannot sign is not the end: ssh2 goes on with the next one.
      if (error.level === 'agent') return;
      reject(
        refused ??
          connectError(settings, error, { tried: tries.tried, skipped: keys.skipped, said: way.said?.() }),
      );
      way.stream.destroy();
    };
    client.on('error', fail);
    client.on('close', () => fail(new Error('the server closed the connection')));
    client.once('ready', () => {
      client.removeListener('error', fail).removeAllListeners('close');
      // From now on ssh2 reports a loss by 'error' and 'close' both, or by 'close' alone.
      client.on('error', () => undefined);
      resolve();
    });
    // The way may have ended while our keys were read, and nobody would hear of it any more.
    if (way.stream.destroyed) fail(new Error('the way to the host has ended'));
    else
      client.connect({
        sock: way.stream,
        username: settings.user,
        readyTimeout: settings.connectTimeout * 1000,
        keepaliveInterval: patience.ask * 1000,
        // ssh2 counts answers to its questions only, so a slow upload would look like a loss: `watch` decides.
        keepaliveCountMax: Number.POSITIVE_INFINITY,
        algorithms: offered(settings.algorithms, settings.hostKeyAlgorithms ?? preferred(knownTypes(known))),
        hostVerifier: (key: Buffer) => {
          const verdict = judge(known, key);
          if (verdict.kind === 'unknown' && verdict.isNew && settings.acceptNew)
            refused = rememberHost(settings, key);
          else refused = hostKeyError(settings, verdict, key);
          return refused === undefined;
        },
        authHandler: tries.next,
      });
  });
  return client;
}

function preferred(types: ReadonlySet<string>): ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...hostKeyAlgorithms.filter(isKnown), ...hostKeyAlgorithms.filter((name) => !isKnown(name))];
}
