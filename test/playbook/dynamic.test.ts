import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProjectError } from '../../src/errors.ts';
import type { Play, Task } from '../../src/playbook/contract.ts';
import { loadPlaybook, selectTasks } from '../../src/playbook/load.ts';

function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'playbook-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

function play(files: Record<string, string>): Play {
  return loadPlaybook(join(folder(files), 'site.yml')).plays[0] as Play;
}

const own = (list: readonly Task[]) => list.filter((task) => task.name !== 'flush_handlers');
const texts = (list: readonly { text: string }[]) => list.map((each) => each.text);
const values = (layers: readonly { values: unknown }[] = []) => layers.map((layer) => layer.values);

describe('blocks with rescue and always', () => {
  const found = own(
    play({
      'site.yml': `
- hosts: all
  tasks:
    - name: outer
      block:
        - debug: msg=a
        - block:
            - debug: msg=b
          always:
            - debug: msg=c
      rescue:
        - debug: msg=d
    - block:
        - debug: msg=e
`,
    }).tasks,
  );

  it('say where each task stands', () =>
    expect(found.map((task) => [task.args.msg, task.frames?.map((frame) => frame.part)])).toEqual([
      ['a', ['block']],
      ['b', ['block', 'block']],
      ['c', ['block', 'always']],
      ['d', ['rescue']],
      ['e', undefined],
    ]));

  it('are the same for all their tasks', () => {
    const [a, b, c, d] = found.map((task) => task.frames?.[0]?.block);
    expect(a).toMatchObject({ name: 'outer', rescue: true, always: false, place: { line: 4 } });
    expect([b, c, d]).toEqual([a, a, a]);
    expect(new Set([a, b, c, d]).size).toBe(1);
  });
});

describe('include_tasks', () => {
  const files = {
    'site.yml': `
- hosts: all
  become: true
  tasks:
    - when: around
      tags: around
      vars: {a: 1}
      block:
        - include_tasks:
            file: more/one.yml
            apply: {tags: applied, become: false}
          when: only_the_include
          tags: include
          vars: {b: 2}
          loop: [1]
          loop_control: {loop_var: number}
`,
    'more/one.yml': '- include_tasks: two.yml\n- debug: msg=one\n  tags: x\n',
    'more/two.yml': '- debug: msg=two\n',
  };
  const include = own(play(files).tasks)[0] as Task;

  it('is a task that knows what it brings in', () => {
    expect(include).toMatchObject({
      module: 'include_tasks',
      args: { _raw_params: 'more/one.yml' },
      tags: ['around', 'include'],
      loop: { value: [1] },
    });
    expect(texts(include.when)).toEqual(['around', 'only_the_include']);
    expect(values(include.params)).toEqual([{ b: 2 }]);
  });

  it('hands down what is around it and what it applies, not its own when and tags', () => {
    const { tasks } = include.include!.read(include.args);
    expect(tasks.map((task) => task.args.msg ?? task.args._raw_params)).toEqual(['two.yml', 'one']);
    expect(tasks[1]).toMatchObject({ tags: ['around', 'applied', 'x'], become: { become: false } });
    expect(texts(tasks[1]!.when)).toEqual(['around']);
    expect(values(tasks[1]?.params)).toEqual([{ b: 2 }]);
    expect(values(tasks[1]?.layers)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('looks beside the file that includes', () => {
    const inner = include.include!.read(include.args).tasks[0] as Task;
    expect(inner.include?.read(inner.args).tasks[0]?.args.msg).toBe('two');
  });

  it('reads the same once', () =>
    expect(include.include!.read(include.args)).toBe(include.include!.read({ ...include.args })));

  it('says every mistake of what it cannot read', () =>
    expect(() => include.include!.read({ _raw_params: 'nope.yml' })).toThrow(ProjectError));

  it('leaves to --tags what is selected inside too', () => {
    const book = loadPlaybook(join(folder(files), 'site.yml'));
    const left = own(selectTasks(book, { tags: ['include'], skipTags: ['x'] }).plays[0]!.tasks)[0] as Task;
    expect(left.include!.read(left.args).tasks).toEqual([]);
  });
});

describe('include_role', () => {
  const files = {
    'site.yml': `
- hosts: all
  roles: [base]
  tasks:
    - include_role:
        name: web
        public: true
        vars_from: other
      vars: {port: 8080}
      tags: only_the_include
`,
    'roles/base/defaults/main.yml': 'base: 1\n',
    'roles/web/meta/main.yml': 'dependencies: [base]\n',
    'roles/web/tasks/main.yml': '- debug: msg=web\n',
    'roles/web/defaults/main.yml': 'port: 80\n',
    'roles/web/vars/other.yml': 'user: web\n',
    'roles/web/handlers/main.yml': '- name: reload\n  listen: web\n  debug: msg=reload\n',
  };
  const found = play(files);
  const include = own(found.tasks)[0] as Task;
  const { tasks, handlers, defaults, layers } = include.include!.read(include.args);

  it('brings tasks, handlers and public variables', () => {
    expect(found.handlers).toEqual([]);
    expect(tasks.map((task) => [task.args.msg, task.role?.name, task.tags])).toEqual([['web', 'web', []]]);
    expect(handlers.map((handler) => [handler.name, handler.listen])).toEqual([['reload', ['web']]]);
    expect(values(defaults)).toEqual([{ base: 1 }, { port: 80 }]);
    expect(values(layers)).toEqual([{ user: 'web' }]);
  });

  it('has its vars above everything that is set', () => {
    expect(values(tasks[0]?.params)).toEqual([{ port: 8080 }]);
    expect(values(tasks[0]?.defaults)).toEqual([{ base: 1 }, { port: 80 }]);
    expect(values(tasks[0]?.layers)).toEqual([{ user: 'web' }, { port: 8080 }]);
  });
});

describe('handlers', () => {
  it('may be includes, imports and blocks', () => {
    const { handlers } = play({
      'site.yml': `
- hosts: all
  handlers:
    - name: restart all
      include_tasks: restart.yml
    - import_tasks: more.yml
    - block:
        - name: in block
          debug: msg=x
      become: true
`,
      'restart.yml': '- debug: msg=nameless\n',
      'more.yml': '- name: imported\n  debug: msg=y\n',
    });
    expect(handlers.map((handler) => handler.name)).toEqual(['restart all', 'imported', 'in block']);
    const [include] = handlers as [Task];
    expect(include.include!.read(include.args).tasks[0]?.args.msg).toBe('nameless');
  });
});

it('puts module_defaults below what a task says, inner ones in the place of outer ones', () => {
  const tasks = own(
    play({
      'site.yml': `
- hosts: all
  module_defaults:
    ansible.builtin.file: {mode: "0644", owner: root, state: touch}
  tasks:
    - module_defaults: {file: {owner: app}}
      block:
        - file: path=/x state=directory
    - file: path=/y
    - mysql_user: {name: app}
      module_defaults:
        group/community.mysql.all: {login_user: root, name: nobody}
        mysql_user: {host: localhost}
`,
    }).tasks,
  );
  expect(tasks.map((task) => task.args)).toEqual([
    { owner: 'app', state: 'directory', path: '/x' },
    { mode: '0644', owner: 'root', state: 'touch', path: '/y' },
    { login_user: 'root', host: 'localhost', name: 'app' },
  ]);
});

it('imports names that play vars and -e make', () => {
  const root = folder({
    'site.yml': '- hosts: all\n  vars: {which: one}\n  tasks: [{import_tasks: "{{ which }}.yml"}]\n',
    'one.yml': '- debug: msg=1\n',
    'two.yml': '- debug: msg=2\n',
  });
  const messages = (extraVars: Record<string, unknown>) =>
    own(loadPlaybook(join(root, 'site.yml'), { extraVars }).plays[0]!.tasks).map((task) => task.args.msg);
  expect(messages({})).toEqual(['1']);
  expect(messages({ which: 'two' })).toEqual(['2']);
});

describe('what Ansible 2.19 does with', () => {
  it('askings for a role: the same one runs once', () => {
    const found = own(
      play({
        'site.yml': '- hosts: all\n  roles: [web, base, {role: base, tags: x}, {role: base, base_port: 1}]\n',
        'roles/web/meta/main.yml': 'dependencies: [{role: base, when: go}]\n',
        'roles/web/tasks/main.yml': '- import_role: {name: base}\n',
        'roles/base/tasks/main.yml': '- debug: msg=base\n',
      }).tasks,
    );
    const askings = found.map((task) => task.role?.once);
    // web's dependency, its import, and the three entries: each is another asking, and an import always runs.
    expect(new Set(askings).size).toBe(5);
    expect(askings.map((once) => once === undefined)).toEqual([false, true, false, false, false]);
  });

  it('handlers: they have the conditions of their role', () => {
    const { handlers } = play({
      'site.yml': '- hosts: all\n  roles: [{role: web, when: go, become: true}]\n',
      'roles/web/handlers/main.yml': '- name: reload\n  debug:\n',
    });
    expect(handlers[0]).toMatchObject({ when: [{ text: 'go' }], become: { become: true } });
  });

  it('notify: blocks and imports hand it down', () => {
    const found = own(
      play({
        'site.yml': `
- hosts: all
  tasks:
    - notify: a
      block:
        - debug: msg=1
        - debug: msg=2
          notify: b
    - import_tasks: more.yml
      notify: [c, d]
`,
        'more.yml': '- debug: msg=3\n',
      }).tasks,
    );
    expect(found.map((task) => task.notify)).toEqual([['a'], ['b'], ['c', 'd']]);
  });

  it('tags: their templates are rendered', () => {
    const [task] = own(
      play({
        'site.yml': `
- hosts: all
  vars: {list: [one, 2]}
  tasks:
    - debug:
      tags: ["{{ list }}", plain]
`,
      }).tasks,
    );
    expect(task?.tags).toEqual(['one', '2', 'plain']);
  });

  it("import_playbook's vars: they stand above the play's, below its vars_files", () => {
    const found = play({
      'site.yml': '- import_playbook: web.yml\n  vars: {v: import}\n',
      'web.yml': '- hosts: all\n  vars: {v: play}\n  vars_files: [v.yml]\n  tasks: [{debug: }]\n',
      'v.yml': 'v: file\n',
    });
    expect(values(found.layers)).toEqual([{ v: 'play' }, { v: 'import' }, { v: 'file' }]);
  });

  it('arguments that a role specifies: a task checks them first', () => {
    const [task] = own(
      play({
        'site.yml': '- hosts: all\n  roles: [{role: web, web_port: 80}]\n',
        'roles/web/meta/argument_specs.yml':
          'argument_specs: {main: {short_description: Web, options: {web_port: {type: int}}}}\n',
        'roles/web/tasks/main.yml': '- debug:\n',
      }).tasks,
    );
    expect(task).toMatchObject({
      name: "Validating arguments against arg spec 'main' - Web",
      module: 'validate_argument_spec',
      tags: ['always'],
      args: {
        argument_spec: { web_port: { type: 'int' } },
        provided_arguments: { web_port: 80 },
        validate_args_context: { type: 'role', name: 'web', argument_spec_name: 'main' },
      },
    });
  });

  it('a module that is not here: where a condition keeps it away, the task fails only when it is reached', () => {
    const root = folder({
      'site.yml':
        "- hosts: all\n  tasks:\n    - dnf: name=nginx\n      when: ansible_facts.os_family == 'RedHat'\n",
    });
    const [task] = own(loadPlaybook(join(root, 'site.yml'), { modules: ['apt', 'fail'] }).plays[0]!.tasks);
    expect(task).toMatchObject({
      module: 'fail',
      args: { msg: "Ansible's module ansible.builtin.dnf is not supported" },
    });
  });

  it('a module that is not here, in an include: its own task fails, the others are there', () => {
    const root = folder({
      'site.yml': '- hosts: all\n  tasks:\n    - include_tasks: more.yml\n',
      'more.yml': '- apt: name=nginx\n- dnf: name=nginx\n',
    });
    const modules = ['apt', 'fail'];
    const [task] = own(loadPlaybook(join(root, 'site.yml'), { modules }).plays[0]!.tasks);
    const { tasks } = task!.include!.read({ _raw_params: 'more.yml' });
    expect(tasks.map(({ module }) => module)).toEqual(['apt', 'fail']);
  });
});
