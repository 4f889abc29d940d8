import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import type { Play, Playbook, Task } from '../../src/playbook/contract.ts';
import { loadPlaybook, selectTasks, unknownTags } from '../../src/playbook/load.ts';
import { keyPlaceOf, placeOf } from '../../src/yaml/located.ts';

function load(files: Record<string, string>, extraVars: Record<string, unknown> = {}): Playbook {
  const root = mkdtempSync(join(tmpdir(), 'playbook-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return loadPlaybook(join(root, 'site.yml'), { extraVars });
}

function play(files: Record<string, string>): Play {
  return load(files).plays[0] as Play;
}

/** The tasks of a list, as a play has them. */
function tasks(text: string, words = ''): Task[] {
  const indented = text
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return own(play({ 'site.yml': `- hosts: all\n${words}  tasks:\n${indented}\n` }).tasks);
}

function own(list: readonly Task[]): Task[] {
  return list.filter((task) => task.name !== 'flush_handlers');
}

function mistakes(files: Record<string, string>): string[] {
  try {
    load(files);
    return [];
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.problems.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`));
  }
}

const texts = (list: readonly { text: string }[] | undefined) => list?.map((each) => each.text);

describe('plays', () => {
  const found = play({
    'site.yml': `
- name: Web servers
  hosts: [web, "!legacy"]
  become: yes
  gather_facts: no
  serial: [1, "30%"]
  vars: {a: 1}
  vars_files: [vars/common.yml]
  vars_prompt: [{name: release, default: latest}]
  environment: {http_proxy: "http://proxy:3128"}
  pre_tasks: [{debug: msg=pre}]
  roles: [nginx]
  tasks: [{debug: msg=main}]
  post_tasks: [{debug: msg=post}]
  handlers: [{name: own, debug: msg=own}]
`,
    'vars/common.yml': 'b: 2\n',
    'roles/nginx/tasks/main.yml': '- debug: msg=role\n',
    'roles/nginx/handlers/main.yaml': '- name: restart nginx\n  debug: msg=restart\n',
  });

  it('has its words', () =>
    expect(found).toMatchObject({
      name: 'Web servers',
      hosts: 'web,!legacy',
      gatherFacts: false,
      serial: [1, '30%'],
      become: { become: true },
    }));

  it('has its variables, lowest precedence first', () =>
    expect(found.layers.map((layer) => layer.values)).toEqual([{ a: 1 }, { release: 'latest' }, { b: 2 }]));

  it('flushes handlers where Ansible does', () =>
    expect(found.tasks.map((task) => task.args.msg ?? task.args._raw_params)).toEqual([
      'pre',
      'flush_handlers',
      'role',
      'main',
      'flush_handlers',
      'post',
      'flush_handlers',
    ]));

  it('has handlers of roles before its own', () =>
    expect(found.handlers.map((handler) => [handler.name, handler.role?.name])).toEqual([
      ['restart nginx', 'nginx'],
      ['own', undefined],
    ]));

  it('hands down become and environment', () =>
    expect(found.tasks[0]).toMatchObject({
      become: { become: true },
      environment: [{ http_proxy: 'http://proxy:3128' }],
    }));

  it('asks for prompts, unless -e answers', () => {
    const files = { 'site.yml': '- hosts: all\n  vars_prompt: [{name: version, private: no}]\n' };
    expect(load(files).plays[0]?.prompts).toMatchObject([
      { name: 'version', prompt: 'version', private: false, confirm: false },
    ]);
    expect(load(files, { version: '1' }).plays[0]?.prompts).toBeUndefined();
  });
});

describe('tasks', () => {
  it.each([
    ['- ansible.builtin.apt: {name: nginx}', 'apt', { name: 'nginx' }],
    ['- community.mysql.mysql_user: name=app', 'mysql_user', { name: 'app' }],
    ['- apt: name=nginx state=present', 'apt', { name: 'nginx', state: 'present' }],
    [
      '- command: make install\n  args: {chdir: /opt, creates: /opt/bin}',
      'command',
      { _raw_params: 'make install', chdir: '/opt', creates: '/opt/bin' },
    ],
    ['- copy: {src: a}\n  args: {src: b, dest: c}', 'copy', { src: 'a', dest: 'c' }],
    ['- action: apt name=nginx', 'apt', { name: 'nginx' }],
    ['- action: {module: apt, name: nginx}', 'apt', { name: 'nginx' }],
    ['- local_action: command echo hi', 'command', { _raw_params: 'echo hi' }],
    ['- ping:', 'ping', {}],
    ['- shell: >\n    cat a |\n    sort', 'shell', { _raw_params: 'cat a | sort\n' }],
  ])('%j', (text, module, args) => expect(tasks(text)[0]).toMatchObject({ module, args }));

  it('reads every keyword', () => {
    const [task] = tasks(`
- name: Deploy
  command: deploy
  when:
    - a is defined
    - b | bool
  loop: "{{ sites }}"
  loop_control: {loop_var: site, index_var: index, label: "{{ site.name }}"}
  register: deployed
  notify: [restart, reload]
  changed_when: deployed.rc == 2
  failed_when: deployed.rc > 2
  until: deployed is success
  retries: 3
  delay: 5
  delegate_to: web1
  run_once: true
  ignore_errors: yes
  no_log: true
  check_mode: no
  become: true
  become_user: app
  environment: {A: b}
  tags: deploy, app
  vars: {x: 1}
`);
    expect(task).toMatchObject({
      name: 'Deploy',
      loop: { value: '{{ sites }}' },
      loopControl: { loopVar: 'site', indexVar: 'index', label: '{{ site.name }}' },
      register: 'deployed',
      notify: ['restart', 'reload'],
      retries: 3,
      delay: 5,
      delegateTo: 'web1',
      runOnce: true,
      ignoreErrors: true,
      noLog: true,
      checkMode: false,
      become: { become: true, user: 'app' },
      environment: [{ A: 'b' }],
      tags: ['deploy', 'app'],
    });
    expect([task?.when, task?.changedWhen, task?.failedWhen, task?.until].map(texts)).toEqual([
      ['a is defined', 'b | bool'],
      ['deployed.rc == 2'],
      ['deployed.rc > 2'],
      ['deployed is success'],
    ]);
    expect(task?.layers.map((layer) => layer.values)).toEqual([{ x: 1 }]);
  });

  it.each([
    ['loop: [a, [b]]', { value: ['a', ['b']] }],
    ['loop: "{{ users }}"', { value: '{{ users }}' }],
    ['with_items: [a, [b, c], 1]', { lookup: 'items', value: ['a', ['b', 'c'], 1] }],
    ['with_items: one', { lookup: 'items', value: 'one' }],
    ['with_dict: {a: 1}', { lookup: 'dict', value: { a: 1 } }],
    ['with_ansible.builtin.nested: [[a], [b]]', { lookup: 'nested', value: [['a'], ['b']] }],
    ['with_fileglob: "*.conf"', { lookup: 'fileglob', value: '*.conf' }],
    [
      'with_first_found: [{files: [a.yml], skip: true}]',
      { lookup: 'first_found', value: [{ files: ['a.yml'], skip: true }] },
    ],
  ])('%s', (words, loop) => expect(tasks(`- debug:\n  ${words}`)[0]?.loop).toEqual(loop));

  it('knows where parameters stand', () => {
    const [text, mapping] = tasks('- copy: src=a dest={{ b }}\n- copy:\n    src: x\n  args:\n    dest: y');
    expect(placeOf(text?.args, 'dest')).toMatchObject({ line: 3, column: 24 });
    expect(keyPlaceOf(text?.args, 'dest')).toMatchObject({ line: 3, column: 19 });
    expect(placeOf(mapping?.args, 'src')).toMatchObject({ line: 5, column: 14 });
    expect(keyPlaceOf(mapping?.args, 'dest')).toMatchObject({ line: 7, column: 9 });
  });
});

it('hands down what a block says', () => {
  const [inner, other] = tasks(
    `
- name: Outer
  when: outer
  tags: [o]
  become: false
  vars: {a: 1}
  environment: {A: 1}
  ignore_errors: true
  delegate_to: db1
  block:
    - block:
        - debug:
          when: own
          tags: i
          vars: {a: 2}
          environment: {B: 2}
      when: middle
- debug:
`,
    '  become: true\n  tags: p\n',
  );
  expect(inner).toMatchObject({
    tags: ['p', 'o', 'i'],
    become: { become: false },
    environment: [{ A: 1 }, { B: 2 }],
    ignoreErrors: true,
    delegateTo: 'db1',
  });
  expect(texts(inner?.when)).toEqual(['outer', 'middle', 'own']);
  expect(inner?.layers.map((layer) => layer.values)).toEqual([{ a: 1 }, { a: 2 }]);
  expect(other).toMatchObject({ tags: ['p'], become: { become: true }, environment: [], when: [] });
});

describe('imports', () => {
  it('puts tasks of a file in place, with when and tags', () => {
    const found = own(
      play({
        'site.yml':
          '- hosts: all\n  tasks:\n    - import_tasks: tasks/a.yml\n      when: x\n      tags: t\n      vars: {v: 1}\n',
        'tasks/a.yml': '- import_tasks: b.yml\n- debug: msg=a\n',
        'tasks/b.yml': '- debug: msg=b\n',
      }).tasks,
    );
    expect(found.map((task) => [task.args.msg, texts(task.when), task.tags])).toEqual([
      ['b', ['x'], ['t']],
      ['a', ['x'], ['t']],
    ]);
  });

  it('imports playbooks with vars, tags and when', () => {
    const { plays } = load({
      'site.yml': '- import_playbook: books/web.yml\n  tags: web\n  when: go\n  vars: {v: 1}\n- hosts: db\n',
      'books/web.yml': '- hosts: web\n  roles: [r]\n',
      'books/roles/r/tasks/main.yml': '- debug:\n',
    });
    expect(plays.map((each) => each.hosts)).toEqual(['web', 'db']);
    expect(own(plays[0]!.tasks)[0]).toMatchObject({ tags: ['web'], when: [{ text: 'go' }] });
    expect(plays[0]?.layers.map((layer) => layer.values)).toEqual([{ v: 1 }]);
  });
});

describe('roles', () => {
  const files = {
    'roles/common/tasks/main.yml': '- debug: msg=common\n',
    'roles/common/defaults/main.yml': 'zone: UTC\nlisten_port: 1\n',
    'roles/nginx/tasks/main.yml': '- import_tasks: install.yml\n  tags: install\n',
    'roles/nginx/tasks/install.yml': '- debug: msg=nginx\n',
    'roles/nginx/tasks/extra.yml': '- debug: msg=extra\n',
    'roles/nginx/defaults/main.yml': 'listen_port: 80\n',
    'roles/nginx/vars/main.yml': 'user: www-data\n',
    'roles/nginx/vars/special.yml': 'user: special\n',
    'roles/nginx/meta/main.yml': 'dependencies: [common]\n',
  };
  const site = (roles: string, rest = '') => ({
    ...files,
    'site.yml': `- hosts: all\n  roles: ${roles}\n${rest}`,
  });
  const messages = (roles: string, rest = '') =>
    own(play(site(roles, rest)).tasks).map((task) => task.args.msg);

  it('runs dependencies first and each role once', () => {
    expect(messages('[nginx]')).toEqual(['common', 'nginx']);
    expect(messages('[nginx, common, nginx]')).toEqual(['common', 'nginx']);
    expect(messages('[{role: nginx, listen_port: 81}, {role: nginx, listen_port: 82}]')).toEqual([
      'common',
      'nginx',
      'nginx',
    ]);
  });

  it('keeps the tags of every asking', () => {
    const found = own(play(site('[{role: nginx, tags: web}, common, {role: common, tags: base}]')).tasks);
    expect(found.map((task) => [task.args.msg, task.tags])).toEqual([
      ['common', ['web']],
      ['nginx', ['web', 'install']],
      ['common', ['base']],
    ]);
  });

  it("gives variables Ansible's order", () => {
    const [, nginx] = own(play(site('[{role: nginx, listen_port: 8080, vars: {user: app}}]')).tasks);
    expect(nginx?.defaults.map((layer) => layer.values)).toEqual([
      { zone: 'UTC', listen_port: 1 },
      { listen_port: 80 },
    ]);
    expect(nginx?.layers.map((layer) => layer.values)).toEqual([{ user: 'www-data' }, { user: 'app' }]);
    expect(nginx?.params?.map((layer) => layer.values)).toEqual([{ listen_port: 8080 }]);
    expect(nginx?.role?.name).toBe('nginx');
  });

  it('shows defaults and vars of roles to the whole play', () => {
    const [task] = own(play(site('[nginx]', '  pre_tasks: [{debug: msg=pre}]\n')).tasks);
    expect(task?.defaults.map((layer) => layer.values)).toContainEqual({ listen_port: 80 });
    expect(task?.layers.map((layer) => layer.values)).toEqual([{ user: 'www-data' }]);
  });

  it('imports parts of a role', () => {
    const rest =
      '  tasks:\n    - import_role: {name: nginx, tasks_from: extra, vars_from: special.yml}\n      when: x\n';
    const task = own(play(site('[]', rest)).tasks).at(-1);
    expect(task).toMatchObject({ args: { msg: 'extra' }, when: [{ text: 'x' }] });
    expect(task?.layers.map((layer) => layer.values)).toEqual([{ user: 'special' }]);
  });
});

it('selects by tags and keeps the flushes', () => {
  const book = load({
    'site.yml':
      '- hosts: all\n  tasks:\n    - debug: msg=a\n      tags: a\n    - debug: msg=b\n    - debug: msg=never\n      tags: [never, n]\n',
  });
  const shown = (tags: string[], skipTags: string[] = []) =>
    own(selectTasks(book, { tags, skipTags }).plays[0]!.tasks).map((task) => task.args.msg);
  expect(shown([])).toEqual(['a', 'b']);
  expect(shown(['a,n'])).toEqual(['a', 'never']);
  expect(shown([], ['a'])).toEqual(['b']);
  expect(selectTasks(book, { tags: ['a'], skipTags: ['always'] }).plays[0]?.tasks).toHaveLength(2);
  expect(unknownTags(book, { tags: ['a', 'nn'] })).toMatchObject([
    { message: 'no task has the tag nn', hint: 'did you mean n?' },
  ]);
});

describe('refusals by name', () => {
  const task = (text: string) => ({ 'site.yml': `- hosts: all\n  tasks:\n    - debug:\n      ${text}\n` });
  const site = (text: string) => ({ 'site.yml': text });
  it.each([
    [task('with_filetree: x'), ["Ansible's with_filetree is not supported"]],
    [
      task('loop: [1]\n      loop_control: {pauze: 1}'),
      ['loop_control has no keyword pauze (did you mean pause?)'],
    ],
    [task('become_method: su'), []],
    [
      task('become_method: pbrun'),
      ["Ansible's become_method: pbrun is not supported (use sudo, su or doas)"],
    ],
    [task('become_method: sudo'), []],
    [task('any_errors_fatal: false'), []],
    [
      site('- hosts: all\n  strategy: debug\n'),
      ["Ansible's strategy: debug is not supported (linear, free and host_pinned are)"],
    ],
    [site('- hosts: all\n  strategy: free\n'), []],
    [site('- hosts: all\n  connection: docker\n'), ["Ansible's connection: docker is not supported"]],
    [site('- hosts: all\n  tasks:\n    - meta: end_play\n'), []],
    [
      site('- hosts: all\n  tasks:\n    - include: x.yml\n'),
      ["Ansible's include is no more (write include_tasks or import_tasks)"],
    ],
  ])('%j', (files, expected) => expect(mistakes(files)).toEqual(expected));
});
