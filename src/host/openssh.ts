import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TransportError } from '../errors.ts';
import { undisturbed } from '../terminal.ts';
import { begun, telling } from './beginning.ts';
import type { Channel, Connection, ConnectionSettings } from './connection.ts';
import { door } from './door.ts';
import { opensshError, wasTurnedAway } from './openssh-error.ts';
import { quote } from './sh.ts';
import { usualPatience } from './socket.ts';
import { channelOf, ended, socketFolder, ssh } from './ssh-program.ts';

/**
 * Reaches a host through the system's ssh(1) (`ansible_connection: openssh`), with all that its configuration says. The
 * first program logs in; further ones go over the same connection, as ControlMaster of ssh_config(5) has it.
 * @param mayAsk whether there is a terminal at which ssh can ask for a passphrase, a PIN or a password
 */
export function connectOpenssh(settings: ConnectionSettings, mayAsk: () => boolean): Connection {
  const children = new Set<ChildProcess>();
  const control = controlWords(settings);
  let tellLost: (error: TransportError) => void;
  const lost = new Promise<TransportError>((resolve) => {
    tellLost = resolve;
  });
  let isClosing = false;
  let first: Promise<unknown> | undefined;

  const start = async (command: string, batch: boolean): Promise<Channel> => {
    const { token, script } = telling(command);
    const words = [...control, ...wordsOf(settings, batch), `sh -c ${quote(script)}`];
    const child = ssh(words, 'pipe');
    children.add(child);
    child.once('close', () => children.delete(child));
    let isReached = false;
    const channel = channelOf(child, () => {
      if (isReached && !isClosing) tellLost(lostError(settings));
    });
    const missing = new Promise<never>((_resolve, reject) =>
      child.once('error', (error) =>
        reject(opensshError(settings, `ssh cannot be started: ${error.message}`)),
      ),
    );
    missing.catch(() => undefined);
    const going = begun(channel, token, {
      heard: () => undefined,
      ended: (said, code) => new NotBegun(settings, said, code),
    });
    await Promise.race([going, missing]);
    isReached = true;
    return channel;
  };

  const logIn = async (command: string): Promise<Channel> => {
    const attempt = (batch: boolean) =>
      door.admit(settings.connectTimeout, async () => {
        try {
          const channel = await start(command, batch);
          return { outcome: () => channel, wasTurnedAway: false };
        } catch (error) {
          const outcome = () => {
            throw error;
          };
          return { outcome, wasTurnedAway: error instanceof NotBegun && wasTurnedAway(error.said) };
        }
      });
    try {
      return await attempt(true);
    } catch (error) {
      if (!(error instanceof TransportError) || error.kind !== 'authentication' || !mayAsk()) throw error;
      return undisturbed(() => attempt(false));
    }
  };

  return {
    lost,
    // Whoever opened the user's own connection said whether it asks (ServerAliveInterval): by default it does not.
    isSilent: settings.control === true && settings.fresh === undefined,
    async exec(command) {
      if (isClosing) throw lostError(settings);
      // Others wait for the first, which is the way for them.
      if (first !== undefined) {
        await first;
        return logIn(command);
      }
      const channel = logIn(command);
      first = channel.catch(() => {
        first = undefined;
      });
      return channel;
    },
    async close() {
      isClosing = true;
      await Promise.all([...children].map(ended));
    },
    async end() {
      await this.close();
      const child = ssh([...control, '-O', 'exit', ...targetOf(settings)], 'ignore');
      await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    },
  };
}

/** ssh ended before the program began. */
class NotBegun extends TransportError {
  readonly said: string;

  constructor(settings: ConnectionSettings, said: string, code: number | undefined) {
    const { kind, message, hint } = opensshError(settings, said || `ssh ended with exit code ${code ?? 255}`);
    super(settings.name, kind, message, hint);
    this.said = said;
  }
}

/** A connection of our own for all programs, unless the configuration of ssh has one. */
function controlWords(settings: ConnectionSettings): string[] {
  const { control, fresh, keep } = settings;
  if (control && fresh === undefined) return [];
  const folder = fresh === undefined ? socketFolder() : undefined;
  if (folder === undefined) return ['-o', 'ControlMaster=no', '-o', 'ControlPath=none'];
  // The name of the socket is nobody's secret.
  const { become: _become, passphrase: _passphrase, password: _password, ...open } = settings;
  const name =
    keep === undefined
      ? randomBytes(9).toString('hex')
      : createHash('sha256').update(JSON.stringify(open)).digest('hex');
  const path = join(folder, `o${name.slice(0, 16)}`);
  return [
    ...['-o', 'ControlMaster=auto', '-o', `ControlPath=${path}`],
    ...['-o', `ControlPersist=${keep ?? 'no'}`],
  ];
}

/** What comes before the words of the user counts. */
function wordsOf(settings: ConnectionSettings, batch: boolean): string[] {
  const { acceptNew, connectTimeout, hostKeys, identityFile } = settings;
  const { ask, silence } = settings.patience ?? usualPatience;
  const options = {
    BatchMode: batch ? 'yes' : 'no',
    ...(!batch && { NumberOfPasswordPrompts: 1 }),
    StrictHostKeyChecking: acceptNew ? 'accept-new' : 'yes',
    ConnectTimeout: connectTimeout,
    ServerAliveInterval: ask,
    ServerAliveCountMax: Math.max(1, Math.round(silence / ask)),
    RemoteCommand: 'none',
    LogLevel: 'ERROR',
    ...(hostKeys && { UserKnownHostsFile: `"${fileOf(hostKeys)}"`, GlobalKnownHostsFile: 'none' }),
  };
  return [
    '-T',
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    ...(settings.sshWords ?? []),
    ...targetOf(settings),
  ];
}

function targetOf({ port, target, user, address }: ConnectionSettings): string[] {
  return ['-p', String(port), '-l', user, '--', target ?? address];
}

/** The keys that the inventory gives, as a file of known hosts: ssh reads them from files only. */
function fileOf(hostKeys: readonly string[]): string {
  const folder = socketFolder();
  if (folder === undefined) throw new Error('there is no folder of our own for known hosts');
  const text = hostKeys.map((key) => `* ${key}\n`).join('');
  const file = join(folder, `known-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

function lostError({ name, address }: ConnectionSettings): TransportError {
  return new TransportError(
    name,
    'lost',
    `the connection to ${address} was lost`,
    'run again once the host answers: what is done already stays done',
  );
}
