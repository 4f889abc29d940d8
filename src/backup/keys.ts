import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { rememberSecret } from '../secrets.ts';
import { keep, readKept } from '../state/files.ts';
import { inTurn } from '../state/turns.ts';
import { newIdentity, recipientOf } from './age.ts';

/** The key by which a database server sends copies. It can add copies and read them, no more. */
export interface SshKey {
  /** PEM. */
  readonly secret: string;
  /** Its public half, as a line of authorized_keys. */
  readonly public: string;
}

/** The file that a person keeps a copy of. `age --decrypt -i FILE` takes it as it is. */
export function identityFile(stateDirectory: string): string {
  return join(stateDirectory, 'backup', 'identity');
}

function sshFile(stateDirectory: string): string {
  return join(stateDirectory, 'backup', 'ssh_key');
}

/** What opens every backup, and never leaves the controller; undefined when none is kept. Throws an Error for a file that holds none. */
export async function readIdentity(stateDirectory: string): Promise<string | undefined> {
  const text = await readKept(identityFile(stateDirectory));
  return text === undefined ? undefined : identityOf(text);
}

/** What hosts encrypt to; undefined when no identity is kept. */
export async function readRecipient(stateDirectory: string): Promise<string | undefined> {
  const identity = await readIdentity(stateDirectory);
  return identity === undefined ? undefined : recipientOf(identity);
}

/** The same; makes an identity when there is none. */
export function openRecipient(stateDirectory: string): Promise<string> {
  return inTurn(identityFile(stateDirectory), async () => {
    const kept = await readRecipient(stateDirectory);
    if (kept !== undefined) return kept;
    const identity = newIdentity();
    const text = `# Opens the backups of this site: keep a copy where it cannot be lost with this machine.\n# public key: ${recipientOf(identity)}\n${identity}\n`;
    await keep(identityFile(stateDirectory), text);
    return (await readRecipient(stateDirectory))!;
  });
}

/** Undefined when none is kept. */
export async function readSshKey(stateDirectory: string): Promise<SshKey | undefined> {
  const pem = await readKept(sshFile(stateDirectory));
  return pem === undefined ? undefined : { secret: secret(pem), public: sshPublicOf(pem) };
}

/** The same; makes one when there is none. */
export function openSshKey(stateDirectory: string): Promise<SshKey> {
  return inTurn(sshFile(stateDirectory), async () => {
    const kept = await readSshKey(stateDirectory);
    if (kept !== undefined) return kept;
    // The curve and the encoding that OpenSSH of any age reads.
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    await keep(sshFile(stateDirectory), privateKey.export({ type: 'sec1', format: 'pem' }).toString());
    return (await readSshKey(stateDirectory))!;
  });
}

function identityOf(text: string): string {
  const identity = secret(text.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY-')) ?? '');
  // Throws for what is none.
  recipientOf(identity);
  return identity;
}

function secret(value: string): string {
  rememberSecret(value);
  return value;
}

/** A line of authorized_keys for a P-256 key (RFC 5656, 3.1). */
function sshPublicOf(pem: string): string {
  const { x = '', y = '' } = createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const words = [Buffer.from('ecdsa-sha2-nistp256'), Buffer.from('nistp256'), point].flatMap((word) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(word.length);
    return [length, word];
  });
  return `ecdsa-sha2-nistp256 ${Buffer.concat(words).toString('base64')} foobar-backup`;
}
