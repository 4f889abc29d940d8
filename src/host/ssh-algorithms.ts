import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';
import { matchesPattern } from './known_host_lines.ts';
import { SshConfigError } from './ssh-config.ts';
import type { SshOptions } from './ssh-options.ts';

/** Kinds of host keys that are asked for, the preferred ones first: none with SHA-1. */
export const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** What is offered to a server, and what older servers may be offered besides when the configuration of ssh says so. */
const kinds = {
  Ciphers: {
    usual: [
      'aes128-gcm@openssh.com',
      'aes256-gcm@openssh.com',
      'chacha20-poly1305@openssh.com',
      'aes128-ctr',
      'aes192-ctr',
      'aes256-ctr',
    ],
    older: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  },
  KexAlgorithms: {
    usual: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group14-sha256',
    ],
    older: [
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group1-sha1',
    ],
  },
  MACs: {
    usual: [
      'hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com',
      'hmac-sha2-256',
      'hmac-sha2-512',
    ],
    older: ['hmac-sha1-etm@openssh.com', 'hmac-sha1', 'hmac-md5'],
  },
  HostKeyAlgorithms: { usual: hostKeyAlgorithms, older: [] },
  PubkeyAcceptedAlgorithms: { usual: hostKeyAlgorithms, older: [] },
} as const;

/** What the configuration of ssh says of algorithms; absent: the usual ones. */
export interface ChosenAlgorithms {
  readonly ciphers?: readonly string[];
  readonly kex?: readonly string[];
  readonly macs?: readonly string[];
  /** With which a key of ours may sign. */
  readonly signatures?: readonly string[];
}

/**
 * The lists of the configuration, as ssh_config(5) has them: a list, or one that is added to the usual ones (`+`), put
 * before them (`^`) or taken from them (`-`).
 * @throws SshConfigError where none is left that foobar has
 */
export function algorithmsOf(options: SshOptions): {
  readonly algorithms?: ChosenAlgorithms;
  readonly hostKeyAlgorithms?: readonly ServerHostKeyAlgorithm[];
} {
  const chosen = (option: keyof typeof kinds, otherName?: string) => {
    const value = options.get(option) ?? (otherName === undefined ? undefined : options.get(otherName));
    return value === undefined ? undefined : listed(option, value);
  };
  const [ciphers, kex, macs] = [chosen('Ciphers'), chosen('KexAlgorithms'), chosen('MACs')];
  const signatures = chosen('PubkeyAcceptedAlgorithms', 'PubkeyAcceptedKeyTypes');
  const hostKeys = chosen('HostKeyAlgorithms') as ServerHostKeyAlgorithm[] | undefined;
  const algorithms = {
    ...(ciphers && { ciphers }),
    ...(kex && { kex }),
    ...(macs && { macs }),
    ...(signatures && { signatures }),
  };
  return {
    ...(Object.keys(algorithms).length > 0 && { algorithms }),
    ...(hostKeys && { hostKeyAlgorithms: hostKeys }),
  };
}

function listed(option: keyof typeof kinds, value: string): string[] {
  const usual: readonly string[] = kinds[option].usual;
  const all = [...usual, ...kinds[option].older];
  const sign = /^[+^-]/.exec(value)?.[0];
  const patterns = (sign === undefined ? value : value.slice(1)).split(',').map((name) => name.trim());
  const named = [
    ...new Set(patterns.flatMap((pattern) => all.filter((name) => matchesPattern(pattern, name)))),
  ];
  const others = usual.filter((name) => !named.includes(name));
  const lists: Readonly<Record<string, string[]>> = {
    '+': [...usual, ...named.filter((name) => !usual.includes(name))],
    '^': [...named, ...others],
    '-': others,
  };
  const list = sign === undefined ? named : (lists[sign] ?? []);
  if (list.length > 0) return list;
  throw new SshConfigError(
    `${option} ${value} leaves none that foobar has (${all.join(', ')}); ansible_connection: openssh has those of the system's ssh`,
  );
}

/** What a server is offered, in the library's words. */
export function offered(
  chosen: ChosenAlgorithms = {},
  serverHostKey: readonly ServerHostKeyAlgorithm[],
): Algorithms {
  const { ciphers, kex = kinds.KexAlgorithms.usual, macs = kinds.MACs.usual } = chosen;
  return {
    serverHostKey: [...serverHostKey],
    kex: [...kex],
    hmac: [...macs],
    compress: ['none'],
    // Without a list the library puts first what this machine is fastest with, of the same ciphers.
    ...(ciphers && { cipher: [...ciphers] }),
  } as Algorithms;
}

/** Whether a key of this type may sign. */
export function maySign(type: string, { signatures }: ChosenAlgorithms = {}): boolean {
  if (signatures === undefined) return true;
  return signatures.some((name) => (name.startsWith('rsa-') ? 'ssh-rsa' : name) === type);
}
