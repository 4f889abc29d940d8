import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provision } from '../../src/commands/provision.ts';
import { ExitCode } from '../../src/errors.ts';
import { seal } from '../../src/vault/cipher.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const sealed = (text: string) => seal(Buffer.from(text), Buffer.from('pw'));
const value = (text: string) => `!vault |\n  ${sealed(text).trimEnd().replaceAll('\n', '\n  ')}\n`;
const folder = site({
  'inventory.yaml': 'all: {vars: {ansible_connection: local}, hosts: {box: }}\n',
  'group_vars/all.yaml': `token: ${value('tok-en "quoted"')}key: ${value('multi line secret\nsecond part here\n')}pin: ${value('4711')}`,
  'vars.yaml': sealed('word: whole-file-word\nnumber: 90071992\n'),
  'templates/x.j2': 'token={{ token }}\nkey={{ key }}\nword={{ word }} {{ number }} {{ pin }}\n',
  'templates/y.j2': sealed('file body text\n'),
  pw: 'pw\n',
  'site.yaml': `- hosts: all
  gather_facts: false
  vars_files: [vars.yaml]
  tasks:
    - template: {src: x.j2, dest: "{{ playbook_dir }}/x"}
    - template: {src: y.j2, dest: "{{ playbook_dir }}/y"}
    - copy: {content: "{{ {'a': token, 'b': [key, number]} | to_json }}", dest: "{{ playbook_dir }}/z"}
    - copy: {content: "{{ token | b64encode }} {{ word | upper | lower }}", dest: "{{ playbook_dir }}/b"}
    - debug: {msg: "{{ token }} {{ key }} {{ word }} {{ number }} {{ pin }}"}
    - debug: {var: token}
    - debug: {var: number}
    - name: "Say {{ word }}"
      command: {argv: [echo, "{{ token }}", "{{ pin }}"]}
      check_mode: false
      register: out
    - debug: {var: out}
    - fail: {msg: "no {{ token }}"}
      ignore_errors: true
    - assert: {that: "token == 'x'", fail_msg: "{{ key }}"}
      ignore_errors: true
    - debug: {msg: "{{ item }}"}
      loop: ["{{ token }}", "{{ word }}"]
`,
});

describe('what was decrypted', () => {
  it.each(['plain', 'json', 'live'] as const)('shows nowhere in %s output at -vvv', async (output) => {
    const { result, stdout, stderr } = await captured(() =>
      provision({
        inventory: join(folder, 'inventory.yaml'),
        playbook: join(folder, 'site.yaml'),
        tags: [],
        skipTags: [],
        extraVars: [],
        vault: { vaultIds: [], passwordFiles: [join(folder, 'pw')], ask: false },
        check: true,
        diff: true,
        verbosity: 3,
        output,
        signal: new AbortController().signal,
      }),
    );
    expect(result).toBe(ExitCode.done);
    const all = stdout + stderr;
    expect(all).toContain('********');
    expect(
      all.match(/.*(tok-en|quoted|multi line|second part|whole-file|90071992|file body|4711|dG9rLWVu).*/g),
    ).toBeNull();
  });
});
