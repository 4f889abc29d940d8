import { readFile } from 'node:fs/promises';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type ClientChannel, type ParsedKey, type ServerHostKeyAlgorithm } from 'ssh2';
import { TransportError } from '../errors.ts';
import type { Channel, Connection, ConnectionSettings } from './connection.ts';
import { hostKeyError } from './host-key-error.ts';
import { type JumpConnection, throughJump, type Way } from './jumps.ts';
import { judge, type KnownHost, knownTypes, readKnownHosts, rememberHost } from './known_hosts.ts';
import { openProxy } from './proxy.ts';
import { openSocket, type Patience, usualPatience, watch } from './socket.ts';

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
  const known = knownHosts(settings);
  const [way, keys] = await Promise.all([openWay(settings, patience), collectKeys(settings)]);
  try {
    const client = await logIn(settings, { way, keys, known, patience });
    return connectionOver(client, way, settings, patience);
  } catch (error) {
    way.release();
    throw error;
  }
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
  const known = knownHosts(settings);
  const [way, keys] = await Promise.all([openWay(settings, patience), collectKeys(settings)]);
  try {
    const client = await logIn(settings, { way, keys, known, patience });
    const connection = connectionOver(client, way, settings, patience);
    return {
      ...connection,
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
  } catch (error) {
    way.release();
    throw error;
  }
}

async function logIn(
  settings: ConnectionSettings,
  by: {
    readonly way: Way;
    readonly keys: { readonly usable: Key[]; readonly skipped: string[] };
    readonly known: readonly KnownHost[];
    readonly patience: Patience;
  },
): Promise<ssh2.Client> {
  const { way, keys, known, patience } = by;
  const hostKeyName = settings.hostKeyAlias ?? settings.address;
  const tried: string[] = [];
  const client = new ssh2.Client();

  await new Promise<void>((resolve, reject) => {
    let refused: TransportError | undefined;
    const fail = (error: Error & { level?: string }) => {
      // A key that cannot sign is not the end: ssh2 goes on with the next one.
      if (error.level === 'agent') return;
      reject(refused ?? connectError(settings, withWords(error, way), tried, keys.skipped));
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
          serverHostKey: preferred(knownTypes(known, hostKeyName, settings.port)),
          hmac: [
            'hmac-sha2-256-etm@openssh.com',
            'hmac-sha2-512-etm@openssh.com',
            'hmac-sha2-256',
            'hmac-sha2-512',
          ],
          compress: ['none'],
        },
        hostVerifier: (key: Buffer) => {
          const verdict = judge(known, hostKeyName, settings.port, key);
          const isNew = verdict.kind === 'unknown' && verdict.at === undefined;
          if (isNew && settings.acceptNew) refused = rememberHost(settings, key);
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

/** A program that carries the bytes knows best why it failed. */
function withWords(error: Error & { level?: string }, way: Way): Error & { level?: string } {
  const said = way.said?.();
  if (!said) return error;
  return Object.assign(new Error(`${error.message}: ${said}`), error.level && { level: error.level });
}

function knownHosts(settings: ConnectionSettings): KnownHost[] {
  try {
    return readKnownHosts(settings.knownHostsFiles);
  } catch (error) {
    throw new TransportError(
      settings.name,
      'host-key',
      `known hosts cannot be read: ${(error as Error).message}`,
    );
  }
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

function connectError(
  settings: ConnectionSettings,
  error: Error & { level?: string },
  tried: readonly string[],
  skipped: readonly string[],
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
        : `put your public key into ${user}'s ~/.ssh/authorized_keys there (ssh-copy-id), or set ansible_user or ansible_ssh_private_key_file`,
    );
  }
  const reason =
    error.level === 'client-timeout' ? `no SSH handshake within ${connectTimeout} s` : error.message;
  return new TransportError(
    name,
    'unreachable',
    `${address} port ${port}: ${reason}`,
    'is it an OpenSSH server, not overloaded (MaxStartups) and not holding off this address (PerSourcePenalties)?',
  );
}

function connectionOver(
  client: ssh2.Client,
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
      `the connection to ${settings.address} was lost${why ? `: ${why}` : ''}; what was under way may or may not have happened`,
      'run again once the host answers: what is done already stays done',
    );
  const stopWatching = watch(way.stream, patience, () => {
    why = `no sign of life for ${patience.silence} s`;
    way.stream.destroy();
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
        const fail = (reason: string) => {
          if (gone || closing) reject(gone ?? lostError());
          else reject(new TransportError(settings.name, 'unreachable', `sshd starts no program: ${reason}`));
        };
        try {
          client.exec(command, (error, stream) => {
            // ssh2 hands over `true` when the server refuses the request, or when the connection dies meanwhile.
            if (error) setImmediate(() => fail(error.message ?? 'the request was refused'));
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
