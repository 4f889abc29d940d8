import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';
import {
  isFor,
  isPlain,
  type KnownHost,
  keyType,
  knownLine,
  parseKnownHosts,
  parsePublicKey,
} from './known_host_lines.ts';

/** What is on file about a host. */
export interface OnFile {
  /** Lines for it under the name that counts. */
  readonly here: readonly KnownHost[];
  /** Lines for it without its port, when that is part of its name: they are good for every port. */
  readonly portless: readonly KnownHost[];
  /** Keys that no host may show. */
  readonly revoked: readonly KnownHost[];
  /** Files that cannot be read, with the reason. As for OpenSSH they say nothing. */
  readonly unread: readonly string[];
}

/** What known_hosts says about the key that a host shows. `at` is the line that decided it. */
export type Verdict =
  | { readonly kind: 'known'; readonly at: KnownHost }
  | { readonly kind: 'revoked'; readonly at: KnownHost }
  /** Only other keys are on file, of this type or of others. */
  | { readonly kind: 'changed'; readonly at: KnownHost }
  /** No key is on file; `at` names a certificate authority. */
  | {
      readonly kind: 'unknown';
      /** Whoever takes new hosts as they are (accept-new) may take this one. */
      readonly isNew: boolean;
      readonly at?: KnownHost;
      readonly unread: readonly string[];
    };

type Named = Pick<ConnectionSettings, 'address' | 'port' | 'hostKeyAlias'>;
type Known = Named & Pick<ConnectionSettings, 'name' | 'knownHostsFiles' | 'hostKeys' | 'revokedHostKeys'>;

/** The name of a host in known_hosts: its alias, or its address with the port when that is not 22. */
export function knownName({ address, port, hostKeyAlias }: Named): string {
  if (hostKeyAlias !== undefined) return hostKeyAlias.toLowerCase();
  const host = address.toLowerCase();
  return port === 22 ? host : `[${host}]:${port}`;
}

/**
 * What the inventory says of a host's keys, or else all the files together.
 * @throws TransportError when the list of revoked keys cannot be read
 */
export function readKnownHosts(settings: Known): OnFile {
  const name = knownName(settings);
  const revoked = revokedKeys(settings);
  if (settings.hostKeys !== undefined)
    return { here: givenKeys(settings.name, name, settings.hostKeys), portless: [], revoked, unread: [] };
  const unread: string[] = [];
  const files = settings.knownHostsFiles.flatMap((file): KnownFile[] => {
    try {
      return [knownFile(file)];
    } catch (error) {
      unread.push(`${file}: ${(error as Error).message}`);
      return [];
    }
  });
  const all = (wanted: string) => files.flatMap((file) => linesFor(wanted, file));
  const bare = settings.address.toLowerCase();
  const hasPort = settings.hostKeyAlias === undefined && name !== bare;
  return { here: all(name), portless: hasPort ? all(bare) : [], revoked, unread };
}

/** Without its list of revoked keys no host is trusted, as for OpenSSH. */
function revokedKeys({ name, revokedHostKeys: file }: Known): KnownHost[] {
  if (file === undefined) return [];
  try {
    const text = readFileSync(file, 'utf8');
    if (text.startsWith('SSHKRL')) throw new Error('it is binary (ssh-keygen -k)');
    return text.split('\n').flatMap((line, index) => {
      if (/^\s*(?:#|$)/.test(line)) return [];
      const key = parsePublicKey(line);
      if (!key) throw new Error(`line ${index + 1} is no public key`);
      return [{ file, line: index + 1, marker: 'revoked', hosts: '*', type: keyType(key), key }];
    });
  } catch (error) {
    throw new TransportError(
      name,
      'host-key',
      `the revoked host keys in ${file} cannot be read: ${(error as Error).message}`,
      'RevokedHostKeys needs a file with a public key on each line',
    );
  }
}

function givenKeys(host: string, hosts: string, lines: readonly string[]): KnownHost[] {
  return lines.flatMap((text, index) => {
    const key = parsePublicKey(text);
    const file = `ssh_host_keys of ${host}`;
    return key ? [{ file, line: index + 1, hosts, type: keyType(key), key }] : [];
  });
}

/** The entries of one file, those without patterns and hashes by the names that they are for. */
interface KnownFile {
  /** Of the file that was read: another one is read anew. */
  readonly stamp: string;
  readonly named: ReadonlyMap<string, readonly KnownHost[]>;
  readonly others: readonly KnownHost[];
}

/** Many hosts share a file, which may have a line for each of them: it is read once. */
const knownFiles = new Map<string, KnownFile>();

/** @throws when the file is there and cannot be read */
function knownFile(file: string): KnownFile {
  const stamp = stampOf(file);
  let known = knownFiles.get(file);
  if (known?.stamp !== stamp) {
    known = { stamp, ...byName(parseKnownHosts(readTextOf(file), file)) };
    knownFiles.set(file, known);
  }
  return known;
}

function linesFor(name: string, { named, others }: KnownFile): KnownHost[] {
  const found = [...(named.get(name) ?? []), ...others.filter((entry) => isFor(entry, name))];
  return found.sort((one, other) => one.line - other.line);
}

function stampOf(file: string): string {
  const found = orMissing(() => statSync(file, { bigint: true }), undefined);
  return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}` : '';
}

function byName(entries: readonly KnownHost[]): Omit<KnownFile, 'stamp'> {
  const named = new Map<string, KnownHost[]>();
  const others: KnownHost[] = [];
  for (const entry of entries) {
    if (!isPlain(entry)) others.push(entry);
    else
      for (const name of new Set(entry.hosts.toLowerCase().split(','))) {
        const same = named.get(name);
        if (same) same.push(entry);
        else named.set(name, [entry]);
      }
  }
  return { named, others };
}

/** Writes down the key of a host that nobody knew (`accept-new`). Gives the reason when that is not possible. */
export function rememberHost(settings: ConnectionSettings, key: Buffer): TransportError | undefined {
  const [file] = settings.knownHostsFiles;
  const name = knownName(settings);
  try {
    if (file === undefined) throw new Error('there is no file for it (UserKnownHostsFile)');
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const text = readTextOf(file);
    const line = knownLine(name, key, settings.hashKnownHosts);
    appendFileSync(file, text === '' || text.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
    return undefined;
  } catch (error) {
    const message = `the new host key of ${name} cannot be written down: ${(error as Error).message}`;
    return new TransportError(settings.name, 'host-key', message);
  }
}

/**
 * The text of a known_hosts file without a host's keys. Names of other hosts on the same line stay, as do lines with
 * patterns, authorities and revoked keys.
 */
export function withoutHostKeys(text: string, name: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const [entry] = parseKnownHosts(line, '');
    if (!entry || entry.marker !== undefined) return [line];
    if (entry.hosts.startsWith('|')) return isFor(entry, name) ? [] : [line];
    const names = entry.hosts.split(',');
    const others = names.filter((word) => word.toLowerCase() !== name.toLowerCase());
    if (others.length === names.length) return [line];
    return others.length === 0 ? [] : [line.replace(entry.hosts, others.join(','))];
  });
  return lines.join('\n');
}

/** The text of a known_hosts file with lines behind what it holds. */
export function withLines(text: string, lines: readonly string[]): string {
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  return lines.length === 0 ? text : `${text}${end}${lines.join('')}`;
}

function readTextOf(file: string): string {
  return orMissing(() => readFileSync(file, 'utf8'), '');
}

function orMissing<T>(read: () => T, missing: T): T {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return missing;
    throw error;
  }
}

/**
 * Judges the key that a host shows, as OpenSSH does (check_host_key in sshconnect.c): revocation wins over everything, a
 * matching key over different ones. Stricter in one thing: a key that is revoked without a port is revoked at all ports.
 */
export function judge({ here, portless, revoked: never, unread }: OnFile, key: Buffer): Verdict {
  const isThis = (entry: KnownHost) => entry.key.equals(key);
  const revoked = [...never, ...here, ...portless].find(
    (entry) => entry.marker === 'revoked' && isThis(entry),
  );
  if (revoked) return { kind: 'revoked', at: revoked };
  const plain = here.filter((entry) => entry.marker === undefined);
  const known = plain.find(isThis);
  if (known) return { kind: 'known', at: known };
  const changed = plain.find((entry) => entry.type === keyType(key)) ?? plain[0];
  if (changed) return { kind: 'changed', at: changed };
  const elsewhere = portless.find((entry) => entry.marker === undefined && isThis(entry));
  if (elsewhere) return { kind: 'known', at: elsewhere };
  const at = here.find((entry) => entry.marker === 'cert-authority');
  const isNew = at === undefined && unread.length === 0;
  return { kind: 'unknown', isNew, ...(at && { at }), unread };
}

/** Types of the keys that are on file for a host: it is to be asked for these first. */
export function knownTypes({ here }: OnFile): Set<string> {
  return new Set(here.filter(({ marker }) => marker === undefined).map(({ type }) => type));
}

/** OpenSSH's fingerprint of a public key: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** A key's kind as OpenSSH writes it beside fingerprints. */
export function shortType(key: Buffer): string {
  const type = keyType(key);
  return (/ed25519|ecdsa|rsa|dss/.exec(type)?.[0] ?? type).toUpperCase();
}
