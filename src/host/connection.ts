import { homedir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { type Problem, ProjectError, type TransportError } from '../errors.ts';
import { rememberSecret } from '../secrets.ts';
import type { Become } from './become.ts';
import { becomeOf } from './become-settings.ts';
import { parsePublicKey } from './known_host_lines.ts';
import { optionsOfSsh, sharesConnections, wordsForSsh } from './openssh-settings.ts';
import type { Patience } from './socket.ts';
import type { ChosenAlgorithms } from './ssh-algorithms.ts';
import { type Machine, SshConfigError } from './ssh-config.ts';
import { followedNames, readArguments, SshOptions } from './ssh-options.ts';
import { sshTarget, thisMachine } from './ssh-target.ts';

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
  /** Nothing on its way asks whether the other side is there: who uses it gives signs of life himself. */
  readonly isSilent?: boolean;
  /** Closes it for later runs too, where they share it. */
  end?(): Promise<void>;
  /** Resolves once with the reason when the connection is lost; never after `close`. Never rejects. */
  readonly lost: Promise<TransportError>;
}

export interface ConnectionSettings {
  /** inventory_hostname, for messages. */
  readonly name: string;
  /** `openssh`: through the system's ssh(1). */
  readonly connection: 'ssh' | 'openssh' | 'local';
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
  /** The host's keys, `type base64` each, where the inventory gives them: they take the place of the files. */
  readonly hostKeys?: readonly string[];
  /** A list of keys that no host may show (RevokedHostKeys). */
  readonly revokedHostKeys?: string;
  /** Names of hosts that are written down are hashed (HashKnownHosts). */
  readonly hashKnownHosts?: boolean;
  /** The only kinds of key that the host is asked for. Default: those that are known, then the others. */
  readonly hostKeyAlgorithms?: readonly ServerHostKeyAlgorithm[];
  /** A host that no file knows is taken for what it says it is, and written down (`accept-new`). */
  readonly acceptNew?: boolean;
  /** How long the connection stays open for later runs (ControlPersist with ControlMaster), where that was said. */
  readonly keep?: string;
  /** Seconds for TCP, and again for the handshake with authentication. */
  readonly connectTimeout: number;
  /** When a silent host counts as lost (ServerAlive*), where it was said. */
  readonly patience?: Patience;
  /** What is offered to the server, where the configuration of ssh says so. */
  readonly algorithms?: ChosenAlgorithms;
  /** What is asked of ssh(1), before HostName of its configuration. */
  readonly target?: string;
  /** The words of Ansible's ssh arguments, for ssh(1). */
  readonly sshWords?: readonly string[];
  /** The key that variables name. */
  readonly identityFile?: string;
  /** The configuration of ssh keeps connections itself (ControlMaster with ControlPath). */
  readonly control?: boolean;
  /** To log in with where no key does. */
  readonly password?: string;
  /** Of the encrypted key in identityFiles. */
  readonly passphrase?: string;
  /** Another host to go through (ProxyJump), which may itself be reached through one. */
  readonly jump?: ConnectionSettings;
  /** A program of this machine that is the way to the host (ProxyCommand). */
  readonly proxyCommand?: string;
  /** Of a connection that is made to look whether one can be made: shared with none of another number. */
  readonly fresh?: number;
  /** How root and other users are become there. */
  readonly become?: Become;
}

/**
 * How to reach a host, from Ansible's variables and the user's configuration of ssh: ansible_connection, ansible_host,
 * ansible_port, ansible_user, ansible_ssh_private_key_file, ansible_ssh_timeout and the arguments of ssh in
 * ansible_ssh_args, ansible_ssh_common_args and ansible_ssh_extra_args. As on the command line of ssh, these count before
 * ~/.ssh/config. `ssh_host_keys` gives the host's keys in the place of known_hosts files. Throws a ProjectError that names what cannot be used.
 */
export function connectionSettings(
  name: string,
  get: (variable: string) => unknown,
  machine: Machine = thisMachine(),
): ConnectionSettings {
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

  const kind = (text('ansible_connection') ?? 'ssh').replace(/^ansible\.builtin\./, '');
  const connection = kind === 'local' || kind === 'openssh' ? kind : 'ssh';
  if (!['ssh', 'smart', 'openssh', 'local'].includes(kind))
    complain(`ansible_connection is ${JSON.stringify(kind)}`, "use ssh, openssh (the system's ssh) or local");
  const password = text('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password');
  const passphrase = text('ansible_ssh_private_key_passphrase', 'ansible_private_key_passphrase');
  for (const secret of [password, passphrase])
    if (secret !== undefined) rememberSecret(secret, { words: true });
  const become = becomeOf(get, complain);
  const hostKeys = hostKeysOf(get('ssh_host_keys'), complain);
  const options = new SshOptions();
  const give = (option: string, value: string | undefined) => {
    if (value !== undefined) options.set(option, [value]);
  };
  const port = text('ansible_port', 'ansible_ssh_port');
  if (port !== undefined && !isWhole(port, 65535))
    complain(`ansible_port is ${JSON.stringify(port)}, not a whole number from 1 to 65535`);
  const timeout = text('ansible_ssh_timeout', 'ansible_timeout');
  if (timeout !== undefined && !isWhole(timeout, 3600))
    complain(`ansible_ssh_timeout is ${JSON.stringify(timeout)}, not a whole number from 1 to 3600`);
  give('Port', port);
  give('User', text('ansible_user', 'ansible_ssh_user'));
  give('ConnectTimeout', timeout);
  const identityFile = text('ansible_ssh_private_key_file', 'ansible_private_key_file');
  // Ansible expands it before ssh sees it.
  give('IdentityFile', identityFile?.replace(/^~(?=\/)/, homedir()));

  let configuration: string | undefined;
  const lines = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'] as const;
  for (const variable of lines)
    configuration ??= readArguments(text(variable) ?? '', options, (word) => {
      if (connection === 'openssh') return;
      complain(
        `${variable} holds ${JSON.stringify(word)}, which foobar does not follow`,
        `it follows -F, -i, -J, -l, -p and -o with ${followedNames}; ansible_connection: openssh takes what ssh takes`,
      );
    });
  const sshWords = wordsForSsh(
    connection === 'openssh' ? lines.map((variable) => text(variable) ?? '') : [],
    (word) => complain(`the arguments of ssh hold ${word}, with which no program could be started`),
  );
  if (connection === 'openssh' && (password ?? passphrase) !== undefined)
    complain(
      `${password === undefined ? 'a passphrase' : 'a password'} is set, which foobar does not hand to the system's ssh`,
      'leave it to ssh-agent or to ssh, which asks at the terminal; or use connection: ssh',
    );
  const strict = options.get('StrictHostKeyChecking')?.toLowerCase();
  if (strict !== undefined && !['yes', 'true', 'ask', 'accept-new'].includes(strict))
    complain(
      `StrictHostKeyChecking=${strict} would accept any host`,
      'take it away and put the host key into a known_hosts file (-o UserKnownHostsFile=FILE), ' +
        'or say accept-new: then a host that nobody knows yet is written down there',
    );
  if (problems.length > 0) throw new ProjectError(problems);

  const address = text('ansible_host', 'ansible_ssh_host') ?? name;
  // The user's own machine needs no ssh, and may have any address.
  if (connection === 'local') options.set('ProxyJump', ['none']);
  const files =
    connection === 'local' || configuration === 'none'
      ? []
      : configuration === undefined
        ? machine.configurations
        : [configuration.replace(/^~(?=\/|$)/, machine.home)];
  const around = { name, machine, files };
  const read = (): ConnectionSettings => {
    if (connection !== 'openssh') return sshTarget(address, options, around);
    let known = options;
    const settings = ((): ConnectionSettings => {
      try {
        return sshTarget(address, options, around);
      } catch (error) {
        if (!(error instanceof SshConfigError)) throw error;
        known = optionsOfSsh(sshWords, options, address);
        return sshTarget(address, known, { ...around, files: [] });
      }
    })();
    return {
      ...settings,
      target: address,
      sshWords,
      ...(identityFile !== undefined && { identityFile }),
      control: sharesConnections(known, sshWords),
    };
  };
  try {
    return {
      ...read(),
      connection,
      ...(hostKeys && { hostKeys }),
      ...(become && { become }),
      ...(password !== undefined && { password }),
      ...(passphrase !== undefined && { passphrase }),
    };
  } catch (error) {
    if (!(error instanceof SshConfigError)) throw error;
    throw new ProjectError([
      {
        message: `host ${name}: ${error.message}`,
        hint: '-F none in ansible_ssh_common_args leaves the configuration of ssh out',
        severity: 'error',
      },
    ]);
  }
}

/** Lines as in a public key file. Whoever gives keys means that there are no others. */
function hostKeysOf(
  given: unknown,
  complain: (message: string, hint: string) => void,
): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  const keys: readonly unknown[] = [given].flat();
  const wrong = keys.filter((key) => typeof key !== 'string' || parsePublicKey(key) === undefined);
  const hint =
    'write the keys as in /etc/ssh/ssh_host_*_key.pub: ssh-ed25519 AAAA...; foobar trust shows their fingerprints';
  if (keys.length === 0) complain('ssh_host_keys is empty, so that no key would be the right one', hint);
  for (const key of wrong)
    complain(`ssh_host_keys holds ${JSON.stringify(key)}, which is no public key`, hint);
  return keys.map(String);
}

function isWhole(text: string, highest: number): boolean {
  return /^\d+$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= highest;
}
