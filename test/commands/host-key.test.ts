import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptHostKey } from '../../src/commands/host-key.ts';
import type { ConnectionSettings } from '../../src/host/connection.ts';
import { withLines, withoutHostKeys } from '../../src/host/known_hosts.ts';

/** A public key in OpenSSH's binary form; what is in it counts for nothing here. */
function key(fill: number): Buffer {
  const type = Buffer.from('ssh-ed25519');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, type, Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, fill)]);
}
const withHostKey = (text: string, name: string, fresh: Buffer) =>
  withLines(withoutHostKeys(text, name), [`${name} ssh-ed25519 ${fresh.toString('base64')}\n`]);
const line = (hosts: string, fill: number) => `${hosts} ssh-ed25519 ${key(fill).toString('base64')}\n`;

describe('a new host key', () => {
  it.each<[string, string, string]>([
    ['takes the place of the old one', line('192.0.2.7', 1), ''],
    ['leaves other hosts alone', line('192.0.2.8', 1), line('192.0.2.8', 1)],
    ['leaves the other names of a line', line('web1,192.0.2.7', 1), line('web1', 1)],
    ['leaves other ports alone', line('[192.0.2.7]:2222', 1), line('[192.0.2.7]:2222', 1)],
    ['leaves comments and what cannot be read', '# 192.0.2.7\nodd\n', '# 192.0.2.7\nodd\n'],
    ['leaves revoked keys', `@revoked ${line('192.0.2.7', 1)}`, `@revoked ${line('192.0.2.7', 1)}`],
    ['leaves patterns', line('192.0.2.*', 1), line('192.0.2.*', 1)],
    ['goes behind a last line without an end', '# end', '# end\n'],
  ])('%s', (_case, before, left) => {
    expect(withHostKey(before, '192.0.2.7', key(2))).toBe(left + line('192.0.2.7', 2));
  });

  it('replaces a hashed name', () => {
    // HMAC-SHA1 of 192.0.2.7 with a salt of zeroes.
    const salt = Buffer.alloc(20).toString('base64');
    const hashed = `|1|${salt}|+cp82gxKjEaB7wuBbSEnrmn+K+M=`;
    const other = `|1|${salt}|AAAAAAAAAAAAAAAAAAAAAAAAAAA=`;
    const text = withHostKey(line(hashed, 1) + line(other, 1), '192.0.2.7', key(2));
    expect(text).toBe(line(other, 1) + line('192.0.2.7', 2));
  });

  it('is written in whole, with the mode that the file had, through a link', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'known-'));
    const [real, link, second] = ['real', 'link', 'second'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(real, line('192.0.2.7', 1) + line('192.0.2.8', 1), { mode: 0o644 });
    writeFileSync(second, line('192.0.2.7', 3), { mode: 0o600 });
    symlinkSync(real, link);
    const settings = {
      name: 'web1',
      address: '192.0.2.7',
      port: 22,
      knownHostsFiles: [link, second, join(folder, 'none')],
    };
    await acceptHostKey(settings as unknown as ConnectionSettings, key(2));
    expect(readFileSync(real, 'utf8')).toBe(line('192.0.2.8', 1) + line('192.0.2.7', 2));
    expect(statSync(real).mode & 0o777).toBe(0o644);
    expect(readFileSync(second, 'utf8')).toBe('');
  });
});
