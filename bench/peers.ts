import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';

type Task = Record<string, unknown>;

/**
 * What stands in the peers' playbooks for the modules that only foobar has: what somebody who knows Ansible would write.
 * None of it looks further than the module that it stands for: Ansible is not told to compare the certificate that
 * Nginx serves, to remove rules of the firewall that nobody asked for, or to find out who is primary.
 */
const replacements: Readonly<Record<string, (params: Task, folder: string) => Task[]>> = {
  firewall: () => [
    { 'community.general.ufw': { state: 'enabled', policy: 'deny', direction: 'incoming' } },
    { 'community.general.ufw': { policy: 'allow', direction: 'outgoing' } },
    {
      'community.general.ufw': {
        rule: 'allow',
        proto: '{{ item.protocol }}',
        port: '{{ item.ports }}',
        from_ip: '{{ item.peer }}',
        // Without it ufw would take away the comment that is there, and that is a change.
        comment: '{{ item.comment }}',
      },
      loop: "{{ query('flows', rules_of=inventory_hostname) }}",
    },
  ],
  acme_certificate: (_params, folder) => [
    {
      'ansible.builtin.command': `openssl x509 -noout -checkend 2592000 -in ${sitePair(folder)}`,
      changed_when: false,
      delegate_to: 'localhost',
      become: false,
    },
  ],
  tls_pair: ({ certificate, key }, folder) => {
    const pair = sitePair(folder);
    return [copy(`${pair}.chain`, certificate, { mode: '0644' }), copy(`${pair}.key`, key, { mode: '0600' })];
  },
  private_certificate: ({ placeholder, certificate, path, key, authority_certificate, owner, group }) => {
    const authority = '{{ foobar_state }}/authorities/mysql';
    const pair = `${authority}/issued/{{ inventory_hostname }}/etc%2Fmysql%2Ftls%2Fserver-cert.pem.pem`;
    return placeholder
      ? [{ 'ansible.builtin.stat': { path: path ?? certificate } }, { 'ansible.builtin.stat': { path: key } }]
      : [
          copy(`${pair}.chain`, certificate, { mode: '0644' }),
          copy(`${pair}.key`, key, { mode: '0600', owner, group }),
          copy(`${authority}/ca.pem`, authority_certificate, { mode: '0644' }),
        ];
  },
  backup_keys: (params) =>
    ['recipient', 'ssh_key', 'authorized_keys'].flatMap((name) =>
      params[name] === undefined ? [] : [{ 'ansible.builtin.stat': { path: params[name] } }],
    ),
  // A handler would do it, and has nothing to do on a settled site.
  mysql_restart: () => [{ 'ansible.builtin.meta': 'noop' }],
  // One of an account's hosts is looked at, not all.
  mysql_account: ({ hosts, others: _others, tls, ...params }) => [
    {
      'community.mysql.mysql_user': {
        ...params,
        host: `{{ (${inner(hosts)}) | first }}`,
        tls_requires: tls === undefined ? { SSL: null } : `{{ {'SSL': none} if ${inner(tls)} else {} }}`,
      },
    },
  ],
  mysql_primary: () => [
    {
      'community.mysql.mysql_variables': {
        variable: '{{ item }}',
        value: "{{ 'OFF' if inventory_hostname == mysql_primary_hint else 'ON' }}",
      },
      loop: ['super_read_only', 'read_only'],
    },
    { 'community.mysql.mysql_variables': { variable: 'rpl_semi_sync_source_enabled', value: 'ON' } },
  ],
  mysql_replica: () => [
    {
      'community.mysql.mysql_replication': { mode: 'getreplica' },
      register: 'replica',
      failed_when: "replica.Replica_IO_Running != 'Yes' or replica.Replica_SQL_Running != 'Yes'",
      when: 'inventory_hostname != mysql_primary_hint',
    },
  ],
  // Skipped as a whole: Ansible renders a skipped task's delegate_to, of which the loop is not there.
  'ansible.builtin.import_role': (params) => [{ 'ansible.builtin.include_role': params }],
};

/**
 * Ansible's modules of MySQL have to be told of the socket, cannot compare a password that is hashed by SHA-2, and would
 * take USAGE away from accounts that have dynamic privileges.
 */
const moduleDefaults = Object.fromEntries(
  ['mysql_user', 'mysql_db', 'mysql_variables', 'mysql_replication'].map((name) => [
    `community.mysql.${name}`,
    {
      login_unix_socket: '/run/mysqld/mysqld.sock',
      ...(name === 'mysql_user'
        ? { update_password: 'on_create', column_case_sensitive: true, append_privs: true }
        : {}),
    },
  ]),
);

/**
 * Copies the site's playbooks with other tasks in place of those that only foobar can do, and what is kept of the
 * inventory, with pairs of certificate and key divided into files that Ansible can copy.
 * @param flows what `foobar flows --output json` says of the inventory
 */
export function writePeersPlaybooks(playbooks: string, state: string, flows: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(playbooks, to, { recursive: true });
  cpSync(state, join(to, 'state'), { recursive: true });
  for (const file of filesIn(to, /^state\/.*\.pem$/)) dividePair(join(to, file));
  mkdirSync(join(to, 'lookup_plugins'));
  cpSync('bench/flows.py', join(to, 'lookup_plugins/flows.py'));
  writeFileSync(join(to, 'flows.json'), flows);
  const replaced = new Set<string>();
  const rewrite = (tasks: Task[]): Task[] =>
    tasks.flatMap((task) => {
      if (Array.isArray(task.block)) return [{ ...task, block: rewrite(task.block as Task[]) }];
      const module = Object.keys(task).find((key) => key in replacements);
      if (!module) return [task];
      replaced.add(module);
      const { [module]: params, ...keywords } = task;
      return replacements[module]!(params as Task, to).map((other) => ({ ...keywords, ...other }));
    });
  for (const file of filesIn(to, /^roles\/[^/]+\/tasks\/.*\.yaml$/)) {
    const tasks = load(readFileSync(join(to, file), 'utf8')) as Task[];
    writeFileSync(join(to, file), dump(rewrite(tasks), { lineWidth: -1 }));
  }
  const missing = Object.keys(replacements).filter((module) => !replaced.has(module));
  if (missing.length > 0) throw new Error(`the site's playbooks do not use ${missing.join(', ')} any more`);
  const plays = load(readFileSync(join(to, 'site.yaml'), 'utf8')) as Task[];
  writeFileSync(
    join(to, 'site.yaml'),
    dump(plays.map((play) => ({ ...play, module_defaults: moduleDefaults }))),
  );
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => pattern.test(file));
}

/** An expression without its braces. */
function inner(template: unknown): string {
  return String(template)
    .replace(/^\{\{(.*)\}\}$/s, '$1')
    .trim();
}

/** foobar puts a pair in place by one link: `follow` compares what it leads to. */
function copy(src: string, dest: unknown, more: Task): Task {
  const params = Object.entries({ src, dest, follow: true, ...more }).filter(
    ([, value]) => value !== undefined,
  );
  return { 'ansible.builtin.copy': Object.fromEntries(params) };
}

/** The site's one certificate, as Ansible finds it. */
function sitePair(folder: string): string {
  const [file, second] = filesIn(folder, /^state\/certificates\/.*\/pair\.pem$/);
  if (!file || second) throw new Error('the kept state does not hold exactly one certificate of the site');
  return `{{ playbook_dir }}/${file}`;
}

function dividePair(file: string): void {
  const blocks =
    readFileSync(file, 'utf8').match(/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----\n/g) ?? [];
  const [keys, chain] = [true, false].map((isKey) =>
    blocks.filter((block) => /KEY-----/.test(block) === isKey),
  );
  if (!keys?.length || !chain?.length) return;
  writeFileSync(`${file}.key`, keys.join(''), { mode: 0o600 });
  writeFileSync(`${file}.chain`, chain.join(''));
}
