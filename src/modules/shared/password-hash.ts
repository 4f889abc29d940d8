import { createHash, randomBytes } from 'node:crypto';
import { NotYet, TaskFailure } from '../../errors.ts';
import type { HostReader } from '../../host/contract.ts';
import { sh } from '../../host/sh.ts';
import { apr1 } from './apr1.ts';

/** Names of passlib, which Ansible's htpasswd takes. */
export const hashSchemes = [
  'apr_md5_crypt',
  'bcrypt',
  'des_crypt',
  'ldap_sha1',
  'md5_crypt',
  'plaintext',
  'sha256_crypt',
  'sha512_crypt',
] as const;
export type HashScheme = (typeof hashSchemes)[number];

/** Rounds are passlib's. */
const crypted: Partial<Record<HashScheme, { readonly prefix: string; readonly salt: number }>> = {
  bcrypt: { prefix: '$2b$12$', salt: 22 },
  des_crypt: { prefix: '', salt: 2 },
  md5_crypt: { prefix: '$1$', salt: 8 },
  sha256_crypt: { prefix: '$5$rounds=535000$', salt: 16 },
  sha512_crypt: { prefix: '$6$rounds=656000$', salt: 16 },
};

/** A fresh hash of a password. What Node.js lacks, crypt(3) of the host makes; the password goes over stdin. */
export async function hashPassword(password: string, scheme: HashScheme, host: HostReader): Promise<string> {
  if (scheme === 'plaintext') return password;
  if (scheme === 'ldap_sha1') return ldapSha1(password);
  if (scheme === 'apr_md5_crypt') return apr1(password, saltOf(8));
  const { prefix, salt } = crypted[scheme]!;
  return crypt(password, `${prefix}${saltOf(salt)}`, host);
}

/** Whether a hash is one of the password, whatever scheme it is of. */
export async function isHashOf(hash: string, password: string, host: HostReader): Promise<boolean> {
  if (hash.startsWith('$apr1$')) return apr1(password, hash.split('$')[2] ?? '') === hash;
  if (hash.startsWith('{SHA}')) return ldapSha1(password) === hash;
  if (/^\$\w+\$/.test(hash)) return (await crypt(password, hash, host)) === hash;
  if (/^[./0-9A-Za-z]{13}$/.test(hash) && (await crypt(password, hash, host)) === hash) return true;
  return hash === password;
}

function ldapSha1(password: string): string {
  return `{SHA}${createHash('sha1').update(password).digest('base64')}`;
}

function saltOf(length: number): string {
  const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const letters = [...randomBytes(length)].map((byte) => alphabet[byte & 63]!);
  // bcrypt's 22 letters hold 128 bits: of the last one only these are canonical.
  if (length === 22) letters[21] = '.Oeu'[randomBytes(1)[0]! & 3]!;
  return letters.join('');
}

/** crypt(3), through the perl that every Debian has. */
async function crypt(password: string, setting: string, host: HostReader): Promise<string> {
  const program = '$/ = "\\0"; chomp(my $p = <STDIN>); chomp(my $s = <STDIN>); print crypt($p, $s) // "*"';
  const { code, stdout, stderr } = await host.look(sh`perl -e ${program}`, {
    stdin: Buffer.from(`${password}\0${setting}\0`),
    expect: 'any',
  });
  if (code === 127)
    throw new NotYet(`perl is not on ${host.name}, and its crypt is needed to hash a password`);
  if (code !== 0) throw new TaskFailure(`a password cannot be hashed on ${host.name}: ${stderr.trim()}`);
  if (stdout === '' || stdout.startsWith('*'))
    throw new TaskFailure(
      `crypt on ${host.name} does not know hashes that begin with ${setting.slice(0, 4)}`,
    );
  return stdout;
}
