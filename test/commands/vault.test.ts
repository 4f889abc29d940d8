import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  vaultCreate,
  vaultDecrypt,
  vaultEdit,
  vaultEncrypt,
  vaultEncryptString,
  vaultRekey,
  vaultView,
} from '../../src/commands/vault.ts';
import { decrypt, useVaultKeys } from '../../src/vault/keyring.ts';
import type { VaultSources } from '../../src/vault/passwords.ts';
import { parseYaml, type Vaulted } from '../../src/yaml/located.ts';
import { captured } from './output.ts';

const folder = mkdtempSync(join(tmpdir(), 'foobar-vault-'));
const recorded = fileURLToPath(new URL('../vault/recorded/', import.meta.url));
const { EDITOR: editorBefore, XDG_RUNTIME_DIR: memoryBefore } = process.env;
const first: VaultSources = {
  vaultIds: [],
  passwordFiles: [join(recorded, 'default.password')],
  ask: false,
};
const prod: VaultSources = {
  vaultIds: [`prod@${join(recorded, 'prod.password')}`],
  passwordFiles: [],
  ask: false,
};
const both: VaultSources = { ...first, vaultIds: prod.vaultIds };

afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  for (const [name, value] of [
    ['EDITOR', editorBefore],
    ['XDG_RUNTIME_DIR', memoryBefore],
  ] as const)
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});

let count = 0;

function file(text: string | Buffer, mode = 0o644): string {
  const path = join(folder, `file${++count}.yaml`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const text = (path: string) => readFileSync(path, 'utf8');
const mode = (path: string) => statSync(path).mode & 0o7777;
const copy = (name: string, bits?: number) => file(readFileSync(join(recorded, name)), bits);

function opened(path: string, sources: 'default' | 'prod') {
  const password = Buffer.from(text(join(recorded, `${sources}.password`)).trim());
  const { content, id } = decrypt(text(path), [{ id: sources, password }]);
  return { content: content.toString(), id };
}

/** An editor that writes a text, and notes the file that it was given and its mode. */
function editor(words: string): string {
  const script = file(
    `#!/bin/sh\nstat -c '%a %n' "$1" > ${folder}/seen\nstat -c %a "$(dirname "$1")" >> ${folder}/seen\n${words}\n`,
    0o755,
  );
  process.env.EDITOR = script;
  process.env.XDG_RUNTIME_DIR = mkdtempSync(join(folder, 'memory-'));
  return process.env.XDG_RUNTIME_DIR;
}

describe('vault encrypt and decrypt', () => {
  it('replace files, and leave them to their owner alone', async () => {
    const path = file('a: 1\n');
    await vaultEncrypt({ sources: first, files: [path] });
    expect(opened(path, 'default')).toEqual({ content: 'a: 1\n', id: 'default' });
    expect(mode(path)).toBe(0o600);
    await vaultDecrypt({ sources: both, files: [path] });
    expect([text(path), mode(path)]).toEqual(['a: 1\n', 0o600]);
  });

  it('follow links, and write elsewhere when asked', async () => {
    const path = file('linked\n');
    const link = join(folder, 'link');
    symlinkSync(path, link);
    await vaultEncrypt({ sources: prod, files: [link] });
    expect(opened(path, 'prod')).toEqual({ content: 'linked\n', id: 'prod' });
    const output = join(folder, 'output');
    await vaultDecrypt({ sources: prod, files: [link], output });
    expect(text(output)).toBe('linked\n');
    expect(text(path)).toMatch(/^\$ANSIBLE_VAULT/);
  });

  it('change no file when one cannot be', async () => {
    const [plain, sealed] = [file('plain\n'), copy('text.vault')];
    await expect(vaultEncrypt({ sources: first, files: [plain, sealed] })).rejects.toThrow(
      `${sealed} is already encrypted`,
    );
    expect(text(plain)).toBe('plain\n');
    const before = text(sealed);
    await expect(vaultDecrypt({ sources: first, files: [sealed, plain] })).rejects.toThrow('not encrypted');
    expect(text(sealed)).toBe(before);
  });

  it('need to know which of several passwords encrypts', async () => {
    const path = file('x\n');
    await expect(vaultEncrypt({ sources: both, files: [path] })).rejects.toThrow(
      'several vault passwords are given: prod, default',
    );
    await expect(vaultEncrypt({ sources: both, files: [path], encryptVaultId: 'staging' })).rejects.toThrow(
      'there is no vault password with the id staging',
    );
    await vaultEncrypt({ sources: both, files: [path], encryptVaultId: 'prod' });
    expect(opened(path, 'prod').id).toBe('prod');
  });

  it('write to standard output, as it is', async () => {
    const files = [join(recorded, 'bytes.vault')];
    const chunks: Buffer[] = [];
    const write = process.stdout.write;
    process.stdout.write = ((chunk: Uint8Array) => Boolean(chunks.push(Buffer.from(chunk)))) as typeof write;
    try {
      await vaultDecrypt({ sources: first, files, output: '-' });
    } finally {
      process.stdout.write = write;
    }
    expect(Buffer.concat(chunks)).toEqual(readFileSync(join(recorded, 'bytes.plain')));
  });
});

describe('vault view', () => {
  it('shows what is encrypted', async () => {
    const files = [join(recorded, 'variables.vault'), join(recorded, 'labelled.vault')];
    const { stdout } = await captured(() => vaultView({ sources: both, files }));
    expect(stdout).toBe(text(join(recorded, 'variables.plain')) + text(join(recorded, 'text.plain')));
  });
});

describe('vault edit and create', () => {
  it('hand the plain text to the editor in a place of its own', async () => {
    const path = copy('labelled.vault', 0o640);
    const memory = editor('echo added >> "$1"');
    await vaultEdit({ sources: both, files: [path] });
    expect(opened(path, 'prod')).toEqual({
      content: `${text(join(recorded, 'text.plain'))}added\n`,
      id: 'prod',
    });
    expect(mode(path)).toBe(0o640);
    expect(text(join(folder, 'seen'))).toMatch(
      new RegExp(`^600 ${memory}/foobar-edit-\\w+/file\\d+\\.yaml\n700\n$`),
    );
    expect(readdirSync(memory)).toEqual([]);
  });

  it('leave the file as it is when nothing was changed or the editor failed', async () => {
    const path = copy('text.vault');
    const before = text(path);
    editor('true');
    await vaultEdit({ sources: first, files: [path] });
    expect(text(path)).toBe(before);
    const memory = editor('echo half > "$1"; exit 4');
    await expect(vaultEdit({ sources: first, files: [path] })).rejects.toThrow(
      'ended with 4: nothing was saved',
    );
    expect([text(path), readdirSync(memory)]).toEqual([before, []]);
  });

  it('keep what was written when it cannot be saved', async () => {
    const target = join(folder, 'a-file', 'new.yaml');
    writeFileSync(join(folder, 'a-file'), '');
    const memory = editor('echo hours of work > "$1"');
    await expect(vaultCreate({ sources: first, files: [target] })).rejects.toThrow('cannot save');
    const [left = ''] = readdirSync(memory);
    expect(text(join(memory, left, 'new.yaml'))).toBe('hours of work\n');
  });

  it('make a new file, and never replace one', async () => {
    const path = join(folder, 'new.yaml');
    editor('echo fresh > "$1"');
    await vaultCreate({ sources: first, files: [path] });
    expect(opened(path, 'default').content).toBe('fresh\n');
    await expect(vaultCreate({ sources: first, files: [path] })).rejects.toThrow('is there already');
  });

  it('say that there is no editor', async () => {
    process.env.EDITOR = 'no-such-editor';
    await expect(vaultCreate({ sources: first, files: [join(folder, 'x')] })).rejects.toThrow(
      'there is no editor no-such-editor',
    );
  });
});

describe('vault rekey', () => {
  it('gives another password and id, and keeps the mode', async () => {
    const path = copy('text.vault', 0o640);
    await vaultRekey({ sources: first, files: [path], fresh: prod });
    expect(opened(path, 'prod')).toEqual({ content: text(join(recorded, 'text.plain')), id: 'prod' });
    expect(mode(path)).toBe(0o640);
  });

  it('changes no file when one does not open', async () => {
    const files = [copy('text.vault'), copy('labelled.vault')];
    const before = files.map(text);
    await expect(vaultRekey({ sources: first, files, fresh: prod })).rejects.toThrow(
      'no vault password fits',
    );
    expect(files.map(text)).toEqual(before);
  });
});

describe('vault encrypt-string', () => {
  it('prints values for a YAML file', async () => {
    const command = {
      sources: prod,
      files: ['one', 'two words'],
      names: ['a'],
      prompt: false,
      showInput: false,
    };
    const { stdout } = await captured(() => vaultEncryptString(command));
    expect(stdout).toMatch(/^a: !vault \|\n {10}\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
    const [named = '', unnamed = ''] = stdout.split(/^(?=!vault)/m);
    useVaultKeys([{ id: 'prod', password: Buffer.from(text(join(recorded, 'prod.password')).trim()) }]);
    expect((parseYaml(named, 'x') as { a: Vaulted }).a.text).toBe('one');
    expect((parseYaml(`b: ${unnamed}`, 'x') as { b: Vaulted }).b.text).toBe('two words');
    useVaultKeys([]);
  });

  it('refuses an empty text and two ways of asking', async () => {
    const command = { sources: first, names: [], showInput: false };
    await expect(vaultEncryptString({ ...command, files: [''], prompt: false })).rejects.toThrow('is empty');
    await expect(vaultEncryptString({ ...command, files: ['-'], prompt: true })).rejects.toThrow(
      '--prompt and standard input',
    );
  });
});
