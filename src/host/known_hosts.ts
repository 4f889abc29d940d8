import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TransportError } from '../errors.ts';
import type { ConnectionSettings } from './connection.ts';

/** One line of a known_hosts file (format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly file: string;
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  /** Comma-separated patterns, or one hashed name `|1|salt|hash`. */
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** What known_hosts says about the key that a host shows. `at` is the line that decided it. */
export type Verdict =
  | { readonly kind: 'known'; readonly at: KnownHost }
  | { readonly kind: 'revoked'; readonly at: KnownHost }
  /** Another key of the same type is on file. */
  | { readonly kind: 'changed'; readonly at: KnownHost }
  /** Nothing on file, or (`at`) only keys of other types, or only a certificate authority. */
  | { readonly kind: 'unknown'; readonly at?: KnownHost };

/** The entries of the text of a known_hosts file. Lines that cannot be read are no entries, as for OpenSSH. */
function parseKnownHosts(text: string, file: string): KnownHost[] {
  const entries: KnownHost[] = [];
  text.split('\n').forEach((content, index) => {
    const fields = content.trim().split(/[ \t]+/);
    if (fields[0] === '' || fields[0]?.startsWith('#')) return;
    const marker = fields[0]?.startsWith('@') ? fields.shift()?.slice(1) : undefined;
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return;
    const [hosts, type, encoded] = fields;
    if (!hosts || !type || !encoded) return;
    const key = Buffer.from(encoded, 'base64');
    if (keyType(key) !== type) return;
    entries.push({ file, line: index + 1, ...(marker ? { marker } : {}), hosts, type, key });
  });
  return entries;
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

/**
 * The entries of all these files that are for a host, with its port or without any; files that do not exist have none.
 * Throws when one cannot be read.
 */
export function readKnownHosts(files: readonly string[], address: string, port: number): KnownHost[] {
  const names = [...new Set([knownName(address, port), knownName(address, 22)])];
  return files.flatMap((file) => {
    const { named, others } = knownFile(file);
    const found = [
      ...names.flatMap((name) => named.get(name) ?? []),
      ...others.filter((entry) => names.some((name) => matches(entry, name))),
    ];
    return [...new Set(found)].sort((one, other) => one.line - other.line);
  });
}

function knownFile(file: string): KnownFile {
  const stamp = stampOf(file);
  let known = knownFiles.get(file);
  if (known?.stamp !== stamp) {
    known = { stamp, ...byName(parseKnownHosts(readTextOf(file), file)) };
    knownFiles.set(file, known);
  }
  return known;
}

function stampOf(file: string): string {
  const found = orMissing(() => statSync(file, { bigint: true }), undefined);
  return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}` : '';
}

function byName(entries: readonly KnownHost[]): Omit<KnownFile, 'stamp'> {
  const named = new Map<string, KnownHost[]>();
  const others: KnownHost[] = [];
  for (const entry of entries) {
    if (/[|*?!]/.test(entry.hosts)) others.push(entry);
    else
      for (const name of entry.hosts.toLowerCase().split(',')) {
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
  const name = settings.hostKeyAlias ?? knownName(settings.address, settings.port);
  try {
    if (file === undefined) throw new Error('there is no file for it (UserKnownHostsFile)');
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const text = readTextOf(file);
    const line = `${name} ${keyType(key)} ${key.toString('base64')}\n`;
    appendFileSync(file, text === '' || text.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
    return undefined;
  } catch (error) {
    const message = `the new host key of ${name} cannot be written down: ${(error as Error).message}`;
    return new TransportError(settings.name, 'host-key', message);
  }
}

/**
 * The text of a known_hosts file in which a host has no key any more, or only this new one. Names of other hosts on
 * the same line stay, as do lines with patterns, authorities and revoked keys.
 */
export function withHostKey(text: string, name: string, key?: Buffer): string {
  const lines = text.split('\n').flatMap((line) => {
    const [entry] = parseKnownHosts(line, '');
    if (!entry || entry.marker !== undefined) return [line];
    if (entry.hosts.startsWith('|')) return matchesHash(entry.hosts, name) ? [] : [line];
    const names = entry.hosts.split(',');
    const others = names.filter((word) => word.toLowerCase() !== name);
    if (others.length === names.length) return [line];
    return others.length === 0 ? [] : [line.replace(entry.hosts, others.join(','))];
  });
  if (key === undefined) return lines.join('\n');
  const whole = lines.join('\n');
  const end = whole === '' || whole.endsWith('\n') ? '' : '\n';
  return `${whole}${end}${name} ${keyType(key)} ${key.toString('base64')}\n`;
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

/** Judges the key that a host shows. Revocation wins over everything, a matching key over a different one. */
export function judge(entries: readonly KnownHost[], address: string, port: number, key: Buffer): Verdict {
  const here = entries.filter((entry) => matches(entry, knownName(address, port)));
  const revoked = [...here, ...entries.filter((entry) => matches(entry, knownName(address, 22)))].find(
    (entry) => entry.marker === 'revoked' && entry.key.equals(key),
  );
  if (revoked) return { kind: 'revoked', at: revoked };
  const plain = here.filter((entry) => entry.marker === undefined);
  const known = plain.find((entry) => entry.key.equals(key));
  if (known) return { kind: 'known', at: known };
  // As ssh does: a key on file without a port is good for every port of the host.
  const elsewhere = entries.find(
    (entry) => entry.marker === undefined && matches(entry, knownName(address, 22)) && entry.key.equals(key),
  );
  if (elsewhere) return { kind: 'known', at: elsewhere };
  const changed = plain.find((entry) => entry.type === keyType(key));
  if (changed) return { kind: 'changed', at: changed };
  const other = plain[0] ?? here.find((entry) => entry.marker === 'cert-authority');
  return { kind: 'unknown', ...(other ? { at: other } : {}) };
}

/** Types of the keys that are on file for a host: it is to be asked for these first. */
export function knownTypes(entries: readonly KnownHost[], address: string, port: number): Set<string> {
  const names = [knownName(address, port), knownName(address, 22)];
  return new Set(
    entries
      .filter((entry) => entry.marker === undefined && names.some((name) => matches(entry, name)))
      .map((entry) => entry.type),
  );
}

/** The name of a host in known_hosts: the port is part of it when it is not 22. */
export function knownName(address: string, port: number): string {
  const host = address.toLowerCase();
  return port === 22 ? host : `[${host}]:${port}`;
}

/** OpenSSH's fingerprint of a public key: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type's name, which a public key starts with (RFC 4253 section 6.6); empty when it is no key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length > 4 + length ? key.toString('latin1', 4, 4 + length) : '';
}

function matches(entry: KnownHost, name: string): boolean {
  if (entry.hosts.startsWith('|')) return matchesHash(entry.hosts, name);
  let found = false;
  for (const word of entry.hosts.toLowerCase().split(',')) {
    const negated = word.startsWith('!');
    const pattern = negated ? word.slice(1) : word;
    if (pattern === '' || !matchesPattern(pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || !salt || !hash) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64'))
    .update(name)
    .digest()
    .equals(Buffer.from(hash, 'base64'));
}

/** Patterns of OpenSSH: `*` and `?`. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(name);
}
