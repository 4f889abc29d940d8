import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rememberSecret } from '../secrets.ts';

/** The kinds of keys that certificates are ordered with. */
export const keyTypes = ['ec-p256', 'rsa'] as const;
export type KeyType = (typeof keyTypes)[number];

/** A new private key as PEM (PKCS #8), remembered as a secret. RSA keys have 2048 bits. */
export function newKey(type: KeyType = 'ec-p256'): string {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  rememberSecret(pem);
  return pem;
}

/** The kind of a key: one of keyTypes, or the name of another curve or algorithm. */
export function keyTypeOf(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ec') return key.asymmetricKeyType ?? 'unknown';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return curve === 'prime256v1' ? 'ec-p256' : `ec-${curve}`;
}
