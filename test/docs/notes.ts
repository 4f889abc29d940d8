const toldAhead = 'in check mode told as a change; Ansible skips it';
const asksAhead = 'what only asks is answered in check mode too; Ansible skips it';

const local =
  "useradd and its like make local accounts in any case; Ansible takes libuser's programs, and fails without them";

/** How things differ from Ansible's, or why they are not here; by kind and name. Everything else is compared. */
export const notes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ansible-playbook': {
    '--become-method': 'sudo, su and doas',
    '--connection': 'say it in the inventory: ansible_connection',
    '--flush-cache': 'facts are kept only with foobar_fact_cache: true or ANSIBLE_CACHE_PLUGIN=jsonfile',
    '--forks': 'default 50',
    '--module-path': 'modules are built in',
    '--scp-extra-args': 'files go over the one connection',
    '--sftp-extra-args': 'files go over the one connection',
    '--ssh-common-args': 'say it in the inventory: ansible_ssh_common_args',
    '--ssh-extra-args': 'say it in the inventory: ansible_ssh_extra_args',
    '--syntax-check': 'foobar check does that and more',
    '--timeout': 'say it in the inventory, ansible_ssh_timeout, or in ansible.cfg',
    '--version': 'of foobar itself',
    '--verbose': 'up to -vvv',
  },
  ansible: {
    '--background': 'async in a playbook',
    '--poll': 'poll in a playbook',
    '--one-line': 'always so; the output of a command keeps its lines',
    '--playbook-dir': 'the working directory',
    '--task-timeout': 'timeout in a playbook',
    '--tree': '--output json gives all results',
  },
  'ansible-vault': { '--skip-tty-check': 'the editor opens in any case', '--version': 'of foobar itself' },
  'ansible.builtin.get_url': { use_gssapi: 'only no' },
  'ansible.builtin.git': { accept_hostkey: 'only no: accept_newhostkey, or known_hosts before' },
  'ansible.builtin.uri': { use_gssapi: 'only no' },
  'ansible.builtin.group': { local },
  'ansible.builtin.user': { local },
  'ansible.posix.authorized_key': { follow: 'no refuses a link; Ansible puts a file in its place' },
  'ansible.posix.synchronize': {
    dest_port: 'say it in the inventory: ansible_port',
    link_dest: 'changed when anything was; to Ansible nothing is where one entry stayed',
    private_key: 'say it in the inventory: ansible_ssh_private_key_file',
    set_remote_user: 'only yes',
    verify_host: 'the host key is always checked',
  },
  modules: {
    'ansible.builtin.command': toldAhead,
    'ansible.builtin.raw': toldAhead,
    'ansible.builtin.script': toldAhead,
    'ansible.builtin.shell': toldAhead,
    'ansible.builtin.tempfile': toldAhead,
    'community.mysql.mysql_query': `${toldAhead}. What only asks is answered`,
    'community.mysql.mysql_replication': asksAhead,
    'community.mysql.mysql_variables': asksAhead,
  },
  'community.general.ufw': {
    logging: 'changed only where it differs; Ansible says so each time while ufw is not on',
  },
  magic: {
    ansible_playbook_python: 'there is no Python',
  },
};
