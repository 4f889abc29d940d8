import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckOptions, check } from '../../src/commands/check.ts';
import { ExitCode } from '../../src/errors.ts';
import { seal } from '../../src/vault/cipher.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const sealed = (text: string) => seal(Buffer.from(text), Buffer.from('pw'));
const inline = sealed('a vaulted word').trimEnd().replaceAll('\n', '\n  ');
const folder = site({
  'inventory.yaml': 'all: {hosts: {web1: }}\n',
  'group_vars/all/plain.yaml': `password: !vault |\n  ${inline}\nlogin: "app:{{ password }}"\n`,
  'right.yaml': `- hosts: all
  gather_facts: false
  tasks:
    - user: {name: app, password: "{{ login }}"}
    - debug: {msg: "{{ password | length }}"}
    - user:
        name: other
        password: !vault |
          ${inline.replaceAll('\n', '\n        ')}
`,
  'wrong.yaml':
    '- hosts: all\n  tasks:\n    - debug: {mgs: hi}\n    - template: {src: sealed.j2, dest: /x}\n',
  'templates/sealed.j2': sealed('{{ password }} {{ login }}\n'),
  'sealed.yaml': sealed('- hosts: all\n  tasks:\n    - debug: {mgs: hidden}\n'),
  pw: 'pw\n',
  'not-pw': 'other\n',
});

async function checked(playbook: string, password?: string, given: Partial<CheckOptions> = {}) {
  const vault = { vaultIds: [], passwordFiles: password ? [join(folder, password)] : [], ask: false };
  const options = { tags: [], skipTags: [], extraVars: [], vault, ...given };
  const { result, stdout } = await captured(() =>
    check({ inventory: join(folder, 'inventory.yaml'), playbook: join(folder, playbook), ...options }),
  );
  return { result, text: stdout.replaceAll(`${folder}/`, '') };
}

describe('foobar check', () => {
  it('needs no password for vaulted values', async () => {
    expect(await checked('right.yaml')).toMatchObject({ result: ExitCode.done });
    expect(await checked('right.yaml', 'not-pw')).toMatchObject({ result: ExitCode.done });
  });

  it('says where an encrypted file needs one', async () => {
    const { result, text } = await checked('wrong.yaml');
    expect(result).toBe(ExitCode.project);
    expect(text).toContain(
      'templates/sealed.j2:1:1: this file is encrypted: cannot decrypt it: no vault password was given',
    );
    expect((await checked('wrong.yaml', 'not-pw')).text).toContain('no vault password fits (tried: default)');
    expect((await checked('wrong.yaml', 'pw')).text).not.toContain('sealed.j2');
    expect((await checked('sealed.yaml')).text).toContain('sealed.yaml:1:1: this file is encrypted');
  });

  it('shows nothing of an encrypted file but the place of its mistakes', async () => {
    const { text } = await checked('sealed.yaml', 'pw');
    expect(text).toContain('sealed.yaml:3:15: debug has no parameter mgs\n  did you mean msg?\n');
  });

  it('gives JSON for editors', async () => {
    const { result, text } = await checked('wrong.yaml', 'pw', { json: true });
    expect(result).toBe(ExitCode.project);
    expect(JSON.parse(text).problems).toContainEqual({
      file: 'wrong.yaml',
      line: 3,
      column: 15,
      severity: 'error',
      message: 'debug has no parameter mgs',
      hint: 'did you mean msg?',
    });
    expect(JSON.parse((await checked('right.yaml', 'pw', { json: true })).text)).toEqual({ problems: [] });
  });
});
