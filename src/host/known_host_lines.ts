import { createHmac, randomBytes } from 'node:crypto';

/** One line of a known_hosts file (format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  /** The file, or whatever else says it. */
  readonly file: string;
  readonly line: number;
  readonly marker?: 'revoked' | 'cert-authority';
  /** Comma-separated patterns, or one hashed name `|1|salt|hash`. */
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** The entries of the text of a known_hosts file. Lines that cannot be read are no entries, as for OpenSSH. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((content, index) => {
    const fields = fieldsOf(content);
    if (fields[0] === undefined || fields[0].startsWith('#')) return [];
    const marker = fields[0].startsWith('@') ? fields.shift()?.slice(1) : undefined;
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
    const [hosts, type, encoded] = fields;
    const key = readPublicKey(type, encoded);
    if (!hosts || !key) return [];
    return [{ file, line: index + 1, ...(marker ? { marker } : {}), hosts, type: keyType(key), key }];
  });
}

function fieldsOf(line: string): string[] {
  return line.split(/[ \t]+/).filter((field) => field !== '');
}

/** A key as it stands in a public key file, `type base64 [comment]`; undefined when it is none. */
export function parsePublicKey(text: string): Buffer | undefined {
  const [type, encoded] = fieldsOf(text.trim());
  return readPublicKey(type, encoded);
}

/** The key, when it is a whole one of this type and encoded as OpenSSH takes it. */
function readPublicKey(type: string | undefined, encoded: string | undefined): Buffer | undefined {
  if (!type || !encoded) return undefined;
  // Base64 may have white space in it, of which the end of a line from Windows is left here.
  const text = encoded.replace(/[\r\v\f]/g, '');
  const key = Buffer.from(text, 'base64');
  if (key.toString('base64') !== text) return undefined;
  const named = /^rsa-sha2-(?:256|512)$/.test(type) ? 'ssh-rsa' : type;
  return keyType(key) === named && isWhole(key) ? key : undefined;
}

/** Curves of ECDSA with the bytes of a point. */
const points: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/** Whether a public key has all its parts and nothing behind them (RFC 4253 section 6.6, RFC 5656, RFC 8709). */
function isWhole(key: Buffer): boolean {
  const parts = stringsOf(key);
  if (parts === undefined) return false;
  const type = keyType(key);
  const [, one, two] = parts;
  const curve = /^ecdsa-sha2-(nistp\d+)$/.exec(type)?.[1];
  if (curve !== undefined)
    return parts.length === 3 && one?.toString('latin1') === curve && two?.length === points[curve];
  switch (type) {
    case 'ssh-ed25519':
      return parts.length === 2 && one?.length === 32;
    case 'ssh-rsa':
      return parts.length === 3 && bits(two) >= 1024;
    case 'ssh-dss':
      return parts.length === 5;
    case 'sk-ssh-ed25519@openssh.com':
      return parts.length === 3 && one?.length === 32;
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return parts.length === 4 && two?.length === points.nistp256;
    default:
      return false;
  }
}

function stringsOf(key: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < key.length; ) {
    if (at + 4 > key.length) return undefined;
    const end = at + 4 + key.readUInt32BE(at);
    if (end > key.length) return undefined;
    parts.push(key.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** Bits of a positive whole number, whose first byte may be 0. */
function bits(number: Buffer | undefined): number {
  const first = number?.findIndex((byte) => byte !== 0) ?? -1;
  if (number === undefined || first < 0) return 0;
  return (number.length - first) * 8 - (Math.clz32(number[first] ?? 0) - 24);
}

/** The type's name, which a public key starts with (RFC 4253 section 6.6); empty when it is no key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length > 4 + length ? key.toString('latin1', 4, 4 + length) : '';
}

/** Whether a line is for the host of this name, as `knownName` gives it. */
export function isFor({ hosts }: Pick<KnownHost, 'hosts'>, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(name, hosts);
  let found = false;
  for (const word of hosts.toLowerCase().split(',')) {
    const negated = word.startsWith('!');
    const pattern = negated ? word.slice(1) : word;
    // OpenSSH has room for so many letters, and takes no more of the line then.
    if (pattern.length >= 1023) return false;
    if (pattern === '' || !matchesPattern(pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** Whether a line names its hosts in whole, so that it can be found by its words. */
export function isPlain({ hosts }: KnownHost): boolean {
  return hosts.length < 1023 && !/[|*?!]/.test(hosts);
}

/** A line for a host, its name hashed with a fresh salt where that is asked for (HashKnownHosts). */
export function knownLine(name: string, key: Buffer, isHashed = false): string {
  const hosts = isHashed ? hashed(name, randomBytes(saltLength).toString('base64')) : name;
  return `${hosts} ${keyType(key)} ${key.toString('base64')}\n`;
}

function isHashOf(name: string, hosts: string): boolean {
  const salt = hosts.split('|')[2] ?? '';
  const bytes = Buffer.from(salt, 'base64');
  return bytes.length === saltLength && bytes.toString('base64') === salt && hashed(name, salt) === hosts;
}

const saltLength = 20;

function hashed(name: string, salt: string): string {
  const hash = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64');
  return `|1|${salt}|${hash}`;
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
