import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seal } from '../../src/vault/cipher.ts';
import { readVaultKeys, type VaultSources } from '../../src/vault/passwords.ts';

const folder = mkdtempSync(join(tmpdir(), 'foobar-vault-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const plain = file('plain', '  first word \n');
const other = file('other', 'second word\n');
const program = file('program', '#!/bin/sh\nprintf "from a program\\n"\n', 0o700);
const client = file('keys-client', '#!/bin/sh\nprintf "for %s %s\\n" "$@"\n', 0o700);
const failing = file('failing', '#!/bin/sh\nexit 3\n', 0o700);
const noProgram = file('no-program', 'word\n', 0o700);
const empty = file('empty', '\n');
const sealed = file('sealed', seal(Buffer.from('inner word\n'), Buffer.from('first word')));

const none: VaultSources = { vaultIds: [], passwordFiles: [], ask: false };

interface Asked {
  readonly answers?: readonly string[];
  readonly fresh?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

async function keys(given: Partial<VaultSources>, asked: Asked = {}) {
  const answers = [...(asked.answers ?? [])];
  const questions: string[] = [];
  const warnings: string[] = [];
  const ask = async ({ text, echo }: { text: string; echo: boolean }) => {
    expect(echo).toBe(false);
    questions.push(text);
    return answers.shift() ?? '';
  };
  const found = await readVaultKeys(
    { ...none, ...given },
    {
      ask: asked.answers && ask,
      fresh: asked.fresh === true,
      warn: (message) => warnings.push(message),
    },
    asked.environment ?? {},
  );
  return { found: found.map(({ id, password }) => `${id}: ${password}`), questions, warnings };
}

describe('vault passwords', () => {
  it.each<[string, Partial<VaultSources>, string[], Asked?]>([
    ['come from nowhere', {}, []],
    ['come from a file, without the blanks around', { passwordFiles: [plain] }, ['default: first word']],
    ['come from a program', { passwordFiles: [program] }, ['default: from a program']],
    [
      'come from a client that is told the id',
      { vaultIds: [`prod@${client}`] },
      ['prod: for --vault-id prod'],
    ],
    [
      'by id stand before those of files',
      { vaultIds: [`prod@${other}`], passwordFiles: [plain] },
      ['prod: second word', 'default: first word'],
    ],
    ['without an id have the default one', { vaultIds: [other] }, ['default: second word']],
    [
      'may be encrypted with one given before',
      { passwordFiles: [plain, sealed] },
      ['default: first word', 'default: inner word'],
    ],
    [
      'come from the environment',
      {},
      ['dev: second word', 'default: first word'],
      {
        environment: { ANSIBLE_VAULT_PASSWORD_FILE: plain, ANSIBLE_VAULT_IDENTITY_LIST: `dev@${other}` },
      },
    ],
    [
      'of the command line replace the file of the environment',
      { passwordFiles: [other] },
      ['default: second word'],
      { environment: { ANSIBLE_VAULT_PASSWORD_FILE: plain } },
    ],
  ])('%s', async (_what, given, expected, asked) => {
    expect((await keys(given, asked)).found).toEqual(expected);
  });

  it('are asked for in the words of Ansible', async () => {
    const given = { vaultIds: ['prod@prompt'], ask: true };
    expect(await keys(given, { answers: ['one two', 'three'] })).toMatchObject({
      found: ['prod: one two', 'default: three'],
      questions: ['Vault password (prod): ', 'Vault password: '],
    });
  });

  it('to encrypt with are asked for twice', async () => {
    const asked = { fresh: true, answers: ['word', 'word'] };
    expect(await keys({}, asked)).toMatchObject({
      found: ['default: word'],
      questions: ['New vault password: ', 'Confirm new vault password: '],
    });
    await expect(keys({}, { fresh: true, answers: ['word', 'ward'] })).rejects.toThrow('not the same');
  });

  it.each<[string, Partial<VaultSources>, string, Asked?]>([
    ['a missing file', { passwordFiles: [join(folder, 'gone')] }, 'there is no vault password file'],
    ['a folder', { passwordFiles: [folder] }, 'is a folder'],
    ['an empty file', { passwordFiles: [empty] }, 'there is no vault password in'],
    ['a program that fails', { passwordFiles: [failing] }, 'ended with exit code 3'],
    [
      'a file that only looks like a program',
      { passwordFiles: [noProgram] },
      'cannot run the vault password program',
    ],
    ['a missing terminal', { ask: true }, 'there is no terminal to ask for the vault password (default)'],
    ['an empty answer', { ask: true }, 'the vault password is empty', { answers: [''] }],
    ['a semicolon', { vaultIds: [`a;b@${plain}`] }, 'an id cannot hold a semicolon'],
  ])('do not come from %s', async (_what, given, message, asked) => {
    await expect(keys(given, asked)).rejects.toThrow(message);
  });

  it('that are missing are a warning while there is another', async () => {
    const { found, warnings } = await keys({ passwordFiles: [join(folder, 'gone'), plain] });
    expect(found).toEqual(['default: first word']);
    expect(warnings).toEqual([`there is no vault password file ${join(folder, 'gone')}`]);
  });
});
