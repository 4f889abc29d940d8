import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/host/queries/mysql_accounts.ts';
import module from '../../src/modules/mysql_user.ts';

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
};
const wish = {
  name: 'shop',
  host: '%',
  password: 'x',
  priv: 'shop.*:SELECT,INSERT',
  tls_requires: { SSL: null },
};

const diff = (args: Record<string, unknown>, accounts: readonly Account[], writable = true) =>
  module.diff(module.params.parse(args), { writable, accounts });

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
    ['privileges that nobody asked about', { name: 'shop', host: '%' }, [account], []],
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
        expect.objectContaining({ what: 'plugin_auth_string', to: '' }),
      ],
    ],
    [
      'another user of the host let in',
      { name: 'shop', plugin: 'auth_socket' },
      [{ ...account, plugin: 'auth_socket', stored: Buffer.from('eve').toString('hex') }],
      [{ what: 'plugin_auth_string', from: 'eve', to: '' }],
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
    [{ name: 'shop', host_all: true, password: 'x' }, /state: absent only/],
    [{ name: 'shop', password: 'x', plugin_auth_string: 'y' }, /either password or/],
    [{ name: 'shop', state: 'locked' }, /absent/],
  ])('refuses %j', (args, message) => {
    expect(() => module.params.parse(args)).toThrow(message);
  });
});
