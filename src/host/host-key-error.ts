import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import { fingerprint, type KnownHost, keyType, knownName, type Verdict } from './known_hosts.ts';

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
  const host = knownName(settings.hostKeyAlias ?? settings.address, settings.port);
  const shown = `${shortType(keyType(key))} ${fingerprint(key)}`;
  const refuse = (message: string, hint: string) =>
    new HostKeyError(settings, { verdict: kind, key }, message, hint);
  const compare =
    'compare it with the one that your provider or the console of the server shows ' +
    `(ssh-keygen -lf ${keyFile(keyType(key))})`;
  switch (verdict.kind) {
    case 'changed':
      return refuse(
        `THE HOST KEY OF ${host} HAS CHANGED: it shows ${shown}, but ${place(verdict.at)} expects ` +
          `${fingerprint(verdict.at.key)}. Someone may be listening in; nothing was sent.`,
        `if the server was reinstalled, ${compare} and only then: ` +
          `ssh-keygen -f ${verdict.at.file} -R '${host}' && ${scan(settings, key)} >> ${verdict.at.file}`,
      );
    case 'revoked':
      return refuse(
        `the host key of ${host} is revoked at ${place(verdict.at)}: ${shown}`,
        'give the server a new host key (ssh-keygen -A after removing the old one); this one must not be used again',
      );
    case 'unknown':
      return refuse(
        `the host key of ${host} is not known: it shows ${shown}${alsoKnown(verdict.at)}`,
        `${compare}, then: ${scan(settings, key)} >> ${settings.knownHostsFiles[0] ?? '~/.ssh/known_hosts'}`,
      );
  }
}

function alsoKnown(at: KnownHost | undefined): string {
  if (!at) return '';
  if (at.marker === 'cert-authority')
    return ` (${place(at)} trusts a certificate authority, which foobar does not follow)`;
  return ` (${place(at)} knows another key: ${shortType(at.type)} ${fingerprint(at.key)})`;
}

function place(entry: KnownHost): string {
  return `${entry.file}:${entry.line}`;
}

function scan(settings: ConnectionSettings, key: Buffer): string {
  const type = /ed25519|ecdsa|rsa/.exec(keyType(key))?.[0] ?? 'ed25519';
  const { jump } = settings;
  const through = jump === undefined ? '' : `ssh -p ${jump.port} ${jump.user}@${jump.address} `;
  return `${through}ssh-keyscan -p ${settings.port} -t ${type} ${settings.address}`;
}

function shortType(type: string): string {
  return (/ed25519|ecdsa|rsa|dss/.exec(type)?.[0] ?? type).toUpperCase();
}

function keyFile(type: string): string {
  return `/etc/ssh/ssh_host_${/ed25519|ecdsa|rsa/.exec(type)?.[0] ?? 'ed25519'}_key.pub`;
}
