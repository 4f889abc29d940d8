import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type Problem, ProjectError, type TransportError } from '../errors.ts';

/** A started program on a host, with its three byte streams. */
export interface Channel {
  /** After the program's end or a lost connection, writes go nowhere and their callbacks may never come: race with `closed`. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * The exit code (128 + n when a signal ended it) once stdout has been read to its end;
   * undefined when the connection died, so that the result is unknown. Never rejects.
   */
  readonly closed: Promise<number | undefined>;
  /** Asks the program to end and closes its streams, which ends whatever reads or writes them. */
  kill(): void;
}

/** A way to start programs on a host. */
export interface Connection {
  /** Throws a TransportError of kind `lost` when the connection is gone. */
  exec(command: string): Promise<Channel>;
  close(): Promise<void>;
  /** Resolves once with the reason when the connection is lost; never after `close`. Never rejects. */
  readonly lost: Promise<TransportError>;
}

export interface ConnectionSettings {
  /** inventory_hostname, for messages. */
  readonly name: string;
  readonly connection: 'ssh' | 'local';
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Name to look for in known_hosts instead of the address (`-o HostKeyAlias=`). */
  readonly hostKeyAlias?: string;
  /** Keys that were asked for; none: the user's default ones. */
  readonly identityFiles: readonly string[];
  /** Keys that are only in the agent are not offered. */
  readonly identitiesOnly: boolean;
  /** Socket of the ssh-agent. */
  readonly agent?: string;
  readonly knownHostsFiles: readonly string[];
  /** Seconds for TCP, and again for the handshake with authentication. */
  readonly connectTimeout: number;
}

const options = [
  'UserKnownHostsFile',
  'GlobalKnownHostsFile',
  'Port',
  'User',
  'IdentityFile',
  'IdentitiesOnly',
  'IdentityAgent',
  'ConnectTimeout',
  'HostKeyAlias',
  'StrictHostKeyChecking',
] as const;
type Option = (typeof options)[number];

/**
 * How to reach a host, from Ansible's variables: ansible_connection, ansible_host, ansible_port, ansible_user,
 * ansible_ssh_private_key_file, ansible_ssh_timeout and the `-o Name=value` in ansible_ssh_args,
 * ansible_ssh_common_args and ansible_ssh_extra_args. Throws a ProjectError that names what cannot be used.
 */
export function connectionSettings(name: string, get: (variable: string) => unknown): ConnectionSettings {
  const problems: Problem[] = [];
  const complain = (message: string, hint?: string) =>
    problems.push({ message: `host ${name}: ${message}`, hint, severity: 'error' });
  const text = (...variables: string[]): string | undefined => {
    for (const variable of variables) {
      const value = get(variable);
      if (value !== undefined && value !== null && value !== '') return String(value);
    }
    return undefined;
  };
  const whole = (what: string, value: string | undefined, fallback: number, highest: number): number => {
    if (value === undefined) return fallback;
    const number = Number(value);
    if (Number.isInteger(number) && number >= 1 && number <= highest) return number;
    complain(`${what} is ${JSON.stringify(value)}, not a whole number from 1 to ${highest}`);
    return fallback;
  };

  const kind = (text('ansible_connection') ?? 'ssh').replace(/^ansible\.builtin\./, '');
  const connection = kind === 'local' ? 'local' : 'ssh';
  if (!['ssh', 'smart', 'local'].includes(kind))
    complain(`ansible_connection is ${JSON.stringify(kind)}`, 'use ssh or local');
  for (const variable of ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'])
    if (text(variable) !== undefined)
      complain(`${variable} is set, but logging in takes a key`, 'ssh-copy-id puts your key on the host');

  const given = new Map<Option, string>();
  for (const variable of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'])
    for (const [key, value] of sshOptions(text(variable) ?? '', (word) =>
      complain(
        `${variable} holds ${JSON.stringify(word)}, which foobar does not know`,
        `it knows -o with ${options.join(', ')}`,
      ),
    ))
      if (!given.has(key)) given.set(key, value);
  const strict = given.get('StrictHostKeyChecking');
  if (strict !== undefined && !['yes', 'true'].includes(strict.toLowerCase()))
    complain(
      `StrictHostKeyChecking=${strict} would accept any host`,
      'take it away and put the host key into a known_hosts file (-o UserKnownHostsFile=FILE)',
    );
  const port = whole(
    'ansible_port',
    text('ansible_port', 'ansible_ssh_port') ?? given.get('Port'),
    22,
    65535,
  );
  const connectTimeout = whole(
    'ansible_ssh_timeout',
    text('ansible_ssh_timeout', 'ansible_timeout') ?? given.get('ConnectTimeout'),
    10,
    3600,
  );
  if (problems.length > 0) throw new ProjectError(problems);

  const identity =
    text('ansible_ssh_private_key_file', 'ansible_private_key_file') ?? given.get('IdentityFile');
  const agent = given.get('IdentityAgent') ?? process.env.SSH_AUTH_SOCK;
  const alias = given.get('HostKeyAlias');
  return {
    name,
    connection,
    address: text('ansible_host', 'ansible_ssh_host') ?? name,
    port,
    user: text('ansible_user', 'ansible_ssh_user') ?? given.get('User') ?? userInfo().username,
    identityFiles: identity === undefined ? [] : [expandHome(identity)],
    identitiesOnly: ['yes', 'true'].includes((given.get('IdentitiesOnly') ?? 'no').toLowerCase()),
    ...(agent && agent !== 'none' ? { agent: expandHome(agent) } : {}),
    ...(alias ? { hostKeyAlias: alias } : {}),
    knownHostsFiles: [
      ...fileList(given.get('UserKnownHostsFile') ?? '~/.ssh/known_hosts ~/.ssh/known_hosts2'),
      ...fileList(given.get('GlobalKnownHostsFile') ?? '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'),
    ],
    connectTimeout,
  };
}

function fileList(value: string): string[] {
  return value
    .split(/\s+/)
    .filter((file) => file !== '' && file !== 'none')
    .map(expandHome);
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** The `-o Name=value` of an ssh command line; what else stands there is handed to `unknown`. */
function* sshOptions(line: string, unknown: (word: string) => void): Generator<[Option, string]> {
  const all = shellWords(line);
  for (let at = 0; at < all.length; at++) {
    const word = all[at] ?? '';
    const short = /^-([pli])(.*)$/s.exec(word);
    if (short) {
      const name = ({ p: 'Port', l: 'User', i: 'IdentityFile' } as const)[short[1] as 'p' | 'l' | 'i'];
      yield [name, short[2] || (all[++at] ?? '')];
      continue;
    }
    if (!word.startsWith('-o')) {
      unknown(word);
      continue;
    }
    const option = word.length > 2 ? word.slice(2) : (all[++at] ?? '');
    const parts = /^\s*(\w+)\s*[\s=]\s*"?(.*?)"?\s*$/s.exec(option);
    const name = options.find((known) => known.toLowerCase() === parts?.[1]?.toLowerCase());
    if (name && parts) yield [name, parts[2] ?? ''];
    else unknown(`-o ${option}`);
  }
}

/** Splits a line into words as a shell does, with single quotes, double quotes and backslashes. */
function shellWords(line: string): string[] {
  const result: string[] = [];
  for (const [raw] of line.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/gs))
    result.push(
      raw.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs, (_all, single, double, escaped) =>
        single !== undefined ? single : double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : escaped,
      ),
    );
  return result;
}
