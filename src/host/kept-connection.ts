import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { TransportError } from '../errors.ts';
import type { Connection, ConnectionSettings } from './connection.ts';
import { usualPatience } from './socket.ts';
import { channelOf, ended, socketFolder, ssh } from './ssh-program.ts';

/**
 * Reaches a host through a connection that ssh(1) keeps open between runs (ControlMaster and ControlPersist of
 * ssh_config(5)), and has ssh open one where there is none: with the keys and known_hosts files of the settings, without
 * the user's configuration. ssh checks the host key when it connects, sees to it that only this user gets at the socket,
 * notices a host that went silent, and ends by itself when nobody has used the connection for as long as was said.
 * Undefined when ssh cannot: then connectSsh connects, or says why not.
 */
export async function connectKept(settings: ConnectionSettings): Promise<Connection | undefined> {
  const folder = socketFolder();
  const { algorithms, hostKeyAlgorithms, hostKeys, jump, password, proxyCommand } = settings;
  // A proxy's connection is not ours to name by its settings, and ssh takes known keys from files only.
  if (folder === undefined || jump || proxyCommand || hostKeys) return undefined;
  if (password !== undefined || algorithms || hostKeyAlgorithms) return undefined;
  // The name of the socket is nobody's secret.
  const { become: _become, passphrase: _passphrase, ...open } = settings;
  const digest = createHash('sha256').update(JSON.stringify(open)).digest('hex');
  const socket = join(folder, digest.slice(0, 20));
  if (!(await answers(socket)) && !(await keepOne(settings, socket))) return undefined;
  return throughSocket(settings, socket);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = connect(socket);
    stream.once('connect', () => resolve(true)).once('error', () => resolve(false));
    stream.once('connect', () => stream.destroy());
  });
}

/** Logs in for a first program; the connection stays. Of two runs that do so at once, one's stays. */
async function keepOne(settings: ConnectionSettings, socket: string): Promise<boolean> {
  const words = [
    ...['-o', 'ControlMaster=auto', '-o', `ControlPersist=${settings.keep}`],
    ...[...loginWords(settings), ...target(settings), 'true'],
  ];
  const child = ssh([...over(socket), ...words], 'ignore');
  const code = await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  return code === 0 && (await answers(socket));
}

function throughSocket(settings: ConnectionSettings, socket: string): Connection {
  const children = new Set<ChildProcess>();
  let tellLost: (error: TransportError) => void;
  const lost = new Promise<TransportError>((resolve) => {
    tellLost = resolve;
  });
  let closing = false;
  const close = async () => {
    closing = true;
    await Promise.all([...children].map(ended));
  };
  return {
    lost,
    async exec(command) {
      // Without the kept connection there is none: nothing is sent to a host whose key was not checked.
      const only = ['-o', 'ControlMaster=no', '-o', 'ProxyCommand=false'];
      const child = ssh([...over(socket), ...only, ...target(settings), command], 'pipe');
      children.add(child);
      child.once('close', () => children.delete(child));
      return channelOf(child, () => {
        if (!closing) tellLost(lostError(settings));
      });
    },
    close,
    async end() {
      await close();
      const child = ssh([...over(socket), '-O', 'exit', ...target(settings)], 'ignore');
      await new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    },
  };
}

/** -F none: the settings hold what counts of the user's configuration. */
function over(socket: string): string[] {
  return ['-F', 'none', '-T', '-x', '-a', '-o', 'LogLevel=ERROR', '-o', `ControlPath=${socket}`];
}

function target({ address, port, user }: ConnectionSettings): string[] {
  return ['-p', String(port), '-l', user, '--', address];
}

/** The settings as ssh(1) takes them. */
function loginWords(settings: ConnectionSettings): string[] {
  const { acceptNew, agent, connectTimeout, hostKeyAlias, identitiesOnly, identityFiles, revokedHostKeys } =
    settings;
  const { ask, silence } = settings.patience ?? usualPatience;
  const files = settings.knownHostsFiles.map((file) => `"${file.replaceAll('%', '%%')}"`).join(' ');
  const options = {
    BatchMode: 'yes',
    StrictHostKeyChecking: acceptNew ? 'accept-new' : 'yes',
    UserKnownHostsFile: files || 'none',
    GlobalKnownHostsFile: 'none',
    UpdateHostKeys: 'no',
    ...(revokedHostKeys !== undefined && {
      RevokedHostKeys: `"${revokedHostKeys.replaceAll('%', '%%')}"`,
    }),
    ...(hostKeyAlias !== undefined && { HostKeyAlias: hostKeyAlias }),
    PreferredAuthentications: 'publickey',
    IdentitiesOnly: identitiesOnly ? 'yes' : 'no',
    IdentityAgent: agent === undefined ? 'none' : `"${agent.replaceAll('%', '%%')}"`,
    ConnectTimeout: connectTimeout,
    ServerAliveInterval: ask,
    ServerAliveCountMax: Math.max(1, Math.round(silence / ask)),
  };
  return [
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...identityFiles.flatMap((file) => ['-o', `IdentityFile="${file.replaceAll('%', '%%')}"`]),
  ];
}

function lostError({ name, address }: ConnectionSettings): TransportError {
  return new TransportError(
    name,
    'lost',
    `the kept connection to ${address} was lost`,
    'run again once the host answers: what is done already stays done',
  );
}
