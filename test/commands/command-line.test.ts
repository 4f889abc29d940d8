import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import type { Ask } from '../../src/commands/ask.ts';
import { ExitCode, ProjectError } from '../../src/errors.ts';
import { decrypt } from '../../src/vault/keyring.ts';
import { startSshd, type TestSshd } from '../host/sshd.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const person = vi.hoisted(() => ({ answers: [] as string[] }));
vi.mock('../../src/commands/ask.ts', () => ({
  terminal: (): Ask => async () => person.answers.shift() ?? '',
}));

const recorded = fileURLToPath(new URL('../vault/recorded/', import.meta.url));
const standard = join(recorded, 'default.password');
const prod = join(recorded, 'prod.password');
const password = (file: string) => readFileSync(file, 'utf8').trim();
const folder = site({
  'inventory.yaml': 'all: {hosts: {here: {ansible_connection: local}}}\n',
  'site.yaml': `- hosts: all
  gather_facts: false
  handlers: [{name: Tell, debug: {msg: told}}]
  tasks:
    - {debug: {msg: change}, changed_when: true, notify: Tell}
    - fail:
`,
});
const inventory = join(folder, 'inventory.yaml');

/** A command line, up to its exit code. */
async function typed(...words: string[]) {
  let code: ExitCode | undefined;
  const foobar = program((end) => {
    code = end;
  });
  const { stdout, stderr } = await captured(() => foobar.parseAsync(words, { from: 'user' }));
  return { code, stdout, stderr };
}

it.each([
  [['provision'], '--force-handlers'],
  [['run'], '--module-name'],
  [['vault', 'rekey'], '--new-vault-id'],
])('foobar %s --help lists %s', async (words, option) => {
  const shown: string[] = [];
  const foobar = program(() => undefined);
  const command = words.reduce((found, name) => found.commands.find((each) => each.name() === name)!, foobar);
  for (const each of [foobar, command])
    each.exitOverride().configureOutput({ writeOut: (text) => shown.push(text) });
  await expect(foobar.parseAsync([...words, '--help'], { from: 'user' })).rejects.toMatchObject({
    exitCode: 0,
  });
  expect(shown.join('')).toContain(option);
});

describe('foobar run', () => {
  it('takes --module-name and --args', async () => {
    const { code, stdout } = await typed(
      'run',
      inventory,
      'here',
      '-C',
      '--module-name',
      'debug',
      '--args',
      'msg=hi',
    );
    expect([code, stdout]).toEqual([ExitCode.done, 'here | SUCCESS => {"changed":false,"msg":"hi"}\n']);
  });

  describe('over SSH', () => {
    let sshd: TestSshd;
    beforeAll(async () => {
      sshd = await startSshd();
    });
    afterAll(() => sshd.stop());

    it.each(['--private-key', '--key-file'])('logs in with the key of %s', async (option) => {
      const known = sshd.knownHosts(`[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
      const { user } = sshd.settings();
      const vars = JSON.stringify({
        ansible_host: '127.0.0.1',
        ansible_port: sshd.port,
        ansible_user: user,
        ansible_ssh_common_args: `-o UserKnownHostsFile=${known}`,
      });
      const words = ['run', 'there,', 'there', '-C', '-e', vars, '-m', 'ping', option];
      expect(await typed(...words, sshd.userKey)).toMatchObject({
        code: ExitCode.done,
        stdout: 'there | SUCCESS => {"changed":false,"ping":"pong"}\n',
      });
      expect((await typed(...words, sshd.hostKeyFile)).code).not.toBe(ExitCode.done);
    });
  });
});

describe('foobar provision', () => {
  const provisioned = (...more: string[]) =>
    typed(
      'provision',
      inventory,
      '--playbook',
      join(folder, 'site.yaml'),
      '-C',
      '-v',
      '--output',
      'plain',
      ...more,
    );

  it('runs handlers of hosts that failed with --force-handlers only', async () => {
    expect((await provisioned()).stdout).not.toContain('told');
    const forced = await provisioned('--force-handlers');
    expect(forced.stdout).toContain('told');
    expect(forced.code).toBe(ExitCode.failed);
  });
});

describe('passwords of vaults', () => {
  const run = (file: string, ...more: string[]) => {
    const args = `msg={{ lookup('file', '${join(recorded, file)}') | length }}`;
    return typed('run', inventory, 'here', '-C', '-m', 'debug', '-a', args, ...more);
  };
  const length = (file: string) => readFileSync(join(recorded, file), 'utf8').trimEnd().length;
  const answer = (file: string) => ({
    code: ExitCode.done,
    stdout: `here | SUCCESS => {"changed":false,"msg":${length(file)}}\n`,
  });

  it.each<[string, string[]]>([
    ['text', ['--vault-password-file', standard]],
    ['text', ['--vault-pass-file', standard]],
    ['labelled', ['--vault-id', `prod@${prod}`]],
  ])('open %s with %j', async (name, words) => {
    expect(await run(`${name}.vault`, ...words)).toMatchObject(answer('text.plain'));
    const wrong = `--vault-password-file=${name === 'text' ? prod : standard}`;
    expect(await run(`${name}.vault`, wrong)).toMatchObject({ code: ExitCode.failed });
    const missing = run(`${name}.vault`, '--vault-password-file', '/nowhere');
    await expect(missing).rejects.toThrow(
      new ProjectError([{ message: 'there is no vault password file /nowhere', severity: 'error' }]),
    );
  });

  it.each(['-J', '--ask-vault-pass', '--ask-vault-password'])('are asked for with %s', async (option) => {
    person.answers = [password(standard)];
    expect(await run('text.vault', option)).toMatchObject(answer('text.plain'));
  });
});

describe('foobar vault', () => {
  const sealed = (name: string) => {
    const file = join(folder, name);
    copyFileSync(join(recorded, 'text.vault'), file);
    return file;
  };
  const opens = (file: string, id: string, from: string) =>
    decrypt(readFileSync(file, 'utf8'), [{ id, password: Buffer.from(password(from)) }]);

  it.each<[string[], string]>([
    [['--new-vault-id', `prod@${prod}`], 'prod'],
    [['--new-vault-password-file', prod], 'default'],
  ])('rekey takes %j', async (words, id) => {
    const file = sealed(`rekeyed-${id}`);
    await typed('vault', 'rekey', '--vault-password-file', standard, ...words, file);
    expect(opens(file, id, prod)).toMatchObject({ id });
    expect(() => opens(file, id, standard)).toThrow();
  });

  it('view asks with --ask-vault-pass', async () => {
    person.answers = [password(standard)];
    const { stdout } = await typed('vault', 'view', '--ask-vault-pass', join(recorded, 'text.vault'));
    expect(stdout).toBe(readFileSync(join(recorded, 'text.plain'), 'utf8'));
  });

  it('encrypt-string names what comes over standard input with --stdin-name', async () => {
    const input = Readable.from(['a word']);
    const before = Object.getOwnPropertyDescriptor(process, 'stdin')!;
    Object.defineProperty(process, 'stdin', { value: input, configurable: true });
    try {
      const words = [
        'vault',
        'encrypt-string',
        '--vault-password-file',
        standard,
        '--stdin-name',
        'word',
        '-',
      ];
      expect((await typed(...words)).stdout).toMatch(/^word: !vault \|\n {10}\$ANSIBLE_VAULT/);
    } finally {
      Object.defineProperty(process, 'stdin', before);
    }
  });
});
