import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import { type KnownHost, keyType } from './known_host_lines.ts';
import { fingerprint, knownName, shortType, type Verdict } from './known_hosts.ts';

/** A host key that is not accepted, for whoever has to decide about it. */
export class HostKeyError extends TransportError {
  /** The host that shows it, which may be one on the way. */
  readonly settings: ConnectionSettings;
  readonly key: Buffer;
  readonly verdict: Exclude<Verdict['kind'], 'known'>;

  constructor(
    settings: ConnectionSettings,
    { verdict, key }: { verdict: HostKeyError['verdict']; key: Buffer },
    message: string,
    hint: string,
  ) {
    super(settings.name, 'host-key', message, hint);
    this.settings = settings;
    this.key = key;
    this.verdict = verdict;
  }
}

/** Why a host's key is not accepted and what to do about it; undefined when it is the known one. */
export function hostKeyError(
  settings: ConnectionSettings,
  verdict: Verdict,
  key: Buffer,
): HostKeyError | undefined {
  if (verdict.kind === 'known') return undefined;
  const { kind } = verdict;
  const host = knownName(settings);
  const shown = keyWords(key);
  const refuse = (message: string, hint: string) =>
    new HostKeyError(settings, { verdict: kind, key }, message, hint);
  const compare =
    'compare it with the one that your provider or the console of the server shows ' +
    `(ssh-keygen -lf ${keyFile(keyType(key))})`;
  switch (verdict.kind) {
    case 'changed':
      return refuse(
        `THE HOST KEY OF ${host} HAS CHANGED: it shows ${shown}, but ${place(verdict.at)} expects ` +
          `${keyWords(verdict.at.key)}. Someone may be listening in; nothing was sent.`,
        `if the server was reinstalled, ${compare} and only then: ${replacing(settings, verdict.at)}`,
      );
    case 'revoked':
      return refuse(
        `the host key of ${host} is revoked at ${place(verdict.at)}: ${shown}`,
        'give the server a new host key (ssh-keygen -A after removing the old one); this one must not be used again',
      );
    case 'unknown':
      return refuse(
        `the host key of ${host} is not known: it shows ${shown}${besides(verdict)}`,
        `foobar trust INVENTORY shows the keys of all hosts and writes them down; ${compare} first`,
      );
  }
}

/** How a key that changed takes the place of the known one, once it is sure that it is the server's. */
export function replacing(settings: ConnectionSettings, at: KnownHost): string {
  if (settings.hostKeys !== undefined) return `correct ssh_host_keys of ${settings.name} in the inventory`;
  return `foobar rebuild, or ssh-keygen -f ${at.file} -R '${knownName(settings)}' and foobar trust INVENTORY`;
}

/** A key as people compare it. */
export function keyWords(key: Buffer): string {
  return `${shortType(key)} ${fingerprint(key)}`;
}

/** Where a line stands. */
export function place(entry: KnownHost): string {
  return `${entry.file}:${entry.line}`;
}

function besides({ at, unread }: Extract<Verdict, { kind: 'unknown' }>): string {
  const authority = at
    ? [`${place(at)} trusts a certificate authority, and foobar does not follow host certificates`]
    : [];
  const all = [...authority, ...unread.map((reason) => `not read: ${reason}`)];
  return all.length === 0 ? '' : ` (${all.join('; ')})`;
}

function keyFile(type: string): string {
  return `/etc/ssh/ssh_host_${/ed25519|ecdsa|rsa/.exec(type)?.[0] ?? 'ed25519'}_key.pub`;
}
