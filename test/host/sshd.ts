import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../src/host/connection.ts';

/** A real sshd on a loopback port with keys of its own. */
export interface TestSshd {
  readonly port: number;
  readonly directory: string;
  /** Private key that may log in. */
  readonly userKey: string;
  readonly hostKeyFile: string;
  /** `type base64` of the host key. */
  readonly hostKey: string;
  readonly settings: (change?: Partial<ConnectionSettings>) => ConnectionSettings;
  /** Writes a known_hosts file and gives its path. */
  knownHosts(text: string): string;
  /** Processes that serve the open connections. */
  sessions(): number[];
  stop(): Promise<void>;
}

const program = '/usr/sbin/sshd';

/** @param more lines of sshd_config that count before the usual ones */
export async function startSshd(keyType = 'ed25519', more: readonly string[] = []): Promise<TestSshd> {
  if (!existsSync(program)) throw new Error(`${program} is missing: install the package openssh-server`);
  const directory = mkdtempSync(join(tmpdir(), 'foobar-sshd-'));
  const hostKeyFile = makeKey(directory, 'host_key', keyType);
  const userKey = makeKey(directory, 'user_key');
  copyFileSync(`${userKey}.pub`, join(directory, 'authorized_keys'));
  // sshd started by root insists on its privilege separation folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const configuration = join(directory, 'sshd_config');
  writeFileSync(
    configuration,
    [
      ...more,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKeyFile}`,
      `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
      `PidFile ${join(directory, 'pid')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      '',
    ].join('\n'),
  );
  const server = spawn(program, ['-D', '-e', '-f', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('Server listening')) resolve();
    });
    server.once('exit', () => reject(new Error(`sshd did not start: ${log}`)));
  });
  const hostKey = readFileSync(`${hostKeyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  let files = 0;
  const knownHosts = (text: string) => {
    const file = join(directory, `known_hosts_${files++}`);
    writeFileSync(file, text);
    return file;
  };
  const sessions = () => descendants(server.pid ?? 0);
  return {
    port,
    directory,
    userKey,
    hostKeyFile,
    hostKey,
    knownHosts,
    settings: (change = {}) => ({
      name: 'server1',
      connection: 'ssh',
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      identityFiles: [userKey],
      identitiesOnly: true,
      knownHostsFiles: change.knownHostsFiles ?? [knownHosts(`[127.0.0.1]:${port} ${hostKey}\n`)],
      connectTimeout: 15,
      ...change,
    }),
    sessions,
    stop: async () => {
      signal(sessions(), 'SIGKILL');
      await ended(server);
      rmSync(directory, { recursive: true });
    },
  };
}

/** Sends a signal to processes, as far as they have not ended with each other. */
export function signal(pids: readonly number[], name: 'SIGKILL' | 'SIGSTOP'): void {
  for (const pid of pids) unlessGone(false, () => process.kill(pid, name));
}

export function makeKey(directory: string, name: string, type = 'ed25519', passphrase = ''): string {
  const file = join(directory, name);
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...(type === 'rsa' ? ['-b', '2048'] : []),
    '-N',
    passphrase,
    '-C',
    name,
    '-f',
    file,
  ]);
  return file;
}

/** A port of 127.0.0.1 on which nothing listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function descendants(parent: number): number[] {
  const file = `/proc/${parent}/task/${parent}/children`;
  const children = unlessGone('', () => readFileSync(file, 'utf8')).trim();
  return children === ''
    ? []
    : children.split(' ').flatMap((pid) => [Number(pid), ...descendants(Number(pid))]);
}

/** What a call about a process gives, or something else where the process has just ended. */
function unlessGone<T>(otherwise: T, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve()).kill('SIGKILL');
  });
}
