import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trust } from '../../src/commands/trust.ts';
import { connectionSettings } from '../../src/host/connection.ts';
import { connectSsh } from '../../src/host/ssh.ts';
import { freePort, makeKey, startSshd, type TestSshd } from '../host/sshd.ts';
import { captured } from './output.ts';

let one: TestSshd;
let two: TestSshd;
beforeAll(async () => {
  [one, two] = await Promise.all([startSshd(), startSshd()]);
});
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
});

const stranger = () => readFileSync(`${makeKey(one.directory, `stranger${count++}`)}.pub`, 'utf8').trim();
let count = 0;

interface Answer {
  readonly hosts: string[];
  readonly trusted: boolean;
  readonly written: boolean;
  readonly keys: { type: string; fingerprint: string; state: string; at?: { line: number } }[];
  readonly error?: { kind: string; message: string };
}

/** Asks for the keys of hosts at these ports. */
async function ask(
  known: string,
  ports: Readonly<Record<string, number>>,
  { yes = true, words = '' }: { yes?: boolean; words?: string } = {},
) {
  const directory = one.directory;
  const file = join(directory, `trust${count++}`);
  if (known !== '') writeFileSync(file, known, { mode: 0o600 });
  const inventory = join(directory, `inventory${count++}.json`);
  const args = `${words} -F none -o UserKnownHostsFile=${file} -o GlobalKnownHostsFile=none`;
  const hosts = Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [
      name,
      {
        ansible_host: '127.0.0.1',
        ansible_port: port,
        ansible_ssh_common_args: args,
        ansible_ssh_private_key_file: one.userKey,
      },
    ]),
  );
  writeFileSync(inventory, JSON.stringify({ all: { hosts } }));
  const options = { inventory, tags: [], skipTags: [], extraVars: [], yes };
  const run = async (output?: 'json') => {
    const { result, stdout } = await captured(() => trust({ ...options, ...(output && { output }) }));
    return { code: result, stdout, answers: (output ? JSON.parse(stdout) : []) as Answer[] };
  };
  return { file, run, text: () => readFileSync(file, 'utf8') };
}

const lineOf = ({ port, hostKey }: TestSshd) => `[127.0.0.1]:${port} ${hostKey}\n`;

describe('trust', () => {
  test('writes the keys of new hosts behind what is there, for a login and a second look', async () => {
    const before = '# mine\nbroken\n@revoked * ssh-none AAAA\nother ssh-none AAAA';
    const { file, run, text } = await ask(before, { web1: one.port, web2: two.port });
    const shown = await run();
    expect(shown.code).toBe(0);
    const fingerprint = execFileSync('ssh-keygen', ['-lf', `${one.hostKeyFile}.pub`], { encoding: 'utf8' });
    expect(shown.stdout).toMatch(
      new RegExp(
        `web1 +\\[127\\.0\\.0\\.1\\]:${one.port} +ED25519 +${fingerprint
          .split(' ')[1]
          ?.replaceAll('+', '\\+')} +new\n`,
      ),
    );
    expect(shown.stdout).toContain('2 of 2 hosts trusted');
    expect(text()).toBe(`${before}\n${lineOf(one)}${lineOf(two)}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await (await connectSsh(one.settings({ knownHostsFiles: [file] }))).close();
    const again = await run('json');
    expect(again.answers.map(({ keys, written }) => [keys[0]?.state, written])).toEqual([
      ['known', false],
      ['known', false],
    ]);
    expect(text()).toBe(`${before}\n${lineOf(one)}${lineOf(two)}`);
  });

  test('makes a file that only its owner reads', async () => {
    const { file, run } = await ask('', { web1: one.port });
    expect((await run()).code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('leaves a file as others may read it', async () => {
    const { file, run } = await ask('# shared\n', { web1: one.port });
    chmodSync(file, 0o644);
    await run();
    expect(statSync(file).mode & 0o777).toBe(0o644);
  });

  test('writes nothing that nobody agreed to', async () => {
    const { file, run } = await ask('', { web1: one.port }, { yes: false });
    const { code, answers } = await run('json');
    expect(code).toBe(1);
    expect(answers).toMatchObject([{ trusted: false, written: false, keys: [{ state: 'new' }] }]);
    expect(existsSync(file)).toBe(false);
  });

  test('never takes a key that changed, and tells how to go on', async () => {
    const known = `[127.0.0.1]:${one.port} ${stranger()}\n`;
    const { file, run, text } = await ask(known, { web1: one.port, web2: two.port });
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(`changed! (${file}:1)`);
    expect(stdout).toContain(`ssh-keygen -f ${file} -R '[127.0.0.1]:${one.port}'`);
    expect(text()).toBe(known + lineOf(two));
  });

  test('never takes a key that is revoked', async () => {
    const known = `@revoked * ${one.hostKey}\n`;
    const { run, text } = await ask(known, { web1: one.port });
    const { code, answers } = await run('json');
    expect({ code, answers }).toMatchObject({
      code: 1,
      answers: [{ keys: [{ state: 'revoked', at: { line: 1 } }] }],
    });
    expect(text()).toBe(known);
  });

  test('hashes names where ssh would', async () => {
    const { file, run, text } = await ask('', { web1: one.port }, { words: '-o HashKnownHosts=yes' });
    await run();
    expect(text()).toMatch(/^\|1\|\S+ ssh-ed25519 \S+\n$/);
    const found = execFileSync('ssh-keygen', ['-f', file, '-F', `[127.0.0.1]:${one.port}`], {
      encoding: 'utf8',
    });
    expect(found).toContain(one.hostKey);
  });

  test('trusts the host on the way before the one behind it', async () => {
    execFileSync('sh', ['-c', `cat '${one.userKey}.pub' >> '${two.directory}/authorized_keys'`]);
    const config = join(one.directory, 'config');
    const file = join(one.directory, 'way');
    writeFileSync(
      config,
      `IdentityFile ${one.userKey}\nIdentitiesOnly yes\nUserKnownHostsFile ${file}\nGlobalKnownHostsFile none\n` +
        `Host bastion\n  HostName 127.0.0.1\n  Port ${two.port}\n`,
    );
    const { run } = await ask('', { inner: one.port }, { words: `-F ${config} -J bastion` });
    const { code, answers } = await run('json');
    expect(answers.map(({ hosts, trusted, error }) => ({ hosts, trusted, error }))).toEqual([
      { hosts: ['127.0.0.1 (jump)'], trusted: true },
      { hosts: ['inner'], trusted: true },
    ]);
    expect(code).toBe(0);
  });

  test('tells who could not be asked', async () => {
    const { run } = await ask('', { web1: one.port, gone: await freePort() });
    const { code, answers } = await run('json');
    expect(code).toBe(4);
    expect(answers[1]).toMatchObject({ hosts: ['gone'], trusted: false, error: { kind: 'unreachable' } });
    expect(answers[0]).toMatchObject({ trusted: true, written: true });
  });
});

describe('keys that the inventory gives', () => {
  const settings = (keys: unknown) => {
    const variables: Record<string, unknown> = {
      ansible_host: '127.0.0.1',
      ansible_port: one.port,
      ansible_ssh_private_key_file: one.userKey,
      ansible_ssh_common_args: `-F none -o UserKnownHostsFile=${one.knownHosts(lineOf(one))} -o StrictHostKeyChecking=accept-new`,
      ssh_host_keys: keys,
    };
    return connectionSettings('web1', (name) => variables[name]);
  };

  test('are the ones that count', async () => {
    await (await connectSsh(settings([stranger(), `${one.hostKey} comment`]))).close();
    await (await connectSsh(settings(one.hostKey))).close();
  });

  test('count alone, whatever a file says', async () => {
    await expect(connectSsh(settings([stranger()]))).rejects.toMatchObject({
      kind: 'host-key',
      message: expect.stringContaining('ssh_host_keys of web1:1 expects'),
      hint: expect.stringContaining('correct ssh_host_keys of web1'),
    });
  });

  test.each([[[]], ['ssh-ed25519 AAAA'], [7], [[null]]])('must be keys: %j', (keys) => {
    expect(() => settings(keys)).toThrow('ssh_host_keys');
  });
});
