import { describe, expect, it } from 'vitest';
import account from '../../src/modules/mysql_account.ts';
import type { Account } from '../../src/mysql/accounts.ts';
import { dialectOf } from '../../src/mysql/dialect.ts';

const there = (host: string, change: Partial<Account> = {}): Account => ({
  name: 'site',
  host,
  plugin: 'auth_socket',
  stored: '',
  tls: 'ANY',
  cipher: null,
  issuer: null,
  subject: null,
  limits: {},
  expired: false,
  lifetime: null,
  locked: false,
  attributes: null,
  grants: [['site.*', 'SELECT', 'NO']],
  columns: [],
  routines: [],
  ...change,
});
const have = (accounts: readonly Account[], writable = true) => ({
  accounts,
  writable,
  dialect: dialectOf('8.4.0'),
});
const want = (change = {}) =>
  account.params.parse({
    name: 'site',
    hosts: ['192.0.2.1', 'any'],
    priv: 'site.*:SELECT',
    others: 'drop',
    ...change,
  });
/** What is sent to the server, without what prepares the session. */
async function sent(wish: ReturnType<typeof want>, state: ReturnType<typeof have>): Promise<string> {
  const scripts: string[] = [];
  const host = {
    name: 'db1',
    run: (_command: unknown, options: { stdin?: string | Buffer }) => {
      scripts.push(String(options.stdin));
      return Promise.resolve({ code: 0, stdout: '', stderr: '' });
    },
  };
  await account.fix(account.diff(wish, state), wish, state, host as never, {} as never).catch(() => {});
  return scripts.join('\n');
}

describe('mysql_account', () => {
  it('is settled where each host has its account, and on a replica', () => {
    expect(account.diff(want(), have([there('192.0.2.1'), there('%')]))).toEqual([]);
    expect(account.diff(want(), have([], false))).toEqual([]);
  });

  it('mends what differs, of any of them', () => {
    expect(account.diff(want(), have([there('192.0.2.1', { tls: '' }), there('%')]))).toEqual([
      { what: 'tls_requires', from: 'NONE', to: 'SSL' },
    ]);
    expect(account.diff(want({ tls: false }), have([there('192.0.2.1', { tls: '' }), there('%')]))).toEqual([
      { what: 'tls_requires', from: 'SSL', to: 'NONE' },
    ]);
  });

  it('names what comes and what goes', () => {
    const whats = (wish: ReturnType<typeof want>) =>
      account
        .diff(wish, have([there('%'), there('192.0.2.9')]))
        .filter(({ what }) => what === 'account')
        .map(({ from, to }) => `${from} -> ${to}`);
    expect(whats(want({ hosts: ['192.0.2.1'] }))).toEqual([
      'absent -> site@192.0.2.1',
      'site@% -> absent',
      'site@192.0.2.9 -> absent',
    ]);
    expect(whats(want({ hosts: ['192.0.2.1'], others: 'keep' }))).toEqual(['absent -> site@192.0.2.1']);
  });

  it('gives a new account its name when it has its privileges, and drops others last', async () => {
    const script = await sent(want({ hosts: ['192.0.2.1'] }), have([there('%')]));
    const places = [
      /CREATE USER 'foobar_unfinished'@'192.0.2.1'.* REQUIRE SSL/,
      /GRANT SELECT ON `?site`?\.\* TO 'foobar_unfinished'@'192.0.2.1'/,
      /RENAME USER 'foobar_unfinished'@'192.0.2.1' TO 'site'@'192.0.2.1'/,
      /DROP USER IF EXISTS 'site'@'%'/,
    ].map((pattern) => script.search(pattern));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect([...places].sort((left, right) => left - right)).toEqual(places);
  });

  it('refuses networks that MySQL does not know', () => {
    expect(() => account.diff(want({ hosts: ['2001:db8::/32'] }), have([]))).toThrow('no networks of IPv6');
  });
});
