import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig, readConfig } from '../../site/config.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
const good = {
  server: 'web1',
  listen: { host: '127.0.0.1', port: 3000 },
  database: {
    servers: [{ name: 'db1', address: '198.18.0.11' }],
    user: 'site',
    password: 'secret-word',
    name: 'site',
    ca_file: 'ca.pem',
  },
};

describe('the configuration', () => {
  it('is read from the credentials that systemd hands over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'site-'));
    writeFileSync(join(folder, 'config.json'), JSON.stringify(good));
    writeFileSync(join(folder, 'ca.pem'), pem);
    const config = readConfig(undefined, folder);
    expect(config.server).toBe('web1');
    expect(config.database.servers).toEqual([{ name: 'db1', address: '198.18.0.11', port: 3306 }]);
    expect(config.database.ca).toBe(pem);
  });

  it('says what is missing when nothing names it', () => {
    expect(() => readConfig(undefined, undefined)).toThrow(/LoadCredential/);
  });

  it.each<[string, (config: typeof good) => unknown, RegExp]>([
    ['no servers', (c) => ({ ...c, database: { ...c.database, servers: [] } }), /database\.servers/],
    [
      'a server without name',
      (c) => ({ ...c, database: { ...c.database, servers: [{ address: 'x' }] } }),
      /servers\[0\]\.name/,
    ],
    ['a port out of range', (c) => ({ ...c, listen: { host: 'x', port: 70_000 } }), /listen\.port/],
    ['an empty password', (c) => ({ ...c, database: { ...c.database, password: '' } }), /database\.password/],
    ['a list', () => [], /the configuration: expected an object/],
  ])('refuses %s', (_, change, message) => {
    expect(() => parseConfig(JSON.stringify(change(structuredClone(good))), () => pem)).toThrow(message);
  });

  it('refuses an authority that is no certificate', () => {
    expect(() => parseConfig(JSON.stringify(good), () => '')).toThrow(
      /ca_file: the file holds no certificate/,
    );
  });
});
