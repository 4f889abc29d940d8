import { didYouMean, nearest } from '../problems.ts';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Modules of ansible-core 2.19. */
const builtin =
  words(`add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy cron
  deb822_repository debconf debug dnf dnf5 dpkg_selections expect fail fetch file find gather_facts get_url getent git
  group group_by hostname import_playbook import_role import_tasks include_role include_tasks include_vars iptables
  known_hosts lineinfile meta mount_facts package package_facts pause ping pip raw reboot replace rpm_key script
  service service_facts set_fact set_stats setup shell slurp stat subversion systemd systemd_service sysvinit tempfile
  template unarchive uri user validate_argument_spec wait_for wait_for_connection yum yum_repository`);

/** The collections besides ansible.builtin whose modules are known by name. */
const collections: Readonly<Record<string, ReadonlySet<string>>> = {
  'ansible.posix':
    words(`acl at authorized_key firewalld firewalld_info mount patch rhel_facts rhel_rpm_ostree
    rpm_ostree_upgrade seboolean selinux synchronize sysctl`),
  'community.mysql': words(
    `mysql_db mysql_info mysql_query mysql_replication mysql_role mysql_user mysql_variables`,
  ),
  'community.general':
    words(`alternatives apache2_mod_proxy apache2_module archive capabilities composer cpanm cronvar
    dconf deploy_helper django_manage dpkg_divert filesystem filesize flatpak flatpak_remote gem git_config
    github_deploy_key github_key gitlab_project haproxy homebrew htpasswd ini_file interfaces_file ipify_facts
    iptables_state iso_create java_cert java_keystore jenkins_job jenkins_plugin kernel_blacklist keyring ldap_attrs
    ldap_entry listen_ports_facts locale_gen logstash_plugin lvg lvol mail make modprobe monit nagios nmcli
    nginx_status_info npm nsupdate open_iscsi openwrt_init opkg pacman pam_limits pamd parted pids pipx redis
    redis_info runit sefcontext shutdown slack snap snap_alias ssh_config sudoers supervisorctl svc telegram terraform
    timezone ufw xattr xfs_quota xml yarn zfs zpool zypper`),
};

/** Modules of collections that ansible-core knows by no short name. */
const unrouted = words('mysql_role rhel_facts ssh_config sudoers');

/**
 * The groups of modules that `module_defaults` can name, of ansible-core's runtime.yml and of the collections'. Those
 * without a module that is here are known by name.
 */
export const actionGroups: Readonly<Record<string, ReadonlySet<string>>> = {
  'community.mysql.all': collections['community.mysql']!,
  ...Object.fromEntries(
    [...words('acme aws azure cpm docker gcp k8s os ovirt vmware')].map((name) => [
      `ansible.builtin.${name}`,
      new Set<string>(),
    ]),
  ),
  ...Object.fromEntries(
    [...words('consul keycloak proxmox')].map((name) => [`community.general.${name}`, new Set<string>()]),
  ),
};

const synthetic = ['ansible.builtin', 'ansible.legacy'];

export interface ModuleName {
  /** Without its collection. */
  readonly short: string;
  /** Set when Ansible would not find it under the name as written. */
  readonly problem?: {
    readonly message: string;
    readonly hint?: string | undefined;
    /** It is a module of somebody else's: nothing is known of it. */
    readonly foreign?: boolean;
  };
}

/** The module that a name in a task means: `apt`, `ansible.builtin.apt`, `community.mysql.mysql_user`. */
export function moduleName(written: string): ModuleName {
  const found = /^(\w+\.\w+)\.(\w+)$/.exec(written);
  if (found === null) return { short: written };
  const [, collection = '', short = ''] = found;
  const wrong = (message: string, hint?: string): ModuleName => ({ short, problem: { message, hint } });
  const home = homeOf(short);
  const right = home === undefined ? undefined : `it is ${home}.${short}`;
  if (synthetic.includes(collection)) {
    if (builtin.has(short) || (home !== undefined && !unrouted.has(short))) return { short };
    return wrong(
      `${collection} has no module ${short}`,
      right ?? didYouMean(short, [...builtin, ...Object.values(collections).flatMap((names) => [...names])]),
    );
  }
  const names = collections[collection];
  if (names === undefined) {
    const known = [...Object.keys(collections), ...synthetic];
    const hint =
      right ??
      didYouMean(
        collection,
        known.filter((each) => isLike(collection, each)),
      );
    const message = `there is no collection ${collection} here`;
    return { short, problem: { message, hint, foreign: hint === undefined } };
  }
  if (names.has(short)) return { short };
  const hint = right ?? didYouMean(short, names);
  const message = `${collection} has no module ${short}`;
  return { short, problem: { message, hint, foreign: hint === undefined } };
}

/** Collections of one namespace are alike by their first half: both halves must be near. */
function isLike(written: string, collection: string): boolean {
  const known = collection.split('.');
  return written.split('.').every((part, index) => {
    const other = known[index] as string;
    return part === other || nearest(part, [other]) !== undefined;
  });
}

/** The collection in which a module lives; undefined for one of foobar's own, and for names that nobody has. */
export function homeOf(module: string): string | undefined {
  if (builtin.has(module)) return 'ansible.builtin';
  return Object.keys(collections).find((name) => collections[name]?.has(module));
}
