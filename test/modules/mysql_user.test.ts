import { describe, expect, it } from 'vitest';
import module from '../../src/modules/mysql_user.ts';
import type { Account } from '../../src/mysql/accounts.ts';
import { dialectOf } from '../../src/mysql/dialect.ts';

/** An account made with the password "x". */
const account: Account = {
  name: 'shop',
  host: '%',
  plugin: 'caching_sha2_password',
  stored:
    '244124303041247F370E5421597E2C793F4A651A79405F413E0139394D3944516966702F4D4B48755557616B5233454F7035515A6E39774751584F4B5262734E716A45314437',
  tls: 'ANY',
  cipher: '',
  issuer: '',
  subject: '',
  grants: [
    ['*.*', 'USAGE', 'NO'],
    ['shop.*', 'SELECT', 'NO'],
    ['shop.*', 'INSERT', 'NO'],
  ],
  columns: [],
  routines: [],
  limits: { MAX_QUERIES_PER_HOUR: 7 },
  expired: false,
  lifetime: null,
  locked: false,
  attributes: { team: 'shop', floor: 2 },
};
const wish = {
  name: 'shop',
  host: '%',
  password: 'x',
  priv: 'shop.*:SELECT,INSERT',
  tls_requires: { SSL: null },
};

const at = (accounts: readonly Account[], writable = true, check = false, version = '9.7.4-2') => ({
  writable,
  accounts,
  check,
  dialect: dialectOf(version),
});
const diff = (args: Record<string, unknown>, accounts: readonly Account[], writable = true) =>
  module.diff(module.params.parse(args), at(accounts, writable));
const result = (args: Record<string, unknown>, accounts: readonly Account[], check = false) => {
  const want = module.params.parse(args);
  module.diff(want, at(accounts, true, check));
  return module.result!(want, at(accounts, true, check));
};

describe('mysql_user', () => {
  it('is settled', () => {
    expect(diff(wish, [account])).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, Account[], { what: string; from: unknown; to: unknown }[]]>([
    [
      'a changed password',
      { ...wish, password: 'y' },
      [account],
      [{ what: 'password', from: 'another one', to: '********' }],
    ],
    [
      'a password only for new accounts',
      { ...wish, password: 'y', update_password: 'on_create' },
      [account],
      [],
    ],
    [
      'a dropped grant',
      wish,
      [{ ...account, grants: [['shop.*', 'SELECT', 'NO']] }],
      [{ what: 'privileges on shop.*', from: 'SELECT', to: 'INSERT, SELECT' }],
    ],
    [
      'a grant too many',
      wish,
      [{ ...account, grants: [...account.grants, ['*.*', 'SUPER', 'YES']] }],
      [{ what: 'privileges on *.*', from: 'GRANT OPTION, SUPER', to: 'none' }],
    ],
    [
      'a grant too many that is left',
      { ...wish, append_privs: true },
      [{ ...account, grants: [...account.grants, ['*.*', 'SUPER', 'NO']] }],
      [],
    ],
    [
      'privileges that nobody asked about, and TLS that is asked for no longer',
      { name: 'shop', host: '%' },
      [account],
      [{ what: 'tls_requires', from: 'SSL', to: 'NONE' }],
    ],
    [
      'TLS no longer required',
      wish,
      [{ ...account, tls: '' }],
      [{ what: 'tls_requires', from: 'NONE', to: 'SSL' }],
    ],
    [
      'TLS with a subject',
      { ...wish, tls_requires: { subject: '/CN=a', issuer: '/CN=b' } },
      [account],
      [{ what: 'tls_requires', from: 'SSL', to: "ISSUER '/CN=b' AND SUBJECT '/CN=a'" }],
    ],
    [
      'the same TLS subject',
      { ...wish, tls_requires: { subject: '/CN=a', issuer: '/CN=b' } },
      [{ ...account, tls: 'SPECIFIED', subject: '/CN=a', issuer: '/CN=b' }],
      [],
    ],
    [
      'another plugin',
      { name: 'shop', host: '%', plugin: 'auth_socket' },
      [account],
      [
        { what: 'plugin', from: 'caching_sha2_password', to: 'auth_socket' },
        { what: 'tls_requires', from: 'SSL', to: 'NONE' },
      ],
    ],
    [
      'another user of the host let in',
      { name: 'shop', plugin: 'auth_socket', plugin_auth_string: 'bob', host: '%' },
      [{ ...account, tls: '', plugin: 'auth_socket', stored: Buffer.from('eve').toString('hex') }],
      [{ what: 'plugin_auth_string', from: 'another one', to: '********' }],
    ],
    [
      'a password with a salt that is stored with another',
      {
        ...wish,
        password: undefined,
        plugin: 'caching_sha2_password',
        plugin_auth_string: 'x',
        salt: 's'.repeat(20),
      },
      [account],
      [{ what: 'plugin_auth_string', from: 'another one', to: '********' }],
    ],
    [
      'the same password told to the plugin',
      { ...wish, password: undefined, plugin: 'caching_sha2_password', plugin_auth_string: 'x' },
      [account],
      [],
    ],
    [
      'limits, a lock, an end of the password and attributes',
      {
        ...wish,
        ...{ locked: true, password_expire: 'interval', password_expire_interval: 30 },
        resource_limits: { MAX_QUERIES_PER_HOUR: 7, MAX_USER_CONNECTIONS: '2' },
        attributes: { team: null, floor: 2, room: 'a' },
      },
      [account],
      [
        { what: 'password_expire', from: 'default', to: 30 },
        { what: 'attributes', from: { team: 'shop', floor: 2 }, to: { floor: 2, room: 'a' } },
        { what: 'locked', from: false, to: true },
        { what: 'MAX_USER_CONNECTIONS', from: 0, to: 2 },
      ],
    ],
    ['a password that ends as asked for', { ...wish, password_expire: 'default' }, [account], []],
    ['a password that has ended', { ...wish, password_expire: 'now' }, [{ ...account, expired: true }], []],
    [
      'privileges to be taken away',
      { ...wish, priv: 'shop.*:INSERT,DROP', subtract_privs: true },
      [account],
      [{ what: 'privileges on shop.*', from: 'INSERT, SELECT', to: 'SELECT' }],
    ],
    [
      "root's other privileges, which nobody spoke of",
      { name: 'root', host: '%', password: 'x', priv: 'log.*:SELECT', tls_requires: { SSL: null } },
      [{ ...account, name: 'root' }],
      [{ what: 'privileges on log.*', from: 'none', to: 'SELECT' }],
    ],
    [
      'columns and routines',
      { ...wish, priv: 'shop.t:SELECT(b,a)/FUNCTION shop.f:EXECUTE', append_privs: true },
      [
        {
          ...account,
          columns: [
            ['shop.t', 'SELECT', 'A'],
            ['shop.t', 'SELECT', 'c'],
          ],
          routines: [['FUNCTION shop.f', 'Execute,Grant']],
        },
      ],
      [{ what: 'privileges on shop.t', from: 'SELECT (`a`, `c`)', to: 'SELECT (`a`, `b`, `c`)' }],
    ],
    [
      'an account that should not be',
      { name: '', host_all: true, state: 'absent' },
      [{ ...account, name: '', host: 'localhost' }],
      [{ what: 'account', from: "''@localhost", to: 'absent' }],
    ],
    ['one that is absent already', { name: '', host_all: true, state: 'absent' }, [], []],
  ])('sees %s', (_case, args, accounts, expected) => {
    expect(diff(args, accounts)).toEqual(expected);
  });

  it('makes what is missing', () => {
    expect(diff(wish, []).map(({ what }) => what)).toEqual([
      'account',
      'tls_requires',
      'privileges on shop.*',
    ]);
  });

  it('leaves a replica to its primary', () => {
    expect(diff(wish, [], false)).toEqual([]);
  });

  it.each([
    [{ name: 'shop', priv: 'shop.*' }, /no privilege: expected db.table/],
    [{ name: 'shop', state: 'locked' }, /absent/],
    [{ name: 'shop', append_privs: true, subtract_privs: true }, /mutually exclusive/],
    [{ name: 'shop', salt: 's'.repeat(20), plugin: 'caching_sha2_password' }, /requires plugin_auth_string/],
    [
      { name: 'shop', salt: 'short', plugin_auth_string: 'x', plugin: 'caching_sha2_password' },
      /20 characters/,
    ],
    [{ name: 'shop', salt: 's'.repeat(20), plugin_auth_string: 'x', plugin: 'pam' }, /requires caching_sha2/],
    [{ name: 'shop', password: 'x', encrypted: true }, /valid hash/],
    [{ name: 'shop', password_expire: 'interval' }, /needs password_expire_interval/],
  ])('refuses %j', (args, message) => {
    expect(() => module.params.parse(args)).toThrow(message);
  });

  it.each([
    [{ ...wish, host_all: true, name: 'new' }, [], /cannot be used when adding a user/],
    [{ ...wish, resource_limits: { MAX_FUN: 1 } }, [account], /key 'MAX_FUN' is unsupported/],
    [{ ...wish, resource_limits: { MAX_STATEMENT_TIME: 1 } }, [account], /only supported by MariaDB/],
    [{ ...wish, resource_limits: { MAX_USER_CONNECTIONS: 'x' } }, [account], /Can't convert value 'x'/],
  ])('refuses %j of %j', (args, accounts, message) => {
    expect(() => diff(args, accounts)).toThrow(message);
  });

  it.each<[Record<string, unknown>, Account[], boolean, Record<string, unknown>]>([
    [wish, [], false, { msg: 'User added', password_changed: true, attributes: null }],
    [wish, [], true, { msg: 'User added', password_changed: null, attributes: null }],
    [
      wish,
      [account],
      false,
      { msg: 'User unchanged', password_changed: false, attributes: account.attributes },
    ],
    [
      { ...wish, password: 'y' },
      [account],
      false,
      { msg: 'Password updated (new style)', password_changed: true },
    ],
    [{ ...wish, password: 'y' }, [account], true, { msg: 'Password updated', password_changed: true }],
    [
      { ...wish, priv: 'shop.*:SELECT,DROP' },
      [account],
      false,
      { msg: "Privileges updated: granted ['DROP'], revoked ['INSERT']" },
    ],
    [
      { ...wish, priv: 'log.*:SELECT', append_privs: true },
      [account],
      false,
      { msg: 'New privileges granted' },
    ],
    [{ ...wish, tls_requires: { X509: null } }, [account], false, { msg: 'TLS requires updated' }],
    [{ ...wish, locked: true }, [account], true, { msg: 'User will be locked' }],
    [{ name: 'shop', host: '%', state: 'absent' }, [account], false, { msg: 'User deleted' }],
    [
      { name: 'shop', state: 'absent' },
      [account],
      false,
      { msg: "User doesn't exist", password_changed: false },
    ],
  ])('of %j returns what Ansible returns', (args, accounts, check, expected) => {
    expect(result(args, accounts, check)).toMatchObject({ user: 'shop', ...expected });
  });

  it('takes it for stored when nobody can tell', () => {
    const want = module.params.parse({ ...wish, password: 'y', plugin: 'sha256_password' });
    const foreign = { ...account, plugin: 'sha256_password', stored: Buffer.from('$5$x').toString('hex') };
    expect(module.diff(want, at([foreign])).map(({ what }) => what)).toEqual(['password']);
    expect(module.verify!(want, at([]), at([foreign]))).toEqual([]);
  });
});
