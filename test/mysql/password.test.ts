import { describe, expect, it } from 'vitest';
import { hashed, isPassword } from '../../src/mysql/password.ts';

describe('the password of an account', () => {
  // HEX(authentication_string) of MySQL 9.7 for accounts that were made with these passwords.
  const long =
    '244124303041243211394A1F010D2D63203D755B07151D3E25237F567051776A65346741746861666B4D6C66654179466147456545533838766578744135324C782F614D7631';
  const short =
    '244124303041247F370E5421597E2C793F4A651A79405F413E0139394D3944516966702F4D4B48755557616B5233454F7035515A6E39774751584F4B5262734E716A45314437';
  const native = Buffer.from('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19').toString('hex');

  it.each([
    ['pä"ss\\w%örd! longer than thirty-two bytes, as some are', 'caching_sha2_password', long, true],
    ['pä"ss\\w%örd! longer than thirty-two bytes, as some arf', 'caching_sha2_password', long, false],
    ['', 'caching_sha2_password', long, false],
    ['x', 'caching_sha2_password', short, true],
    ['X', 'caching_sha2_password', short, false],
    ['x', 'caching_sha2_password', '', false],
    ['', 'caching_sha2_password', '', true],
    ['x', 'caching_sha2_password', '244124', undefined],
    ['password', 'mysql_native_password', native, true],
    ['Password', 'mysql_native_password', native, false],
    ['x', 'auth_socket', '', undefined],
  ])('%j with %s', (password, plugin, stored, expected) => {
    expect(isPassword(password, plugin, Buffer.from(stored, 'hex'))).toBe(expected);
  });
});

it('is hashed with a salt of 20 bytes as the server does it', () => {
  const stored = Buffer.from(
    '244124303041247F370E5421597E2C793F4A651A79405F413E0139394D3944516966702F4D4B48755557616B5233454F7035515A6E39774751584F4B5262734E716A45314437',
    'hex',
  );
  expect(hashed('x', stored.subarray(7, 27), 0xa)).toEqual(stored);
  // Made by mysql_sha256_password_hash of community.mysql 3.15.1.
  expect(hashed('correct-horse', Buffer.from('twenty-chars-of-salt')).toString()).toBe(
    '$A$005$twenty-chars-of-saltXzyAMo/r252HTF5COPT39yB4PjdgXEGDwcZUQqV1MfC',
  );
});
