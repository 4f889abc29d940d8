import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { open, seal } from '../../src/vault/cipher.ts';
import { isEncrypted, parseEnvelope } from '../../src/vault/format.ts';
import { decrypt, useVaultKeys, type VaultKey } from '../../src/vault/keyring.ts';
import { readYamlFile } from '../../src/yaml/located.ts';

const recorded = (name: string): string => fileURLToPath(new URL(`recorded/${name}`, import.meta.url));
const bytes = (name: string): Buffer => readFileSync(recorded(name));
const key = (id: string): VaultKey => ({
  id,
  password: Buffer.from(bytes(`${id}.password`).toString().trim()),
});
const keys = [key('default'), key('prod')];

afterEach(() => useVaultKeys([]));

describe('what ansible-vault encrypted', () => {
  it.each([
    ['variables.vault', 'variables.plain', 'default'],
    ['text.vault', 'text.plain', 'default'],
    ['empty.vault', 'empty.plain', 'default'],
    ['bytes.vault', 'bytes.plain', 'default'],
    ['labelled.vault', 'text.plain', 'prod'],
  ])('%s is %s, encrypted for %s', (file, plain, id) => {
    const opened = decrypt(bytes(file), keys);
    expect(opened.content).toEqual(bytes(plain));
    expect([opened.id, opened.key.id]).toEqual([id, id]);
  });

  it('is opened by a password of another id, as Ansible does', () => {
    const renamed = { id: 'staging', password: key('prod').password };
    expect(decrypt(bytes('labelled.vault'), [key('default'), renamed]).key.id).toBe('staging');
  });

  it.each([
    ['text.vault', [], /no vault password was given/, '--vault-password-file'],
    ['text.vault', [key('prod')], /no vault password fits \(tried: prod\)/, 'its id is default'],
    [
      'text.vault',
      [{ id: 'default', password: key('prod').password }],
      /no vault password fits \(tried: default\)/,
      'it was encrypted with another password',
    ],
    ['labelled.vault', [key('default')], /tried: default/, 'its id is prod: give --vault-id prod@FILE'],
  ])('%s says what is missing', (file, given, message, hint) => {
    const attempt = () => decrypt(bytes(file), given);
    expect(attempt).toThrow(message);
    try {
      attempt();
    } catch (error) {
      expect((error as { hint?: string }).hint ?? '').toContain(hint ?? '');
    }
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -40)],
    ['with a digit lost', (text: string) => text.replace(/(?<=\n.*)[0-9a-f]\n/, '\n')],
    ['without a body', (text: string) => text.split('\n', 1)[0] ?? ''],
  ])('is refused when it is %s', (_how, damage) => {
    expect(() => decrypt(damage(bytes('text.vault').toString()), keys)).toThrow(/damaged|fits/);
  });

  it('is refused when one bit of it was changed', () => {
    const text = bytes('text.vault').toString();
    const at = text.trimEnd().length - 1;
    const other = `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}\n`;
    expect(() => decrypt(other, keys)).toThrow(/fits|damaged/);
  });
});

describe('what is encrypted here', () => {
  it.each(['', 'x', '0123456789abcdef', 'two\nlines\n'])('%j is opened again', (text) => {
    const sealed = seal(Buffer.from(text), Buffer.from('word'), 'prod');
    const envelope = parseEnvelope(sealed);
    expect(envelope && open(envelope, Buffer.from('word'))?.toString()).toBe(text);
    expect(envelope && open(envelope, Buffer.from('Word'))).toBeUndefined();
  });

  it('has the form that ansible-vault writes', () => {
    const shape = (text: string) =>
      text
        .replaceAll(/[0-9a-f]/g, '0')
        .split('\n')
        .slice(1, 3);
    const [first, ...lines] = seal(bytes('text.plain'), key('default').password).split('\n');
    expect(first).toBe('$ANSIBLE_VAULT;1.1;AES256');
    expect(seal(Buffer.from(''), Buffer.from('w'), 'prod')).toMatch(/^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/);
    expect(shape(['', ...lines].join('\n'))).toEqual(shape(bytes('text.vault').toString()));
    expect(lines.at(-1)).toBe('');
    expect(isEncrypted(Buffer.from(first ?? ''))).toBe(true);
  });
});

describe('YAML', () => {
  it('of an encrypted file is read as if it were plain', () => {
    useVaultKeys(keys);
    expect(readYamlFile(recorded('variables.vault'))).toEqual(readYamlFile(recorded('variables.plain')));
  });

  it('of an encrypted file without its password is a mistake at its place', () => {
    expect(() => readYamlFile(recorded('variables.vault'))).toThrow(
      'this file is encrypted: cannot decrypt it: no vault password was given',
    );
  });

  it('with vaulted values is read without a password; using them needs one', () => {
    const values = readYamlFile(recorded('inline.yaml')) as Record<string, { text: string }>;
    expect(() => values.inline?.text).toThrow(
      /inline\.yaml:1:9: cannot decrypt it: no vault password was given/,
    );
    useVaultKeys(keys);
    expect(values.inline?.text).toBe('an inline secret');
    expect(values.labelled?.text).toBe('it holds {{ braces }}');
    expect(values.lines?.text).toBe('two lines\nof a key\n');
  });
});
