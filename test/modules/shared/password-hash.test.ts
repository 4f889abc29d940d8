import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apr1 } from '../../../src/modules/shared/apr1.ts';
import { hashPassword, hashSchemes, isHashOf } from '../../../src/modules/shared/password-hash.ts';
import { Bench } from '../harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

describe('passwords', () => {
  // Recorded answers of openssl passwd -apr1.
  it.each([
    ['myPassword', 'r31.....', '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/'],
    ['a longer pass phrase äö', 'saltsalt', '$apr1$saltsalt$f/TkSV2Rr/RTrK16ue/k0.'],
  ])('apr1 of %j', (password, salt, wanted) => {
    expect(apr1(password, salt)).toBe(wanted);
  });

  it.each(hashSchemes.filter((scheme) => scheme !== 'bcrypt'))('%s is known again', async (scheme) => {
    const hash = await hashPassword('Tr0ub4dor', scheme, bench.host);
    expect(await isHashOf(hash, 'Tr0ub4dor', bench.host)).toBe(true);
    expect(await isHashOf(hash, 'another', bench.host)).toBe(false);
  });

  it('says which hash crypt(3) does not know', async () => {
    await expect(isHashOf('$zz$x$y', 'p', bench.host)).rejects.toThrow(/does not know/);
  });
});
