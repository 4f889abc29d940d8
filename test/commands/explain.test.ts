import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ExplainOptions, explain } from '../../src/commands/explain.ts';
import { ProjectError } from '../../src/errors.ts';
import { seal } from '../../src/vault/cipher.ts';
import { captured } from './output.ts';
import { site } from './site.ts';

const sealed = seal(Buffer.from('a vaulted word'), Buffer.from('pw')).trimEnd().replaceAll('\n', '\n  ');
const folder = site({
  'inventory.yaml': `all:
  vars:
    base: 8000
    port: 80
    os: "{{ ansible_facts.os_family }}"
    ansible_become_password: plain words
  children:
    web:
      vars: {port: "{{ base + 80 }}"}
      hosts:
        web1: {address: {ip: 10.0.0.1, tags: [a, b]}}
        web2:
    db:
      hosts:
        db1:
`,
  'group_vars/all.yaml': `login: "app:{{ password }}"\npassword: !vault |\n  ${sealed}\n`,
  'host_vars/web1.yaml': '# of this host\nport: "{{ base + 81 }}"\n',
  pw: 'pw\n',
  'site.yaml': `- name: Web
  hosts: web
  vars: {port: 9000, play_only: 1}
  roles: [app]
- hosts: db
  tasks:
    - debug: {msg: "{{ base }}"}
`,
  'roles/app/defaults/main.yaml': 'port: 1\nworkers: "{{ port // 1000 }}"\n',
  'roles/app/vars/main.yaml': 'base: 1\n',
  'roles/app/tasks/main.yaml': '- debug: {msg: "{{ workers }}"}\n  vars: {play_only: 2}\n',
});
const inventory = join(folder, 'inventory.yaml');

async function explained(given: Partial<ExplainOptions> = {}) {
  const { stdout } = await captured(() =>
    explain({ inventory, host: 'web1', tags: [], skipTags: [], extraVars: [], ...given }),
  );
  return stdout.replaceAll(`${folder}/`, '');
}
const unlocked = { vault: { vaultIds: [], passwordFiles: [join(folder, 'pw')], ask: false } };

describe('foobar explain', () => {
  it('says what counts, where it stands and what it overrides, lowest last', async () => {
    expect(await explained({ variable: 'port' })).toBe(`port: 8081
  host_vars/web1.yaml:2  {{ base + 81 }}
  inventory.yaml:9  {{ base + 80 }}  overridden
  inventory.yaml:4  80  overridden
`);
  });

  it('puts -e above all', async () => {
    expect(await explained({ variable: 'port', extraVars: ['port=1'] })).toMatch(
      /^port: 1\n {2}extra vars \(-e\) {2}1\n {2}host_vars/,
    );
  });

  it('knows what foobar itself defines', async () => {
    expect(await explained({ variable: 'group_names' })).toBe('group_names: [web]\n  foobar itself\n');
  });

  it('shows all variables, and why one cannot be told', async () => {
    const shown = await explained();
    expect(shown).toMatch(/^address: \{ip: 10\.0\.0\.1, tags: \[a, b\]\}\n {2}inventory\.yaml:11 /m);
    expect(shown).toMatch(/^os: not known here: .*os_family/m);
    expect(shown).toMatch(
      /^password: not known here: .*no vault password was given\n {2}group_vars\/all\.yaml:2 {2}!vault/m,
    );
  });

  it('shows no secret, also not inside of other values', async () => {
    const shown = await explained(unlocked);
    expect(shown).toMatch(/^password: \*{8}\n {2}group_vars\/all\.yaml:2 {2}!vault \*{8}$/m);
    expect(shown).toMatch(/^login: app:\*{8}\n {2}group_vars\/all\.yaml:1 {2}app:\{\{ password \}\}$/m);
    expect(shown).toMatch(/^ansible_become_password: \*{8}\n.* \*{8}$/m);
    expect(shown).not.toMatch(/vaulted word|plain words/);
    expect(await explained({ ...unlocked, output: 'json' })).not.toMatch(/vaulted word|plain words/);
  });

  it('takes the plays and roles of a playbook in', async () => {
    const playbook = join(folder, 'site.yaml');
    expect(await explained({ playbook, variable: 'port', ...unlocked })).toBe(`port: 9000
  site.yaml:3  9000
  host_vars/web1.yaml:2  {{ base + 81 }}  overridden
  inventory.yaml:9  {{ base + 80 }}  overridden
  inventory.yaml:4  80  overridden
  roles/app/defaults/main.yaml:1  1  overridden
`);
    expect(await explained({ playbook, variable: 'workers' })).toMatch(/^workers: 9\n/);
    expect(await explained({ playbook, variable: 'base' })).toBe(
      'base: 8000\n  inventory.yaml:3  8000\n  roles/app/vars/main.yaml:1  1  in role app\n',
    );
    expect(await explained({ playbook, variable: 'base', host: 'db1' })).toBe(
      'base: 8000\n  inventory.yaml:3  8000\n',
    );
  });

  it('gives JSON', async () => {
    const { host, variables } = JSON.parse(await explained({ variable: 'port', output: 'json' }));
    expect(host).toBe('web1');
    expect(variables).toMatchObject([
      {
        name: 'port',
        value: 8081,
        sources: [
          { raw: '{{ base + 81 }}', file: 'host_vars/web1.yaml', line: 2, column: 1 },
          {},
          { raw: 80 },
        ],
      },
    ]);
  });

  it.each<[Partial<ExplainOptions>, string, string]>([
    [{ variable: 'prot' }, 'nothing defines the variable prot here', 'did you mean port?'],
    [{ variable: 'ansible_kernel_name' }, 'nothing defines', 'facts are known on the host only'],
    [{ host: 'web11' }, 'there is no host web11', 'did you mean web1?'],
    [{ host: 'db' }, 'there is no host db', 'it is a group of db1'],
  ])('%j is a mistake', async (given, message, hint) => {
    const error: unknown = await explained(given).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProjectError);
    const [problem] = (error as ProjectError).problems;
    expect(problem?.message).toContain(message);
    expect(problem?.hint).toContain(hint);
  });
});
