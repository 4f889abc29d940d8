import { execFile, execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectionSettings } from '../../src/host/connection.ts';
import { HostKeyError } from '../../src/host/host-key-error.ts';
import { connectSsh } from '../../src/host/ssh.ts';
import { makeKey } from './sshd.ts';

/** What becomes of a connection for which these files are all that is known. */
type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

interface Keys {
  /** `type base64` of the keys that the server shows: its favourite one, and the others. */
  readonly ed: string;
  readonly ecdsa: string;
  readonly rsa: string;
  /** Keys of nobody. */
  readonly other: string;
  readonly otherRsa: string;
  /** The authority that signed the server's certificate. */
  readonly authority: string;
}

interface Case {
  readonly name: string;
  /** The user's files. */
  readonly files: readonly string[];
  readonly expected: Verdict;
  readonly host?: string;
  readonly port?: number;
  /** What foobar says where it is stricter than OpenSSH, by intent. */
  readonly foobar?: Verdict;
  /** Words for -o besides. */
  readonly options?: readonly string[];
  /** Which server. Default: one with keys of three types. */
  readonly server?: 'ed25519' | 'certificate';
}

const directory = mkdtempSync(join(tmpdir(), 'foobar-known-'));
const keyOf = (file: string) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
const make = (name: string, type?: string) => makeKey(directory, name, type);

const [edFile, ecdsaFile, rsaFile] = [make('ed'), make('ecdsa', 'ecdsa'), make('rsa', 'rsa')];
const authorityFile = make('authority');
const keys: Keys = {
  ed: keyOf(edFile),
  ecdsa: keyOf(ecdsaFile),
  rsa: keyOf(rsaFile),
  other: keyOf(make('other')),
  otherRsa: keyOf(make('other_rsa', 'rsa')),
  authority: keyOf(authorityFile),
};
const user = make('user');
const { ed, ecdsa, rsa, other, otherRsa, authority } = keys;

function hash(name: string): string {
  const salt = Buffer.from('01234567890123456789');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function write(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const loop = join(directory, 'loop');
const long = (length: number) => 'x'.repeat(length);
const base64 = (key: string) => key.split(' ')[1] ?? '';

const known = (name: string, text: string, more: Partial<Case> = {}): Case => said('known', name, text, more);
const unknown = (name: string, text: string, more: Partial<Case> = {}): Case =>
  said('unknown', name, text, more);
const changed = (name: string, text: string, more: Partial<Case> = {}): Case =>
  said('changed', name, text, more);
const revoked = (name: string, text: string, more: Partial<Case> = {}): Case =>
  said('revoked', name, text, more);
function said(expected: Verdict, name: string, text: string, more: Partial<Case>): Case {
  return { expected, name, files: [text], ...more };
}

const port = { port: 2222 };

const cases: Case[] = [
  // names
  known('a plain name', `web1 ${ed}\n`),
  known('a plain name in upper case', `WEB1 ${ed}\n`),
  known('a host in upper case', `web1 ${ed}\n`, { host: 'WEB1' }),
  unknown('nothing', ''),
  unknown('another name', `web2 ${ed}\n`),
  unknown('a name that begins alike', `web ${ed}\nweb11 ${ed}\n`),
  known('a list of names', `a,web1,b ${ed}\n`),
  known('name and address', `web1,192.0.2.1 ${ed}\n`),
  known('the address only, which is not looked for', `192.0.2.1 ${other}\nweb1 ${ed}\n`),
  unknown('a list with blanks in it', `a, web1 ${ed}\n`),
  known('an empty word in the list', `,web1, ${ed}\n`),
  known('an address', `192.0.2.1 ${ed}\n`, { host: '192.0.2.1' }),
  known('an IPv6 address', `fd00:198:18::11 ${ed}\n`, { host: 'fd00:198:18::11' }),
  known('an IPv6 address in upper case', `FD00:198:18::11 ${ed}\n`, { host: 'fd00:198:18::11' }),
  unknown('an IPv6 address written otherwise', `fd00:198:18:0::11 ${ed}\n`, { host: 'fd00:198:18::11' }),
  unknown('an IPv6 address in brackets', `[fd00:198:18::11] ${ed}\n`, { host: 'fd00:198:18::11' }),
  known('an IPv6 address with its port', `[fd00:198:18::11]:2222 ${ed}\n`, {
    host: 'fd00:198:18::11',
    ...port,
  }),
  // patterns
  known('a star', `* ${ed}\n`),
  known('a star in the middle', `w*1 ${ed}\n`),
  known('question marks', `w??1 ${ed}\n`),
  unknown('a question mark for nothing', `web1? ${ed}\n`),
  unknown('a dot, which is no pattern', `we.1 ${ed}\n`),
  unknown('a class, which is no pattern', `web[0-9] ${ed}\n`),
  unknown('a negation before', `!web1,web* ${ed}\n`),
  unknown('a negation after', `web*,!web1 ${ed}\n`),
  unknown('only a negation of another', `!web2 ${ed}\n`),
  known('a negation of another', `!web2,web* ${ed}\n`),
  unknown('a negated pattern', `web1,!*1 ${ed}\n`),
  changed('a negation on one line, another key on the next', `!web1,* ${ed}\nweb1 ${other}\n`),
  // ports
  known('a port', `[web1]:2222 ${ed}\n`, port),
  unknown('another port', `[web1]:2223 ${ed}\n`, port),
  known('no port on file', `web1 ${ed}\n`, port),
  unknown('no port on file, another key', `web1 ${other}\n`, port),
  changed('another key with the port, the key without', `web1 ${ed}\n[web1]:2222 ${other}\n`, port),
  unknown('a port on file, asked at 22', `[web1]:2222 ${ed}\n`),
  unknown('port 22 in brackets', `[web1]:22 ${ed}\n`),
  known('a star for every port', `* ${ed}\n`, port),
  known('a pattern for the port', `[web1]:22* ${ed}\n`, port),
  known('a port in upper case', `[WEB1]:2222 ${ed}\n`, port),
  unknown('no port on file, only another type', `web1 ${rsa}\n`, port),
  // hashes
  known('a hash', `${hash('web1')} ${ed}\n`),
  known('a hash, and the host in upper case', `${hash('web1')} ${ed}\n`, { host: 'WEB1' }),
  unknown('a hash of a name in upper case', `${hash('WEB1')} ${ed}\n`),
  changed('a hash with another key', `${hash('web1')} ${other}\n`),
  known('a hash with the port', `${hash('[web1]:2222')} ${ed}\n`, port),
  known('a hash without the port', `${hash('web1')} ${ed}\n`, port),
  unknown('a hash in a list', `web2,${hash('web1')} ${ed}\n`),
  unknown('a list behind a hash', `${hash('web2')},web1 ${ed}\n`),
  unknown('a hash of an unknown kind', `${hash('web1').replace('|1|', '|2|')} ${ed}\n`),
  unknown('a hash without its end', `${hash('web1').slice(0, -1)} ${ed}\n`),
  unknown('a short salt', `|1|AAAA|${hash('web1').split('|')[3]} ${ed}\n`),
  revoked('a revoked key under a hash', `@revoked ${hash('web1')} ${ed}\n`),
  // keys
  changed('another key', `web1 ${other}\n`),
  known('another key and this one', `web1 ${other}\nweb1 ${ed}\n`),
  known('the key twice', `web1 ${ed}\nweb1 ${ed}\n`),
  known('only the key of another type', `web1 ${rsa}\n`),
  known('only the ECDSA key', `web1 ${ecdsa}\n`),
  changed('another key of its favourite type, the right one of another type', `web1 ${other}\nweb1 ${rsa}\n`),
  known('the right key of its favourite type, another of another type', `web1 ${otherRsa}\nweb1 ${ed}\n`),
  changed('only a type that it has not', `web1 ${rsa}\n`, { server: 'ed25519' }),
  changed('a type that it has not, by a pattern', `* ${rsa}\n`, { server: 'ed25519' }),
  known('RSA under the name of its signature', `web1 rsa-sha2-256 ${base64(rsa)}\n`),
  unknown('a key under the name of another type', `web1 ssh-rsa ${base64(ed)}\n`),
  unknown('an unknown type', `web1 ssh-none ${base64(ed)}\n`),
  // markers
  revoked('a revoked key', `@revoked web1 ${ed}\n`),
  revoked('a revoked key after it was said', `web1 ${ed}\n@revoked * ${ed}\n`),
  revoked('a revoked key before it is said', `@revoked web1 ${ed}\nweb1 ${ed}\n`),
  known('another key revoked', `@revoked * ${other}\nweb1 ${ed}\n`),
  known('a key revoked for another host', `@revoked web2 ${ed}\nweb1 ${ed}\n`),
  unknown('only another key revoked', `@revoked web1 ${other}\n`),
  known('a key revoked without its port', `@revoked web1 ${ed}\n[web1]:2222 ${ed}\n`, {
    ...port,
    foobar: 'revoked',
  }),
  known('a tab behind the marker', `@revoked\tweb1 ${ed}\nweb1 ${ed}\n`, { foobar: 'revoked' }),
  unknown('an unknown marker', `@trusted web1 ${ed}\n`),
  unknown('two markers', `@revoked @cert-authority web1 ${ed}\n`),
  unknown('a marker in upper case', `@REVOKED web1 ${ed}\n`),
  unknown('an authority, and a plain key', `@cert-authority web1 ${authority}\n`),
  unknown('the key itself as an authority', `@cert-authority web1 ${ed}\n`),
  known('an authority beside the key', `@cert-authority * ${authority}\nweb1 ${ed}\n`),
  known('an authority, and a certificate', `@cert-authority web* ${authority}\n`, {
    server: 'certificate',
    foobar: 'unknown',
  }),
  known('an authority beside the key, and a certificate', `@cert-authority * ${authority}\nweb1 ${ed}\n`, {
    server: 'certificate',
  }),
  unknown('another authority, and a certificate', `@cert-authority * ${other}\n`, { server: 'certificate' }),
  changed(
    'an authority, a certificate for others, and another key',
    `@cert-authority web2 ${authority}\nweb1 ${other}\n`,
    {
      server: 'certificate',
    },
  ),
  revoked('an authority that is revoked', `@revoked * ${authority}\n@cert-authority * ${authority}\n`, {
    server: 'certificate',
    foobar: 'unknown',
  }),
  // how it is written
  known('comments and empty lines', `# web1 ${other}\n\n  # more\nweb1 ${ed} a comment # with more\n`),
  known('tabs', `\tweb1\t\t${ed.replace(' ', '\t')}\tcomment\n`),
  known('no newline at the end', `web1 ${ed}`),
  known('lines from Windows', `web2 ${other}\r\nweb1 ${ed}\r\n`),
  known('lines from Windows with comments', `web1 ${ed} comment\r\n`),
  unknown('a mark of the byte order', `\ufeffweb1 ${ed}\n`),
  known('broken lines before', `web1\nweb1 ssh-ed25519\nweb1 ssh-ed25519 !!!\n,\n@\n@revoked\nweb1 ${ed}\n`),
  unknown('a cut key', `web1 ${ed.slice(0, -20)}\n`),
  unknown('a key without its end', `web1 ${ed.slice(0, -1)}\n`),
  unknown('a key with letters behind it', `web1 ${ed}AAAA\n`),
  unknown('a key with a foreign letter', `web1 ${ed.slice(0, 30)}-${ed.slice(31)}\n`),
  unknown('a key with bytes missing, well encoded', `web1 ${ed.slice(0, -8)}\n`),
  unknown('an old line of protocol 1', 'web1 1024 35 12345678901234567890\n'),
  known('a long comment', `web1 ${ed} ${long(100_000)}\n`),
  known('a long line before', `web2 ${long(100_000)}\nweb1 ${ed}\n`),
  known(
    'a long list',
    `${Array.from({ length: 5000 }, (_name, index) => `h${index}`).join(',')},web1 ${ed}\n`,
  ),
  unknown('a name that is too long before', `${long(1100)},web1 ${ed}\n`),
  unknown('a name that is too long after', `web1,${long(1100)} ${ed}\n`),
  known('the longest name before', `${long(1022)},web1 ${ed}\n`),
  // aliases
  known('an alias', `alias ${ed}\n`, { options: ['HostKeyAlias=alias'] }),
  unknown('an alias, and the name on file', `web1 ${ed}\n`, { options: ['HostKeyAlias=alias'] }),
  known('an alias at another port, which is not part of it', `alias ${ed}\n`, {
    options: ['HostKeyAlias=alias'],
    ...port,
  }),
  unknown('an alias with its port on file', `[alias]:2222 ${ed}\n`, {
    options: ['HostKeyAlias=alias'],
    ...port,
  }),
  changed('an alias at another port, another key', `alias ${other}\n`, {
    options: ['HostKeyAlias=alias'],
    ...port,
  }),
  known('an alias in upper case', `alias ${ed}\n`, { options: ['HostKeyAlias=Alias'] }),
  known('an alias in upper case on both sides', `Alias ${ed}\n`, { options: ['HostKeyAlias=Alias'] }),
  // files
  { name: 'the second file', files: ['', `web1 ${ed}\n`], expected: 'known' },
  { name: 'another key in the first file', files: [`web1 ${other}\n`, `web1 ${ed}\n`], expected: 'known' },
  { name: 'revoked in the second file', files: [`web1 ${ed}\n`, `@revoked * ${ed}\n`], expected: 'revoked' },
  known("the system's file", '', { options: [`GlobalKnownHostsFile=${write('system', `web1 ${ed}\n`)}`] }),
  changed("another key in the system's file", '', {
    options: [`GlobalKnownHostsFile=${write('system_other', `web1 ${other}\n`)}`],
  }),
  revoked("revoked in the system's file", `web1 ${ed}\n`, {
    options: [`GlobalKnownHostsFile=${write('system_revoked', `@revoked * ${ed}\n`)}`],
  }),
  known("no system's file", `web1 ${ed}\n`, { options: ['GlobalKnownHostsFile=/nowhere/known_hosts'] }),
  known('a file that cannot be read beside one that can', `web1 ${ed}\n`, {
    options: [`GlobalKnownHostsFile=${loop}`],
  }),
  unknown('a file that cannot be read', '', { options: [`GlobalKnownHostsFile=${loop}`] }),
  revoked('a list of revoked keys', `web1 ${ed}\n`, {
    options: [`RevokedHostKeys=${write('list', `# lost\n${other}\n${ed} comment\n`)}`],
  }),
  known('a list of other revoked keys', `web1 ${ed}\n`, {
    options: [`RevokedHostKeys=${write('list_other', `${other}\n`)}`],
  }),
  unknown('a folder', '', { options: [`GlobalKnownHostsFile=${directory}`] }),
];

const program = '/usr/sbin/sshd';

/** How to start a server that speaks through its standard streams: any name and port can be asked for then. */
function server(name: string, lines: readonly string[]): { command: string; log: string } {
  const log = join(directory, `${name}.log`);
  const configuration = write(
    `${name}.conf`,
    [
      ...lines,
      `AuthorizedKeysFile ${user}.pub`,
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'LogLevel DEBUG3',
      '',
    ].join('\n'),
  );
  return { command: `${program} -i -f ${configuration} -E ${log}`, log };
}

let count = 0;

function prepare({ files, host = 'web1', port: at = 22, options = [], server: kind }: Case) {
  const number = count++;
  const hostKeys = kind === undefined ? [edFile, ecdsaFile, rsaFile] : [edFile];
  const { command, log } = server(`server${number}`, [
    ...hostKeys.map((file) => `HostKey ${file}`),
    ...(kind === 'certificate' ? [`HostCertificate ${edFile}-cert.pub`] : []),
  ]);
  const paths = files.map((text, index) => write(`known_${number}_${index}`, text));
  const words = [
    ...['BatchMode=yes', 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', `IdentityFile=${user}`],
    ...[`UserKnownHostsFile=${paths.join(' ')}`, ...options, 'GlobalKnownHostsFile=none'],
    `ProxyCommand=${command}`,
  ];
  return { host, port: at, words, log };
}

type Prepared = ReturnType<typeof prepare>;

/** OpenSSH's own verdict. */
function asked({ host, port: at, words }: Prepared): Promise<Verdict> {
  const given = words.flatMap((word) => ['-o', word]);
  return new Promise((resolve, reject) => {
    execFile('ssh', ['-F', 'none', ...given, '-p', String(at), host, 'true'], (error, _out, said) => {
      if (error === null) resolve('known');
      else if (/REVOKED HOST KEY|revoked by file/.test(said)) resolve('revoked');
      else if (/IDENTIFICATION HAS CHANGED/.test(said)) resolve('changed');
      else if (/No \S+ host key is known/.test(said)) resolve('unknown');
      else reject(new Error(said));
    });
  });
}

async function ours({ host, port: at, words }: Prepared): Promise<Verdict> {
  const args = ['-F none', ...words.map((word) => `-o '${word}'`)].join(' ');
  const variables: Record<string, unknown> = { ansible_port: at, ansible_ssh_common_args: args };
  const machine = { home: userInfo().homedir, user: userInfo().username, configurations: [] };
  const settings = connectionSettings(host, (name) => variables[name], machine);
  try {
    await (await connectSsh(settings)).close();
    return 'known';
  } catch (error) {
    if (!(error instanceof HostKeyError)) throw error;
    return error.verdict;
  }
}

/** Packets with which a client authenticates (RFC 4252: SSH_MSG_USERAUTH_REQUEST), or wants to (SSH_MSG_SERVICE_REQUEST). */
const authentication = /receive packet: type (?:5|50)\b/g;

beforeAll(() => {
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  symlinkSync(loop, loop);
  execFileSync('ssh-keygen', ['-q', '-s', authorityFile, '-I', 'web1', '-h', '-n', 'web1', `${edFile}.pub`]);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe.concurrent("OpenSSH's verdict and ours", () => {
  test.for(cases)('$expected: $name', async (given, { expect }) => {
    const prepared = prepare(given);
    const theirs = await asked(prepared);
    rmSync(prepared.log);
    const own = await ours(prepared);
    expect({ theirs, own }).toEqual({ theirs: given.expected, own: given.foobar ?? given.expected });
    const heard = readFileSync(prepared.log, 'utf8').match(authentication) ?? [];
    expect(readFileSync(prepared.log, 'utf8')).toContain('receive packet: type 20');
    expect(heard.length > 0).toBe(own === 'known');
  });
});

test('there are enough of them', () => {
  expect(cases.length).toBeGreaterThanOrEqual(100);
  expect(cases.filter(({ foobar }) => foobar !== undefined)).toHaveLength(4);
});
