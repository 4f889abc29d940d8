import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskText } from '../../src/secrets.ts';
import { renderTemplateFile, renderValue } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';
import { seal } from '../../src/vault/cipher.ts';
import { readDecrypted } from '../../src/vault/files.ts';
import { useVaultKeys } from '../../src/vault/keyring.ts';
import { parseYaml, readYamlFile } from '../../src/yaml/located.ts';

const recorded = fileURLToPath(new URL('recorded/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'foobar-vault-'));
const key = (id: string, word: string) => ({ id, password: Buffer.from(word) });

beforeAll(() => useVaultKeys([key('default', 'hunter two'), key('prod', 'other word')]));
afterAll(() => {
  useVaultKeys([]);
  rmSync(folder, { recursive: true, force: true });
});

function scope(values: unknown): Scope {
  return new Scope([{ origin: 'test', values: values as Record<string, unknown> }], {
    searchDirectories: [recorded, folder],
    check: false,
  });
}

const inline = () => scope(readYamlFile(join(recorded, 'inline.yaml')));

describe('a vaulted value in templates', () => {
  it.each([
    ['{{ inline }}', 'an inline secret'],
    ['{{ inline | upper }}', 'AN INLINE SECRET'],
    ['x {{ labelled }}', 'x it holds {{ braces }}'],
    ['{{ lines.split() }}', ['two', 'lines', 'of', 'a', 'key']],
    [
      "{{ [inline is vault_encrypted, 'x' is vault_encrypted, (inline ~ '.') is vault_encrypted] }}",
      [true, false, false],
    ],
    ["{{ lookup('unvault', 'text.vault') }}", 'user = web\npassword = trüb-€-salt\n'],
    ["{{ lookup('file', 'text.vault') }}", 'user = web\npassword = trüb-€-salt'],
    ["{{ ['RECORDED/text.vault' is vaulted_file, 'RECORDED/text.plain' is vaulted_file] }}", [true, false]],
    // As ansible-core 2.19 encrypts it.
    [
      "{{ 'x' | vault('pw', salt='saltsalt') }}",
      '$ANSIBLE_VAULT;1.2;AES256;filter_default\n373336313663373437333631366337340a6534346631346236383136626636653361366534396165\n63653836386563623363356565383234376364376136643662346435663235353236386265363864\n330a3163643633613931346165636565656432303530616637353933653839663134\n',
    ],
    ["{{ 'x' | vault('pw') | unvault('pw') }}", 'x'],
    ["{{ 'plain' | unvault('pw') }}", 'plain'],
  ])('%s', (text, expected) =>
    expect(renderValue(text.replaceAll('RECORDED/', recorded), inline())).toEqual(expected),
  );

  it.each([
    ["{{ 'x' | vault('pw') | unvault('other') }}", 'the password does not fit'],
    ["{{ 'x' | vault(1) }}", 'the password of vault must be a text'],
    ["{{ 'gone' is vaulted_file }}", 'cannot read gone'],
  ])('%s fails', (text, message) => expect(() => renderValue(text, inline())).toThrow(message));

  it('stays secret wherever it goes', () => {
    const text = renderValue('login --password={{ inline }} {{ inline | b64encode }}', inline());
    expect(maskText(String(text))).toBe('login --password=******** ********');
    expect(maskText(String(renderValue('{{ lines }}', inline())))).toBe('********\n');
    expect(maskText(JSON.stringify(renderValue('{{ lines }}', inline())))).not.toContain('of a key');
  });
});

describe('encrypted files', () => {
  it('are decrypted where they are copied or rendered, and their lines are secret', () => {
    const file = join(folder, 'app.conf.j2');
    writeFileSync(file, seal(Buffer.from('token = tok-{{ 1 + 1 }}-en\n'), Buffer.from('hunter two')));
    const text = renderTemplateFile(readDecrypted(file).toString(), file, scope({}));
    expect(text).toBe('token = tok-2-en\n');
    expect(maskText(text)).not.toContain('tok-');
    writeFileSync(join(folder, 'part.j2'), seal(Buffer.from('inner'), Buffer.from('hunter two')));
    expect(renderTemplateFile("{% include 'part.j2' %}", file, scope({}))).toBe('inner');
  });

  it('say by name which one no password fits', () => {
    const file = join(folder, 'foreign');
    writeFileSync(file, seal(Buffer.from('x'), Buffer.from('unknown'), 'staging'));
    expect(() => readDecrypted(file)).toThrow(
      `${file}: cannot decrypt it: no vault password fits (tried: default, prod)`,
    );
  });

  it('of variables may hold templates, as in Ansible', () => {
    const sealed = seal(Buffer.from('a: "{{ 1 + 1 }}"\nb: !unsafe "{{ x }}"\n'), Buffer.from('hunter two'));
    const values = scope(parseYaml(sealed, 'vars.yaml'));
    expect([values.get('a'), values.get('b')]).toEqual([2, '{{ x }}']);
  });
});
