import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { rememberSecret } from '../secrets.ts';
import { keep, readKept } from '../state/files.ts';
import { inTurn } from '../state/turns.ts';
import { newIdentity, recipientOf } from './age.ts';

/** The keys of a site's backups, as the controller keeps them. */
export interface BackupKeys {
  /** Opens every backup. Never leaves the controller. */
  readonly identity: string;
  /** What hosts encrypt to. */
  readonly recipient: string;
  /** Private key (PEM) by which a database server sends copies. It can add copies and read them, no more. */
  readonly sshKey: string;
  /** Its public half, as a line of authorized_keys. */
  readonly sshPublic: string;
}

/** The file that a person keeps a copy of. `age --decrypt -i FILE` takes it as it is. */
export function identityFile(stateDirectory: string): string {
  return join(stateDirectory, 'backup', 'identity');
}

function sshFile(stateDirectory: string): string {
  return join(stateDirectory, 'backup', 'ssh_key');
}

/** The kept keys; undefined when one is missing. Throws an Error for a file that holds none. */
export async function readBackupKeys(stateDirectory: string): Promise<BackupKeys | undefined> {
  const [text, sshKey] = await Promise.all([
    readKept(identityFile(stateDirectory)),
    readKept(sshFile(stateDirectory)),
  ]);
  if (text === undefined || sshKey === undefined) return undefined;
  return { ...identityOf(text), sshKey: secret(sshKey), sshPublic: sshPublicOf(sshKey) };
}

/** The identity alone, which is all that restoring needs. */
export async function readIdentity(stateDirectory: string): Promise<string | undefined> {
  const text = await readKept(identityFile(stateDirectory));
  return text === undefined ? undefined : identityOf(text).identity;
}

/** The same; makes what is missing. */
export function openBackupKeys(stateDirectory: string): Promise<BackupKeys> {
  return inTurn(identityFile(stateDirectory), async () => {
    if ((await readKept(identityFile(stateDirectory))) === undefined) {
      const identity = newIdentity();
      const text = `# Opens the backups of this site: keep a copy where it cannot be lost with this machine.\n# public key: ${recipientOf(identity)}\n${identity}\n`;
      await keep(identityFile(stateDirectory), text);
    }
    // The curve and the encoding that OpenSSH of any age reads.
    if ((await readKept(sshFile(stateDirectory))) === undefined)
      await keep(
        sshFile(stateDirectory),
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
          .privateKey.export({ type: 'sec1', format: 'pem' })
          .toString(),
      );
    return (await readBackupKeys(stateDirectory))!;
  });
}

function identityOf(text: string): Pick<BackupKeys, 'identity' | 'recipient'> {
  const identity = text.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY-')) ?? '';
  return { identity: secret(identity), recipient: recipientOf(identity) };
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
