import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Writes a project for measuring the offline check: `tasks` tasks in roles, included files and the play, for `hosts`
 * hosts, with group_vars, templates, loops, conditions and handlers.
 *
 *     npx jiti test/check/large.ts DIRECTORY [TASKS] [HOSTS]
 */
export function writeLargeProject(directory: string, tasks = 5000, hosts = 50): void {
  const write = (name: string, text: string): void => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const roles = 40;
  const perRole = Math.floor((tasks * 0.8) / roles);
  const own = tasks - perRole * roles;
  write('inventory.yaml', inventory(hosts));
  write('group_vars/all.yml', Array.from({ length: 100 }, (_, n) => `all_${n}: value ${n}\n`).join(''));
  for (const group of ['web', 'database'])
    write(
      `group_vars/${group}.yml`,
      Array.from({ length: 40 }, (_, n) => `${group}_${n}: "{{ all_${n} }} of ${group}"\n`).join(''),
    );
  for (let role = 0; role < roles; role++) {
    const main = Math.floor(perRole / 2);
    write(
      `roles/role${role}/tasks/main.yml`,
      `${range(main - 1, (n) => task(`role${role}`, n))}- include_tasks: more.yml\n  when: role${role}_more | bool\n`,
    );
    write(
      `roles/role${role}/tasks/more.yml`,
      range(perRole - main, (n) => task(`role${role}`, n + main)),
    );
    write(
      `roles/role${role}/defaults/main.yml`,
      `role${role}_more: true\n${range(20, (n) => `role${role}_${n}: "{{ all_${n} }}/${n}"\n`)}`,
    );
    write(
      `roles/role${role}/handlers/main.yml`,
      `- name: restart role${role}\n  service:\n    name: role${role}\n    state: restarted\n`,
    );
    write(
      `roles/role${role}/templates/main.conf.j2`,
      `{% for number in range(3) %}\n${range(20, (n) => `key${n} = {{ role${role}_${n} | default('x') }}\n`)}{% endfor %}\n`,
    );
  }
  const listed = range(roles, (n) => `    - role: role${n}\n`);
  const tasksOfPlay = range(own, (n) => task('all', n)).replaceAll(/^(?=.)/gm, '    ');
  write(
    'site.yaml',
    `- name: Everything\n  hosts: all\n  become: true\n  roles:\n${listed}  tasks:\n${tasksOfPlay}`,
  );
}

function range(count: number, each: (number: number) => string): string {
  return Array.from({ length: count }, (_, number) => each(number)).join('');
}

function inventory(hosts: number): string {
  const half = Math.ceil(hosts / 2);
  const group = (name: string, from: number, to: number) =>
    `    ${name}:\n      hosts:\n${range(to - from, (n) => `        ${name}${from + n}:\n          number: ${n}\n`)}`;
  return `all:\n  children:\n${group('web', 0, half)}${group('database', half, hosts)}`;
}

/** One of a few kinds of tasks, with names of its own. */
function task(owner: string, number: number): string {
  const variable = `{{ ${owner}_${number % 20} }}`;
  const notify = owner === 'all' ? '' : `  notify: restart ${owner}\n`;
  const head = `- name: ${owner} does ${number}\n`;
  switch (number % 6) {
    case 0:
      return `${head}  copy:\n    dest: /etc/${owner}/${number}.conf\n    content: "a = ${variable}\\n"\n    mode: "0644"\n${notify}`;
    case 1:
      return `${head}  command: /usr/bin/${owner} --number ${number} --value ${variable}\n  register: ${owner}_result_${number}\n  changed_when: "'changed' in ${owner}_result_${number}.stdout"\n`;
    case 2:
      return `${head}  lineinfile: path=/etc/${owner}/${number} line="${variable} ${number}" create=yes\n  when: inventory_hostname in groups['web'] and all_${number % 100} != 'no'\n${notify}`;
    case 3:
      return `${head}  file:\n    path: "/srv/${owner}/{{ item }}"\n    state: directory\n  loop: [a, b, "${variable}"]\n  tags: [${owner}, "t${number}"]\n`;
    case 4:
      return owner === 'all'
        ? `${head}  debug:\n    msg: "${variable} {{ ansible_facts['hostname'] }}"\n`
        : `${head}  template:\n    src: main.conf.j2\n    dest: /etc/${owner}/main${number}.conf\n${notify}`;
    default:
      return `${head}  block:\n    - apt:\n        name: "${owner}-${number}"\n        state: present\n      become: true\n  rescue:\n    - debug:\n        msg: "${owner} ${number} {{ ansible_failed_result.msg }}"\n`;
  }
}

const [, self, directory, tasks, hosts] = process.argv;
if (self !== undefined && resolve(self) === import.meta.filename && directory !== undefined)
  writeLargeProject(directory, Number(tasks ?? 5000), Number(hosts ?? 50));
