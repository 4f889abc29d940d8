import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import ssh2, { type ParsedKey, type ServerHostKeyAlgorithm } from 'ssh2';
import { TransportError } from '../errors.ts';
import type { Connection, ConnectionSettings } from './connection.ts';
import { type Attempt, Door } from './door.ts';
import { hostKeyError } from './host-key-error.ts';
import { type JumpConnection, throughJump, type Way } from './jumps.ts';
import { judge, knownTypes, type OnFile, readKnownHosts, rememberHost } from './known_hosts.ts';
import { openProxy } from './proxy.ts';
import { openSocket, type Patience, usualPatience } from './socket.ts';
import { connectionOver } from './ssh-connection.ts';
import { connectError, type SshError } from './ssh-error.ts';

const hostKeyAlgorithms: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/**
 * Opens an SSH connection, through other hosts where the settings say so. The key of each host on the way is checked
 * against known_hosts before anything is sent to it that authenticates.
 * Throws a TransportError of kind `unreachable`, `host-key` or `authentication`.
 */
export async function connectSsh(
  settings: ConnectionSettings,
  patience: Patience = settings.patience ?? usualPatience,
): Promise<Connection> {
  const { client, way } = await enter(settings, patience);
  return connectionOver(client, way, settings, patience);
}

/** Of this process's logins by ways of its own. */
const door = new Door();

interface Entered {
  readonly client: ssh2.Client;
  readonly way: Way;
}

/** Logs in. Throws what kept us out. */
async function enter(settings: ConnectionSettings, patience: Patience): Promise<Entered> {
  const attempt = () => tryToEnter(settings, patience);
  const isDirect = settings.jump === undefined && settings.proxyCommand === undefined;
  return isDirect ? door.admit(settings.connectTimeout, attempt) : (await attempt()).outcome();
}

async function tryToEnter(settings: ConnectionSettings, patience: Patience): Promise<Attempt<Entered>> {
  const known = readKnownHosts(settings);
  const [way, keys] = await Promise.all([openWay(settings, patience), collectKeys(settings)]);
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

async function openWay(settings: ConnectionSettings, patience: Patience): Promise<Way> {
  if (settings.jump !== undefined)
    return throughJump(settings, settings.jump, (jump) => connectJump(jump, patience));
  if (settings.proxyCommand === undefined)
    return { stream: await openSocket(settings), release: () => undefined };
  const { stream, said } = openProxy(settings.proxyCommand);
  return { stream, said, release: () => void stream.destroy() };
}

async function connectJump(settings: ConnectionSettings, patience: Patience): Promise<JumpConnection> {
  const { client, way } = await enter(settings, patience);
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
    readonly keys: { readonly usable: Key[]; readonly skipped: string[] };
    readonly known: OnFile;
    readonly patience: Patience;
  },
): Promise<ssh2.Client> {
  const { way, keys, known, patience } = by;
  const tried: string[] = [];
  const client = new ssh2.Client();

  await new Promise<void>((resolve, reject) => {
    let refused: TransportError | undefined;
    const fail = (error: SshError) => {
      // A key that cannot sign is not the end: ssh2 goes on with the next one.
      if (error.level === 'agent') return;
      reject(refused ?? connectError(settings, error, { tried, skipped: keys.skipped, said: way.said?.() }));
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
        algorithms: {
          serverHostKey: settings.hostKeyAlgorithms?.slice() ?? preferred(knownTypes(known)),
          hmac: [
            'hmac-sha2-256-etm@openssh.com',
            'hmac-sha2-512-etm@openssh.com',
            'hmac-sha2-256',
            'hmac-sha2-512',
          ],
          compress: ['none'],
        },
        hostVerifier: (key: Buffer) => {
          const verdict = judge(known, key);
          if (verdict.kind === 'unknown' && verdict.isNew && settings.acceptNew)
            refused = rememberHost(settings, key);
          else refused = hostKeyError(settings, verdict, key);
          return refused === undefined;
        },
        authHandler: (_methods, _partial, next) => {
          const key = keys.usable.shift();
          if (!key) return next(false as unknown as 'none');
          tried.push(key.label);
          next({ type: 'agent', username: settings.user, agent: new OneKey(key) });
        },
      });
  });
  return client;
}

function preferred(types: ReadonlySet<string>): ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...hostKeyAlgorithms.filter(isKnown), ...hostKeyAlgorithms.filter((name) => !isKnown(name))];
}

/** A key to log in with, from a file or from the agent. */
interface Key {
  readonly label: string;
  readonly key: ParsedKey;
  sign(data: Buffer, hash: 'sha256' | 'sha512' | undefined, done: ssh2.SignCallback): void;
}

/** Offers one key, so that every key is tried once, in our order, and named when it fails. */
class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: Key;

  constructor(key: Key) {
    super();
    this.#key = key;
  }

  override getIdentities(done: ssh2.IdentityCallback<ParsedKey>): void {
    done(null, [this.#key.key]);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: ssh2.SigningRequestOptions | ssh2.SignCallback,
    callback?: ssh2.SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    if (!done) return;
    // ssh2 falls back to RSA with SHA-1 when a server names no better signature.
    if (hash === 'sha1') done(new Error('a SHA-1 signature is refused'));
    else this.#key.sign(data, hash, done);
  }
}

/** Keys in the order of ssh(1): those asked for, then the agent's; without any asked for, the default ones last. */
async function collectKeys(settings: ConnectionSettings): Promise<{ usable: Key[]; skipped: string[] }> {
  const skipped: string[] = [];
  const agentKeys = settings.agent ? await keysOfAgent(settings.agent, skipped) : [];
  const asked = settings.identityFiles.length > 0;
  const files = asked
    ? settings.identityFiles
    : ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));
  const fileKeys: Key[] = [];
  for (const file of files) {
    const key = await keyOfFile(file, agentKeys);
    if (typeof key !== 'string') fileKeys.push(key);
    else if (asked || key !== missing) skipped.push(`${file} (${key})`);
  }
  const others = asked && settings.identitiesOnly ? [] : agentKeys;
  const all = asked ? [...fileKeys, ...others] : [...others, ...fileKeys];
  const seen = new Set<string>();
  const usable = all.filter(({ key }) => {
    const id = key.getPublicSSH().toString('base64');
    return !seen.has(id) && seen.add(id);
  });
  return { usable, skipped };
}

const missing = 'there is no such file';

async function keyOfFile(file: string, agentKeys: readonly Key[]): Promise<Key | string> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? missing : (error as Error).message;
  }
  const key = firstKey(text);
  if (key instanceof Error || !key.isPrivateKey()) {
    const publicKey = key instanceof Error ? firstKey(await readFile(`${file}.pub`).catch(() => '')) : key;
    const held =
      publicKey instanceof Error ? undefined : agentKeys.find((other) => other.key.equals(publicKey));
    if (held) return { ...held, label: `${file} (in the agent)` };
    if (!(key instanceof Error)) return 'is a public key, and the agent does not hold its private one';
    return /encrypted|passphrase/i.test(key.message)
      ? `is encrypted and not in the agent: ssh-add ${file}`
      : `is no usable private key: ${key.message}`;
  }
  return {
    label: file,
    key,
    sign: (data, hash, done) => {
      const signature: Buffer | Error = key.sign(data, hash);
      if (signature instanceof Error) done(signature);
      else done(null, signature);
    },
  };
}

function firstKey(text: Buffer | string): ParsedKey | Error {
  const key = ssh2.utils.parseKey(text) as ParsedKey | ParsedKey[] | Error;
  return Array.isArray(key) ? (key[0] ?? new Error('the file holds no key')) : key;
}

function keysOfAgent(path: string, skipped: string[]): Promise<Key[]> {
  return new Promise((resolve) => {
    const agent = new ssh2.OpenSSHAgent(path);
    agent.getIdentities((error, keys) => {
      if (error) skipped.push(`agent ${path} (${error.message})`);
      resolve(
        ((keys ?? []) as ParsedKey[]).map((key) => ({
          label: `${key.comment || key.type} (from the agent)`,
          key,
          sign: (data, hash, done) => agent.sign(key, data, hash ? { hash } : {}, done),
        })),
      );
    });
  });
}
