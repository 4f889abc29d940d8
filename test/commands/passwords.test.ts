import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { passwordOptions, passwordSources } from '../../src/cli/passwords.ts';
import { givenPasswords, readPasswords } from '../../src/commands/passwords.ts';
import { maskText } from '../../src/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'passwords-'));
const file = (name: string, text: string, mode = 0o600) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
afterEach(() => readPasswords());
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command line gives, where the answers are typed. */
async function given(words: readonly string[], answers: string[] = [], settings = {}) {
  const command = passwordOptions(new Command()).parse(words, { from: 'user' });
  const asked: string[] = [];
  await readPasswords(passwordSources(command.opts()), settings, () => async ({ text, echo }) => {
    expect(echo).toBe(false);
    asked.push(text);
    return answers.shift() ?? '';
  });
  return { ...givenPasswords(), asked };
}

describe('passwords of hosts', () => {
  it('are none', async () => {
    expect(await given([])).toEqual({ asked: [] });
  });

  it('are asked for', async () => {
    const both = ['--ask-pass', '--ask-become-pass'];
    expect(await given(both, ['ssh-Password', 'become-Password'])).toEqual({
      login: 'ssh-Password',
      become: 'become-Password',
      asked: ['SSH password: ', 'BECOME password[defaults to SSH password]: '],
    });
    expect(maskText('it is become-Password')).toBe('it is ********');
    expect(await given(['-K'], ['another'])).toEqual({ become: 'another', asked: ['BECOME password: '] });
    await readPasswords();
    expect(await given(['-k', '-K'], ['the-same', ''])).toMatchObject({ become: 'the-same' });
  });

  it('are in files, or said by programs', async () => {
    const plain = file('plain', 'first line\nsecond\n');
    const program = file('program', '#!/bin/sh\necho said\n', 0o700);
    const words = ['--connection-password-file', plain, '--become-password-file', program];
    expect(await given(words)).toEqual({ login: 'first line', become: 'said', asked: [] });
    expect(await given(['--conn-pass-file', program, '--become-pass-file', plain])).toMatchObject({
      login: 'said',
      become: 'first line',
    });
    await expect(given(['--become-password-file', file('empty', '\n')])).rejects.toThrow('no password in it');
    await expect(given(['--become-password-file', '/nowhere'])).rejects.toThrow('there is no such file');
    await expect(given(['--become-password-file', folder])).rejects.toThrow('it is a folder');
  });

  it('are read from pipes, as a shell hands them over', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    const writer = spawn('sh', ['-c', 'echo piped >"$1"', 'sh', pipe]);
    expect(await given(['--become-password-file', pipe])).toEqual({ become: 'piped', asked: [] });
    await once(writer, 'close');
  });

  it('come from where ansible.cfg says: ask_pass, become_password_file, connection_password_file', async () => {
    const plain = file('configured', 'configured\n');
    expect(await given([], ['typed'], { askPass: true, becomePasswordFile: plain })).toEqual({
      login: 'typed',
      become: 'configured',
      asked: ['SSH password: '],
    });
    expect(await given([], [], { connectionPasswordFile: plain })).toEqual({
      login: 'configured',
      asked: [],
    });
  });

  it('need a terminal to be asked for', async () => {
    await expect(readPasswords({ askLogin: false, askBecome: true })).rejects.toMatchObject({
      message: 'there is no terminal to ask for the BECOME password',
      hint: expect.stringContaining('--become-password-file'),
    });
  });
});
