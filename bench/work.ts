import { dump } from 'js-yaml';

/** The same hundred tasks for every tool, and what reading their state takes at least. */
const roots = (sets: number): string[] =>
  numbers(sets).map((set) => (set === 1 ? '/srv/bench' : `/srv/bench/${set}`));
const units = [
  'ssh',
  'dbus',
  'systemd-journald',
  'systemd-logind',
  'systemd-networkd',
  'cron',
  'systemd-tmpfiles-clean.timer',
  'systemd-journald.socket',
  'dbus.socket',
  'apt-daily.timer',
];
const packages = [
  'bash',
  'coreutils',
  'dash',
  'sed',
  'grep',
  'tar',
  'gzip',
  'sudo',
  'openssh-server',
  'procps',
];
const numbers = (count: number): number[] => Array.from({ length: count }, (_each, index) => index + 1);

/** Sets of 25 file, 25 copy, 20 template, 10 lineinfile, 10 service and 10 package tasks. */
export function hundredTasks(sets = 1, template = 'page.conf.j2'): string {
  const tasks = roots(sets).flatMap((root) => oneSet(root, template));
  return dump([{ hosts: 'all', gather_facts: false, tasks }], { lineWidth: -1 });
}

/** One task of each kind. */
export function oneOfEach(template: string): string {
  const set = oneSet('/srv/bench', template);
  const tasks = [0, 25, 50, 70, 80, 90].map((index) => set[index]);
  return dump([{ hosts: 'all', gather_facts: false, tasks }], { lineWidth: -1 });
}

function oneSet(root: string, template: string): object[] {
  return [
    { name: 'root', 'ansible.builtin.file': { path: root, state: 'directory', mode: '0755' } },
    ...numbers(24).map((index) => ({
      name: `folder ${index}`,
      'ansible.builtin.file': {
        path: `${root}/folder${index}`,
        state: 'directory',
        owner: 'root',
        group: 'root',
        mode: '0750',
      },
    })),
    ...numbers(25).map((index) => ({
      name: `copy ${index}`,
      'ansible.builtin.copy': {
        dest: `${root}/copy${index}`,
        content: `file number ${index}\n${'with some text in it\n'.repeat(index)}`,
        owner: 'root',
        mode: '0644',
      },
    })),
    ...numbers(20).map((index) => ({
      name: `template ${index}`,
      'ansible.builtin.template': {
        src: template,
        dest: `${root}/page${index}.conf`,
        owner: 'root',
        mode: '0640',
      },
      vars: { number: index },
    })),
    ...numbers(10).map((index) => ({
      name: `line ${index}`,
      'ansible.builtin.lineinfile': {
        path: `${root}/lines${index}`,
        create: true,
        mode: '0644',
        line: `option${index} = yes`,
        regexp: `^option${index} =`,
      },
    })),
    ...units.map((unit) => ({
      name: `unit ${unit}`,
      'ansible.builtin.service': { name: unit, state: 'started' },
    })),
    ...packages.map((name) => ({
      name: `package ${name}`,
      'ansible.builtin.package': { name, state: 'present' },
    })),
  ];
}

export const pageTemplate = `# {{ ansible_managed }}
server {
    listen {{ 8000 + number }};
    server_name {{ inventory_hostname }};
{% for name in groups['all'] | sort %}
    upstream {{ name }} {{ hostvars[name].inventory_hostname }};
{% endfor %}
}
`;

/** The same for each name that one machine has. */
export const sharedTemplate = `# {{ ansible_managed }}
server {
    listen {{ 8000 + number }};
{% for name in ['some', 'other', 'names'] | sort %}
    upstream {{ name }} {{ number }};
{% endfor %}
}
`;

/**
 * One shell script that reads the same state with as few processes as possible. Contents of lineinfile's files are
 * the only ones that must travel.
 */
export function floorScript(): string {
  const root = '/srv/bench';
  const files = [
    root,
    ...numbers(24).map((index) => `${root}/folder${index}`),
    ...numbers(25).map((index) => `${root}/copy${index}`),
    ...numbers(20).map((index) => `${root}/page${index}.conf`),
  ];
  const contents = files.filter((file) => /copy|page/.test(file));
  return [
    `stat -c '%n %F %a %U %G %s %Y' ${files.join(' ')}`,
    `sha256sum ${contents.join(' ')}`,
    `cat ${numbers(10)
      .map((index) => `${root}/lines${index}`)
      .join(' ')}`,
    `systemctl show -p Id,ActiveState,UnitFileState ${units.join(' ')}`,
    `dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' ${packages.join(' ')}`,
  ].join('\n');
}

/** Takes away what the tasks made, and what tools keep. */
export const undo = 'rm -rf /srv/bench /root/.ansible /var/lib/foobar';
