import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { keyTypeOf, keyTypes, newKey } from '../../src/certificates/keys.ts';
import { masked, maskText } from '../../src/secrets.ts';

it.each(keyTypes)('makes %s keys', (type) => {
  expect(keyTypeOf(createPrivateKey(newKey(type)))).toBe(type);
});

it('remembers them as secrets', () => {
  const key = newKey();
  expect(maskText(`key: ${key}`)).toBe(`key: ${masked}`);
});

it('names other kinds', () => {
  expect(keyTypeOf(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey)).toBe('ec-secp384r1');
  expect(keyTypeOf(generateKeyPairSync('ed25519').privateKey)).toBe('ed25519');
});
