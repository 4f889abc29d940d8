import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AgeDecryption, newIdentity, recipientOf } from '../../src/backup/age.ts';
import { fromBech32, toBech32 } from '../../src/backup/bech32.ts';

/** Made with age 1.2.1 of Debian for this identity and another one: `printf 'a backup\n' | age -r ... -r ...`. */
const identity = 'AGE-SECRET-KEY-1FUWE6Q0MLEA0C8C98Y6503DJW3PPGG6E62M9ZRRJ7FHAFHDDA49QZJ2KWM';
const recipient = 'age1qakfx6v09q3jw9u74vmzt0jakwyll2yve94ch0nvjp8f4vx8npfqkhk6zu';
const sealed = Buffer.from(
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBaMXNQMkwzMUdFODVpRTd6NFY3N0QvTEFHWi8xRzhETitnaFRLTTEvWG5jCjVJTnlDUGpoYkNSeitqcXVtYnFvZTFuQjlSTHhLQ0dZTXJhN1BERmNGZW8KLT4gWDI1NTE5IFc1YXJwZy9qZjlGcElTWktFQ0E5TVFlMks1dWlWSzBFUFgxREdnNEJjRW8Kams2T0RyMWIwK0IxanRPU3lTZkpmRTZ4bXc2UlJ6dlJMVzM0VWdNazRodwotLS0gZ0E4Mk1nOVpEL2tMRHhzcDQxTGkramhUT256VytYREJMQU9MYWt2aUtMUQoxNZq1WpZs7ApPL3mZ01JaxzJsMg+Km58kflNPr6yvKC4VCEz319XSuA==',
  'base64',
);

const decrypt = (bytes: Buffer, key = identity, pieces = bytes.length) =>
  buffer(
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, index) =>
        bytes.subarray(index * pieces, (index + 1) * pieces),
      ),
    ).pipe(new AgeDecryption(key)),
  );

describe('keys of age', () => {
  it('have the recipient that age-keygen tells', () => {
    expect(recipientOf(identity)).toBe(recipient);
  });

  it('are new each time, and read again', () => {
    const [one, two] = [newIdentity(), newIdentity()];
    expect(one).toMatch(/^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/);
    expect(one).not.toBe(two);
    expect(recipientOf(one)).toMatch(/^age1[02-9ac-hj-np-z]{58}$/);
  });

  it('are refused with one letter wrong', () => {
    const wrong = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    expect(() => recipientOf(wrong)).toThrow('no identity of age');
  });

  it('are written in Bech32 and read from it', () => {
    const bytes = randomBytes(32);
    expect(fromBech32('age', toBech32('age', bytes))).toEqual(bytes);
    expect(fromBech32('other', toBech32('age', bytes))).toBeUndefined();
  });
});

describe('decryption', () => {
  it.each([1, 7, 100_000])('reads what age wrote, in pieces of %i bytes', async (pieces) => {
    expect((await decrypt(sealed, identity, pieces)).toString()).toBe('a backup\n');
  });

  it('says for whom it is not', async () => {
    await expect(decrypt(sealed, newIdentity())).rejects.toThrow('not encrypted to the key');
  });

  it('gives nothing of a file that was cut or changed', async () => {
    await expect(decrypt(sealed.subarray(0, -1))).rejects.toThrow('cut, or changed');
    const changed = Buffer.from(sealed);
    changed[changed.length - 3]! ^= 1;
    await expect(decrypt(changed)).rejects.toThrow('cut, or changed');
    await expect(decrypt(sealed.subarray(0, 100))).rejects.toThrow('before its contents');
  });

  it('reads nothing else', async () => {
    await expect(decrypt(Buffer.from('x'.repeat(200)))).rejects.toThrow('no file of age');
  });
});
