import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import type { ConnectionSettings } from './connection.ts';
import { type AskPassphrase, opened, publicPart } from './passphrases.ts';
import { maySign } from './ssh-algorithms.ts';
import ssh2 from './ssh2.ts';

/** A key to log in with, from a file or from the agent. */
export interface Key {
  readonly label: string;
  readonly key: ParsedKey;
  sign(data: Buffer, hash: 'sha256' | 'sha512' | undefined, done: SignCallback): void;
}

export interface Keys {
  readonly usable: Key[];
  /** Those that cannot be used, with the reason. */
  readonly skipped: string[];
}

/** Offers one key, so that every key is tried once, in our order, and named when it fails. */
export class OneKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #key: Key;

  constructor(key: Key) {
    super();
    this.#key = key;
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(null, [this.#key.key]);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    if (!done) return;
    // ssh2 falls back to RSA with SHA-1 when a server names no better signature.
    if (hash === 'sha1') done(new Error('a SHA-1 signature is refused'));
    else this.#key.sign(data, hash, done);
  }
}

/** A file's key that is encrypted, and that the agent does not hold. */
interface Locked {
  readonly file: string;
  readonly text: Buffer;
}

/**
 * Keys in the order of ssh(1): those asked for, then the agent's; without any asked for, the default ones last. The
 * passphrase of one that was asked for is asked for where the agent does not hold it; of a default one only when there
 * is no other way in.
 */
export async function collectKeys(settings: ConnectionSettings, ask?: AskPassphrase): Promise<Keys> {
  const skipped: string[] = [];
  const agentKeys = settings.agent ? await keysOfAgent(settings.agent, skipped) : [];
  const asked = settings.identityFiles.length > 0;
  const files = asked
    ? settings.identityFiles
    : ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(userInfo().homedir, '.ssh', name));
  const fileKeys: Key[] = [];
  const locked: Locked[] = [];
  const unlock = async (one: Locked) => {
    const key = await opened(one, { passphrase: settings.passphrase, ask, parse: firstKey });
    if (typeof key === 'string') skipped.push(`${one.file} (${key})`);
    else fileKeys.push(fileKey(one.file, key));
  };
  for (const file of files) {
    const found = await keyOfFile(file, agentKeys);
    if (typeof found === 'string') {
      if (asked || found !== missing) skipped.push(`${file} (${found})`);
    } else if ('key' in found) fileKeys.push(found);
    else if (asked) await unlock(found);
    else locked.push(found);
  }
  const isElsewhere = agentKeys.length + fileKeys.length > 0 || settings.password !== undefined;
  for (const one of locked)
    if (isElsewhere) skipped.push(`${one.file} (is encrypted and not in the agent: ssh-add ${one.file})`);
    else await unlock(one);
  const others = asked && settings.identitiesOnly ? [] : agentKeys;
  const all = asked ? [...fileKeys, ...others] : [...others, ...fileKeys];
  const seen = new Set<string>();
  const usable = all.filter(({ key }) => {
    const id = key.getPublicSSH().toString('base64');
    return maySign(key.type, settings.algorithms) && !seen.has(id) && seen.add(id);
  });
  return { usable, skipped };
}

const missing = 'there is no such file';

async function keyOfFile(file: string, agentKeys: readonly Key[]): Promise<Key | Locked | string> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? missing : (error as Error).message;
  }
  const key = firstKey(text);
  if (!(key instanceof Error) && key.isPrivateKey()) return fileKey(file, key);
  const publicKey = key instanceof Error ? await publicKeyOf(file, text) : key;
  const held = publicKey && agentKeys.find((other) => other.key.equals(publicKey));
  if (held) return { ...held, label: `${file} (in the agent)` };
  if (!(key instanceof Error)) return 'is a public key, and the agent does not hold its private one';
  return /encrypted|passphrase/i.test(key.message)
    ? { file, text }
    : `is no usable private key: ${key.message}`;
}

async function publicKeyOf(file: string, text: Buffer): Promise<ParsedKey | undefined> {
  const line = publicPart(text) ?? (await readFile(`${file}.pub`).catch(() => ''));
  const key = firstKey(line);
  return key instanceof Error ? undefined : key;
}

function fileKey(file: string, key: ParsedKey): Key {
  return {
    label: file,
    key,
    sign: (data, hash, done) => {
      const signature: Buffer | Error = key.sign(data, hash);
      if (signature instanceof Error) done(signature);
      else done(null, signature);
    },
  };
}

function firstKey(text: Buffer | string, passphrase?: string): ParsedKey | Error {
  const key = ssh2.utils.parseKey(text, passphrase) as ParsedKey | ParsedKey[] | Error;
  return Array.isArray(key) ? (key[0] ?? new Error('the file holds no key')) : key;
}

function keysOfAgent(path: string, skipped: string[]): Promise<Key[]> {
  return new Promise((resolve) => {
    const agent = new ssh2.OpenSSHAgent(path);
    agent.getIdentities((error, keys) => {
      if (error) skipped.push(`agent ${path} (${error.message})`);
      resolve(
        ((keys ?? []) as ParsedKey[]).map((key) => ({
          label: `${key.comment || key.type} (from the agent)`,
          key,
          sign: (data, hash, done) => agent.sign(key, data, hash ? { hash } : {}, done),
        })),
      );
    });
  });
}
