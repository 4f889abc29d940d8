import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { ConnectionSettings } from './connection.ts';
import { algorithmsOf } from './ssh-algorithms.ts';
import { type Machine, readSshConfig, SshConfigError } from './ssh-config.ts';
import { SshOptions } from './ssh-options.ts';

/** The user and machine that this process runs as and on. As for ssh, the home is that of passwd, whatever HOME says. */
export function thisMachine(): Machine {
  const { username: user, homedir: home } = userInfo();
  return {
    user,
    home,
    agent: process.env.SSH_AUTH_SOCK,
    configurations: [join(home, '.ssh', 'config'), '/etc/ssh/ssh_config'],
  };
}

interface Surroundings {
  /** inventory_hostname of the host that is to be reached in the end. */
  readonly name: string;
  readonly machine: Machine;
  /** Configuration files of ssh that count. */
  readonly files: readonly string[];
  /** Hosts on the way, to notice circles. */
  readonly through?: readonly string[];
}

/**
 * How ssh would reach `host` with these options, which count before the configuration files.
 * @throws SshConfigError for a value that cannot be used
 */
export function sshTarget(host: string, options: SshOptions, around: Surroundings): ConnectionSettings {
  const { name, machine, files } = around;
  // Who weakens the check of host keys in the configuration of ssh means ssh: only the inventory may say accept-new.
  const acceptNew = options.get('StrictHostKeyChecking')?.toLowerCase() === 'accept-new';
  const keep = keepOf(options);
  readSshConfig(files, host, options, machine);

  const user = options.get('User') ?? machine.user;
  const port = whole('Port', options.get('Port'), 22, 65535);
  const plain = { '%': '%', h: host, n: host };
  const address = expand(options.get('HostName') ?? host, plain);
  const tokens = {
    ...plain,
    h: address,
    p: String(port),
    r: user,
    u: machine.user,
    d: machine.home,
    k: options.get('HostKeyAlias') ?? host,
  };
  const path = (text: string) => expandPath(text, tokens, machine.home);
  const paths = (option: string, fallback: string) =>
    (options.list(option) ?? fallback.split(' '))
      .flatMap((word) => word.split(/\s+/))
      .filter((word) => word !== '' && word.toLowerCase() !== 'none')
      .map(path);

  const alias = options.get('HostKeyAlias');
  const [revoked] = paths('RevokedHostKeys', 'none');
  const agent = agentOf(options.get('IdentityAgent'), machine);
  const interval = whole('ServerAliveInterval', options.get('ServerAliveInterval'), 0, 86_400);
  const count = whole('ServerAliveCountMax', options.get('ServerAliveCountMax'), 3, 1000);
  const proxyCommand = options.get('ProxyCommand');
  const jump = jumpOf(options.get('ProxyJump'), host, around);
  const algorithms = algorithmsOf(options);
  return {
    name,
    connection: 'ssh',
    address,
    port,
    user,
    identityFiles: options.identityFiles.filter((file) => file.toLowerCase() !== 'none').map(path),
    identitiesOnly: /^(?:yes|true)$/i.test(options.get('IdentitiesOnly') ?? ''),
    ...(agent !== undefined && { agent: path(agent) }),
    ...(alias !== undefined && { hostKeyAlias: alias }),
    ...(acceptNew && { acceptNew }),
    ...(revoked !== undefined && { revokedHostKeys: revoked }),
    ...(/^(?:yes|true)$/i.test(options.get('HashKnownHosts') ?? '') && { hashKnownHosts: true }),
    ...(keep !== undefined && { keep }),
    knownHostsFiles: [
      ...paths('UserKnownHostsFile', '~/.ssh/known_hosts ~/.ssh/known_hosts2'),
      ...paths('GlobalKnownHostsFile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'),
    ],
    connectTimeout: whole('ConnectTimeout', options.get('ConnectTimeout'), 10, 3600),
    ...algorithms,
    // Asking more often does no harm; a host takes a controller that was silent for 25 s for gone (lock.ts).
    ...(interval > 0 && { patience: { ask: Math.min(interval, 15), silence: interval * count } }),
    ...(jump !== undefined && { jump }),
    ...(proxyCommand !== undefined &&
      proxyCommand.toLowerCase() !== 'none' && { proxyCommand: expand(proxyCommand, tokens) }),
  };
}

/** As ssh, both words are needed. In the configuration of ssh they mean ssh: only the inventory and ansible.cfg may say it. */
function keepOf(options: SshOptions): string | undefined {
  if (!/^(?:auto|yes)$/i.test(options.get('ControlMaster') ?? '')) return undefined;
  const time = options.get('ControlPersist') ?? 'no';
  if (/^no$/i.test(time)) return undefined;
  if (/^(?:yes|(?:\d+[smhdw]?)+)$/i.test(time)) return time;
  throw new SshConfigError(
    `ControlPersist is ${JSON.stringify(time)}, not yes, no or a time such as 60s or 10m`,
  );
}

/**
 * The last host of a list `[user@]host[:port],...`, which is reached through those before it. As with ssh each is
 * looked up in the configuration files by itself, and what the inventory says of the target does not count for it.
 */
function jumpOf(
  list: string | undefined,
  target: string,
  around: Surroundings,
): ConnectionSettings | undefined {
  if (list === undefined || list.trim() === '' || list.toLowerCase() === 'none') return undefined;
  const hops = list.split(',').map((hop) => hop.trim());
  const last = hops.pop() ?? '';
  const found = /^(?:ssh:\/\/)?(?:(.+)@)?(\[[^\]]+\]|[^@:/]+|[0-9a-f:]+:[0-9a-f:]*)(?::(\d+))?\/?$/i.exec(
    last,
  );
  if (found === null) throw new SshConfigError(`ProxyJump ${JSON.stringify(last)} is no [user@]host[:port]`);
  const host = (found[2] as string).replace(/^\[(.*)\]$/, '$1');
  const through = [...(around.through ?? []), target];
  if (through.includes(host) && hops.length === 0)
    throw new SshConfigError(`ProxyJump goes in a circle: ${[...through, host].join(' through ')}`);
  const options = new SshOptions();
  if (found[1] !== undefined) options.set('User', [found[1]]);
  if (found[3] !== undefined) options.set('Port', [found[3]]);
  if (hops.length > 0) options.set('ProxyJump', [hops.join(',')]);
  return sshTarget(host, options, { ...around, through });
}

function agentOf(given: string | undefined, machine: Machine): string | undefined {
  if (given === undefined || given === 'SSH_AUTH_SOCK') return machine.agent || undefined;
  if (given.toLowerCase() === 'none') return undefined;
  return given.startsWith('$') ? process.env[given.replace(/^\$\{?|\}$/g, '')] : given;
}

function whole(option: string, value: string | undefined, fallback: number, highest: number): number {
  if (value === undefined || value.toLowerCase() === 'none') return fallback;
  if (/^\d+$/.test(value) && Number(value) <= highest && (Number(value) > 0 || fallback === 0))
    return Number(value);
  throw new SshConfigError(`${option} is ${JSON.stringify(value)}, not a whole number up to ${highest}`);
}

function expand(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%(.)/g, (all, letter: string) => {
    const value = tokens[letter];
    if (value === undefined)
      throw new SshConfigError(
        `${all} in ${JSON.stringify(text)} is not known: only %% %d %h %k %n %p %r %u`,
      );
    return value;
  });
}

function expandPath(text: string, tokens: Readonly<Record<string, string>>, home: string): string {
  const expanded = expand(text, tokens);
  const variables = expanded.replace(/\$\{(\w+)\}/g, (_all, name: string) => {
    const value = process.env[name];
    if (value === undefined) throw new SshConfigError(`${text}: the environment has no ${name}`);
    return value;
  });
  return resolve(variables.replace(/^~(?=\/|$)/, home));
}
