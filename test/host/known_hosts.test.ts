import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { connectionSettings } from '../../src/host/connection.ts';
import {
  fingerprint,
  judge,
  knownTypes,
  type OnFile,
  readKnownHosts,
  rememberHost,
} from '../../src/host/known_hosts.ts';

const keys = {
  a: 'AAAAC3NzaC1lZDI1NTE5AAAAINUFupFBLg8ZHo27I18eX5X/mAc0HZpruz3y3N4gW9Gq',
  b: 'AAAAC3NzaC1lZDI1NTE5AAAAIBlox2XqBM1OmML7e/MGCmHViZzcaxkNx/11+fK13wEc',
};
const ecdsa =
  'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGpWp+bk+21sE7s4Vbmme4E82mnkLeZuTJSXFYjVtEGCvQl+weuW1hUrnYycvyCpSFnJi4VkDDJKdpWJ4Bna/iY=';
const key = Buffer.from(keys.a, 'base64');
const a = `ssh-ed25519 ${keys.a}`;
const b = `ssh-ed25519 ${keys.b}`;

const cases: [string, string, string, number, string][] = [
  ['a plain name', `web1 ${a}`, 'web1', 22, 'known'],
  ['upper case', `WEB1 ${a}`, 'Web1', 22, 'known'],
  ['one of several names', `web1,198.18.0.11 ${a} comment`, '198.18.0.11', 22, 'known'],
  ['tabs and comment lines', `# web1\n\tweb1\t${a}`, 'web1', 22, 'known'],
  ['nothing at all', '', 'web1', 22, 'unknown'],
  ['another name', `web2 ${a}`, 'web1', 22, 'unknown'],
  ['a name that only begins alike', `web ${a}`, 'web1', 22, 'unknown'],
  ['a star', `*.foobar.com ${a}`, 'web1.foobar.com', 22, 'known'],
  ['a question mark', `web? ${a}`, 'web1', 22, 'known'],
  ['a dot is no wildcard', `web.1 ${a}`, 'webx1', 22, 'unknown'],
  ['a negation after the match', `*.foobar.com,!web1.foobar.com ${a}`, 'web1.foobar.com', 22, 'unknown'],
  ['a negation before the match', `!web1.foobar.com,* ${a}`, 'web1.foobar.com', 22, 'unknown'],
  ['a negation of another', `!web2.foobar.com,* ${a}`, 'web1.foobar.com', 22, 'known'],
  ['a port', `[web1]:2222 ${a}`, 'web1', 2222, 'known'],
  ['another port', `[web1]:2223 ${a}`, 'web1', 2222, 'unknown'],
  ['no port on file, the same key', `web1 ${a}`, 'web1', 2222, 'known'],
  ['no port on file, another key', `web1 ${b}`, 'web1', 2222, 'unknown'],
  ['a port on file, asked at 22', `[web1]:2222 ${a}`, 'web1', 22, 'unknown'],
  ['an IPv6 address', `fd00:198:18::11 ${a}`, 'fd00:198:18::11', 22, 'known'],
  ['an IPv6 address with a port', `[fd00:198:18::11]:2222 ${a}`, 'fd00:198:18::11', 2222, 'known'],
  // made by ssh-keygen -H of OpenSSH 9.2 from "web1"
  ['a hashed name', `|1|SeRXtMpC9pLtfkHQcEH5+kt1sBM=|j0501gDjpIgfhykGnvlBUD0cLrU= ${a}`, 'web1', 22, 'known'],
  [
    'a hashed name of another',
    `|1|SeRXtMpC9pLtfkHQcEH5+kt1sBM=|j0501gDjpIgfhykGnvlBUD0cLrU= ${a}`,
    'web2',
    22,
    'unknown',
  ],
  [
    'a hash of an unknown kind',
    `|2|SeRXtMpC9pLtfkHQcEH5+kt1sBM=|j0501gDjpIgfhykGnvlBUD0cLrU= ${a}`,
    'web1',
    22,
    'unknown',
  ],
  ['another key', `web1 ${b}`, 'web1', 22, 'changed'],
  ['another key and this one', `web1 ${b}\nweb1 ${a}`, 'web1', 22, 'known'],
  ['only another type', `web1 ecdsa-sha2-nistp256 ${ecdsa}`, 'web1', 22, 'changed'],
  ['a revoked key', `web1 ${a}\n@revoked web1 ${a}`, 'web1', 22, 'revoked'],
  ['a revoked key at any host', `@revoked * ${a}\nweb1 ${a}`, 'web1', 22, 'revoked'],
  ['a key revoked without its port', `[web1]:2222 ${a}\n@revoked web1 ${a}`, 'web1', 2222, 'revoked'],
  ['another key revoked', `web1 ${a}\n@revoked web1 ${b}`, 'web1', 22, 'known'],
  ['a certificate authority with this key', `@cert-authority web1 ${a}`, 'web1', 22, 'unknown'],
  ['an unknown marker', `@trusted web1 ${a}`, 'web1', 22, 'unknown'],
  ['a type that is not the key’s', `web1 ssh-rsa ${keys.a}`, 'web1', 22, 'unknown'],
  ['a cut line', `web1 ssh-ed25519 ${keys.a.slice(0, 20)}`, 'web1', 22, 'unknown'],
];

const file = join(mkdtempSync(join(tmpdir(), 'known-hosts-')), 'known_hosts');
afterAll(() => rmSync(dirname(file), { recursive: true }));

function of(address: string, port = 22, files = [file]): OnFile {
  return readKnownHosts({ name: address, address, port, knownHostsFiles: files });
}

function read(text: string, host: string, port = 22): OnFile {
  writeFileSync(file, text);
  return of(host, port);
}

describe('a host key', () => {
  test.each(cases)('with %s', (_name, text, host, port, kind) => {
    expect(judge(read(text, host, port), key).kind).toBe(kind);
  });

  test('is told with the line that decides', () => {
    const entries = read(`# first\n\nweb? ${b}\nweb1 ${b}\n`, 'web1');
    expect(judge(entries, key)).toMatchObject({ at: { file, line: 3 } });
  });

  test('of a host that was written down meanwhile is known', () => {
    const settings = connectionSettings('web1', (name) =>
      name === 'ansible_ssh_common_args' ? `-F none -o UserKnownHostsFile=${file}` : undefined,
    );
    expect(read(`web2 ${a}`, 'web1').here).toEqual([]);
    expect(rememberHost(settings, key)).toBeUndefined();
    expect(of('web1').here).toMatchObject([{ line: 2, hosts: 'web1' }]);
  });
});

test('a file that does not exist knows nobody', () => {
  expect(of('web1', 22, [`${file}.none`, `${file}/inside`])).toEqual({
    here: [],
    portless: [],
    revoked: [],
    unread: [],
  });
});

test.each([
  ['that is not there', undefined, 'ENOENT'],
  ['that is binary', 'SSHKRL\n\0', 'it is binary'],
  ['with a line that is no key', `${a}\n\n# ${b}\nodd\n`, 'line 4 is no public key'],
])('a list of revoked keys %s lets nobody be trusted', (_case, text, why) => {
  if (text !== undefined) writeFileSync(file, text);
  const list = text === undefined ? `${file}.none` : file;
  const settings = { name: 'web1', address: 'web1', port: 22, knownHostsFiles: [], revokedHostKeys: list };
  expect(() => readKnownHosts(settings)).toThrow(why);
});

test('the types on file are those of the host, not of others', () => {
  const entries = read(`web1 ${a}\nweb2 ecdsa-sha2-nistp256 ${ecdsa}`, 'web1');
  expect([...knownTypes(entries)]).toEqual(['ssh-ed25519']);
});

test('the fingerprint is the one of ssh-keygen -l', () => {
  expect(fingerprint(key)).toBe('SHA256:I1tTOr1CPHVwhHoZjEdFLRmyK5ELk80YIOogLYhayXE');
});
