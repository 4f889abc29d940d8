import { expect, test } from 'vitest';
import { identifiedBy, requireClause } from '../../src/mysql/account.ts';
import { dialectOf } from '../../src/mysql/dialect.ts';

const hash = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19';

test.each([
  [{}, ''],
  [{ password: "o'x" }, " IDENTIFIED BY 'o\\'x'"],
  [{ password: hash, encrypted: true }, ` IDENTIFIED WITH 'mysql_native_password' AS '${hash}'`],
  [{ password: 'x', plugin: 'sha256_password' }, " IDENTIFIED WITH 'sha256_password' BY 'x'"],
  [{ plugin: 'auth_socket' }, " IDENTIFIED WITH 'auth_socket'"],
  [{ plugin: 'auth_socket', plugin_auth_string: 'bob' }, " IDENTIFIED WITH 'auth_socket' BY 'bob'"],
  [{ plugin: 'p', plugin_hash_string: 'h', plugin_auth_string: 's' }, " IDENTIFIED WITH 'p' AS 'h'"],
  [{ plugin: 'pam', plugin_auth_string: 'mysql' }, " IDENTIFIED WITH 'pam' USING 'mysql'"],
  [{ plugin: 'ed25519', plugin_auth_string: 'x' }, " IDENTIFIED WITH 'ed25519' USING PASSWORD('x')"],
  [
    { plugin: 'caching_sha2_password', plugin_auth_string: 'correct-horse', salt: 'twenty-chars-of-salt' },
    ` IDENTIFIED WITH 'caching_sha2_password' AS 0x${Buffer.from('$A$005$twenty-chars-of-saltXzyAMo/r252HTF5COPT39yB4PjdgXEGDwcZUQqV1MfC').toString('hex').toUpperCase()}`,
  ],
])('%j logs in', (want, expected) => {
  expect(identifiedBy(want, dialectOf('8.4.5'))).toBe(expected);
});

test('MariaDB has a password of a plugin hashed by the plugin', () => {
  expect(identifiedBy({ password: 'x', plugin: 'ed25519' }, dialectOf('11.8.6-MariaDB'))).toBe(
    " IDENTIFIED WITH 'ed25519' USING PASSWORD('x')",
  );
});

test.each([
  [{}, 'NONE'],
  [{ ssl: null }, 'SSL'],
  [{ x509: null, SSL: null }, 'X509'],
  [{ SSL: null, subject: "/CN=o'x", CIPHER: 'A' }, "CIPHER 'A' AND SUBJECT '/CN=o\\'x'"],
])('%j is required of TLS', (requires, expected) => {
  expect(requireClause(requires)).toBe(expected);
});
