import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import type { Inventory } from '../../src/inventory/contract.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { Unsafe, Vaulted } from '../../src/yaml/located.ts';

function folder(files: Record<string, string>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'inventory-')));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
    if (text.startsWith('#!')) chmodSync(join(root, name), 0o755);
  }
  return root;
}

/** Mistakes and warnings with their places. */
function said(files: Record<string, string>, source = 'hosts'): string[] {
  const root = folder(files);
  try {
    return (loadInventory(join(root, source)).warnings ?? []).map(
      (each) => `warning: ${each.message.replaceAll(`${root}/`, '')}`,
    );
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.problems.map(({ place, message, hint }) =>
      [`${place?.line}:${place?.column} ${message}`, ...(hint ? [hint] : [])]
        .join(' | ')
        .replaceAll(`${root}/`, ''),
    );
  }
}

describe('mistakes in INI', () => {
  it.each<[string, string[]]>([
    [
      '[web]\nw1 ansible_user\n',
      ['2:4 ansible_user is no variable of a host | write name=value, with quotes around blanks'],
    ],
    ["[web]\n  w1 a='x\n", ["2:3 a closing ' is missing in this line"]],
    ['[web:hots]\nw1\n', ['1:6 a section of web is hosts, children or vars, not hots | did you mean hosts?']],
    [
      '[web servers]\n',
      ['1:1 [web servers] is no section | for example [web], [web:vars] or [site:children]'],
    ],
    ['[web]\nw\n[web:vars]\nno\n', ['4:1 no is no variable | write name=value']],
    [
      '[site:children]\nweb\n[wbe]\nw1\n',
      ['2:1 site contains web, but no section [web] or [web:children] is there | did you mean wbe?'],
    ],
    [
      '[wbe:vars]\nx=1\n[web]\nw1\n',
      [
        '1:1 [wbe:vars] has variables of group wbe, but no section [wbe] or [wbe:children] is there | a section of variables needs a group',
      ],
    ],
    ['[a:children]\nb\n[b:children]\na\n', ['4:1 group a contains b, which contains it']],
    [
      '[a]\nansible_user=root\n',
      ['2:1 ansible_user=root is no host name | variables of a group stand under [a:vars]'],
    ],
    [
      '[a]\nw[1:x] a=1\nweb1: b=2\n',
      [
        '2:1 w[1:x] is no valid host range | for example web[01:03] or db-[a:c]',
        '3:1 web1: ends with a colon, but no port follows | is this file YAML? Then name it so',
      ],
    ],
    [
      '[a]\nh\n[a:vars]\n  ansible_group_priority=high\n',
      ['4:3 ansible_group_priority of group a is "high", not a whole number'],
    ],
  ])('%j', (text, expected) => expect(said({ 'hosts.ini': text }, 'hosts.ini')).toEqual(expected));

  it('are found in a file without an extension too', () =>
    expect(said({ hosts: 'w1 a=1\nw2 b\n' })).toEqual([
      '2:4 b is no variable of a host | write name=value, with quotes around blanks',
    ]));

  it('are all told at once, of every source in a folder', () =>
    expect(
      said({ 'inv/a.ini': '[x y]\nw1 b\n', 'inv/b.yaml': 'web: []\n', 'inv/README.md': '[[' }, 'inv'),
    ).toHaveLength(3));
});

describe('values of INI know their places', () =>
  it('in lines of hosts and of variables', () => {
    const root = folder({ hosts: '[a]\nh x={{y z=1\n[a:vars]\n\n  w = 1\n' });
    const layers = loadInventory(join(root, 'hosts')).hosts.get('h')?.layers ?? [];
    expect(Object.assign({}, ...layers.map((layer) => layer.values))).toMatchObject({ x: '{{y', z: 1, w: 1 });
  }));

describe('a program', () => {
  const program = (script: string) => said({ hosts: `#!/bin/sh\n${script}\n` });

  it.each<[string, string[]]>([
    [
      'echo no access >&2; exit 3',
      ['1:1 hosts --list ended with exit code 3: no access | run it by hand to see more'],
    ],
    ['echo "{\n  x"', ['1:1 hosts --list prints no JSON: line 2, column 3 of its output:   x']],
    ['true', ['1:1 hosts --list prints no JSON: nothing at all']],
    ["echo '[1]'", ['1:1 --list prints a list, not a mapping of groups']],
    [
      `echo '{"web": {"hosts": "w1"}, "_meta": {"hostvars": {}}}'`,
      ['1:1 hosts of group web must be a list of names'],
    ],
    [`echo '{"_meta": {"hostvars": []}}'`, ['1:1 _meta.hostvars is a list, not a mapping']],
    [
      `echo '{"a": {"children": ["b"]}, "b": {"children": ["a"]}, "_meta": {"hostvars": {}}}'`,
      ['1:1 group a contains b, which contains it'],
    ],
    [
      `echo slowly >&2; echo '{"web": {"hosts": ["w1"]}, "_meta": {"hostvars": {}}}'`,
      ['warning: hosts --list says: slowly'],
    ],
  ])('%s', (script, expected) => expect(program(script)).toEqual(expected));

  it('is run once when it tells the variables of all hosts', () => {
    const root = folder({
      hosts: `#!/bin/sh\necho "$@" >>"$(dirname "$0")/runs"\necho '{"web": {"hosts": ["w1", "w2"]}, "_meta": {"hostvars": {"w1": {"a": 1}}}}'\n`,
    });
    expect([...loadInventory(join(root, 'hosts')).hosts.keys()]).toEqual(['w1', 'w2']);
    expect(readFileSync(join(root, 'runs'), 'utf8')).toBe('--list\n');
  });

  it('marks texts that are no templates or are encrypted', () => {
    const values = {
      a: { __ansible_unsafe: '{{ x }}' },
      b: [{ __ansible_vault: '$ANSIBLE_VAULT;1.1;AES256\n61\n' }],
    };
    const answer = JSON.stringify({ web: { hosts: ['w1'] }, _meta: { hostvars: { w1: values } } });
    const root = folder({ hosts: `#!/bin/sh\ncat <<'X'\n${answer}\nX\n` });
    const { a, b } = loadInventory(join(root, 'hosts')).hosts.get('w1')?.layers.at(-1)?.values ?? {};
    expect(a).toEqual(new Unsafe('{{ x }}'));
    expect((b as unknown[])[0]).toBeInstanceOf(Vaulted);
  });

  it('that cannot be started is refused', () =>
    expect(said({ hosts: '#!/no/such/interpreter\n' })[0]).toMatch(
      /^1:1 hosts --list cannot be run: .*ENOENT/,
    ));
});

describe('where an inventory is', () => {
  const where = ({ file, directory, stateDirectory, sources }: Inventory, root: string) =>
    JSON.parse(JSON.stringify([file, directory, stateDirectory, sources]).replaceAll(root, 'ROOT'));

  it('of a file, a folder, several and a list', () => {
    const root = folder({ 'inv/prod.ini': 'w1\n', 'inv/more/b': 'w2\n' });
    expect(where(loadInventory(join(root, 'inv/prod.ini')), root)).toEqual([
      'ROOT/inv/prod.ini',
      'ROOT/inv',
      'ROOT/inv/.foobar/prod',
      ['ROOT/inv/prod.ini'],
    ]);
    expect(where(loadInventory(join(root, 'inv')), root)).toEqual([
      'ROOT/inv',
      'ROOT/inv',
      'ROOT/.foobar/inv',
      ['ROOT/inv'],
    ]);
    const both = loadInventory([join(root, 'inv/more'), join(root, 'inv/prod.ini')]);
    expect(where(both, root).slice(2)).toEqual([
      'ROOT/inv/.foobar/more',
      ['ROOT/inv/more', 'ROOT/inv/prod.ini'],
    ]);
    expect(both.hosts.get('w1')).toMatchObject({
      file: join(root, 'inv/prod.ini'),
      directory: join(root, 'inv'),
      place: { line: 1, column: 1 },
    });
    expect(loadInventory('a,b:22,')).toMatchObject({ file: 'a,b:22,', directory: process.cwd() });
  });

  it('finds ~ and variables of the environment', () => {
    const root = folder({ hosts: 'w1\n' });
    process.env.FOOBAR_TEST_ROOT = root;
    expect(loadInventory('$FOOBAR_TEST_ROOT/hosts').file).toBe(join(root, 'hosts'));
    expect(loadInventory('${FOOBAR_TEST_ROOT}/hosts').file).toBe(join(root, 'hosts'));
    delete process.env.FOOBAR_TEST_ROOT;
    expect(() => loadInventory('~/no-such-inventory')).toThrow('cannot read');
  });
});

it('warns of connection variables that have no effect', () =>
  expect(
    said({
      hosts:
        'w1 ansible_shell_type=fish ansible_python_interpreter=/usr/bin/python3\nw2 ansible_shell_type=fish\n',
    }),
  ).toEqual(['warning: ansible_shell_type has no effect: commands run in sh, whatever shell the user has']));
