import type { FactSection } from '../../host/facts-script.ts';

/** Facts that a part of gather_subset is about. */
interface Subset {
  /** Patterns of their names, without `ansible_`. */
  readonly facts: readonly string[];
  /** What must be read of the host for them. */
  readonly from: readonly FactSection[];
}

const distribution: Subset = { facts: ['distribution*', 'os_family'], from: ['release', 'debian'] };

const platform: Subset = {
  facts: [
    'system',
    'kernel',
    'kernel_version',
    'machine',
    'machine_id',
    'architecture',
    'userspace_*',
    'nodename',
    'hostname',
    'fqdn',
    'domain',
  ],
  from: [
    'system',
    'kernel',
    'version',
    'machine',
    'machineName',
    'machineId',
    'auxiliary',
    'nodename',
    'hosts',
  ],
};
/** What Ansible's collectors of the network need, and give along. */
const required: Subset = {
  facts: [...platform.facts, ...distribution.facts],
  from: [...platform.from, ...distribution.from],
};

/** By Ansible's names. */
const subsets: Readonly<Record<string, Subset>> = {
  apparmor: { facts: ['apparmor'], from: ['apparmor'] },
  caps: { facts: ['system_capabilities*'], from: ['capabilities'] },
  chroot: { facts: ['is_chroot'], from: ['chroot'] },
  cmdline: { facts: ['cmdline', 'proc_cmdline'], from: ['cmdline'] },
  date_time: { facts: ['date_time'], from: ['clock'] },
  distribution,
  dns: { facts: ['dns'], from: ['resolver'] },
  env: { facts: ['env'], from: ['environment'] },
  fips: { facts: ['fips'], from: ['fips'] },
  loadavg: { facts: ['loadavg'], from: ['load'] },
  local: { facts: ['local'], from: [] },
  lsb: { facts: ['lsb'], from: ['lsb', 'lsbFile'] },
  pkg_mgr: {
    facts: ['pkg_mgr', 'apt_uri', ...distribution.facts],
    from: ['managers', 'apt', ...distribution.from],
  },
  platform,
  python: { facts: [], from: [] },
  selinux: { facts: ['selinux'], from: ['enforcing', 'selinux'] },
  service_mgr: {
    facts: ['service_mgr', ...platform.facts, ...distribution.facts],
    from: ['init', 'booted', ...platform.from, ...distribution.from],
  },
  ssh_pub_keys: { facts: ['ssh_host_key_*'], from: ['keys'] },
  systemd: { facts: ['systemd'], from: ['systemd'] },
  user: { facts: ['user_*', 'real_*_id', 'effective_*_id'], from: ['user', 'status'] },
  network: {
    facts: ['interfaces', 'all_ipv?_addresses', 'default_ipv?', 'locally_reachable_ips', ...required.facts],
    from: ['addresses', 'addresses6', 'speeds', 'drivers', 'kinds', ...required.from],
  },
  hardware: {
    facts: [
      'mem*_mb',
      'swap*_mb',
      'memory_mb',
      'processor*',
      'flags',
      'bios_*',
      'board_*',
      'chassis_*',
      'form_factor',
      'product_*',
      'system_vendor',
      'uptime_seconds',
      'mounts',
      'devices',
      'device_links',
      'lvm',
      ...platform.facts,
    ],
    from: [
      'memory',
      'processors',
      'status',
      'machine',
      'machineName',
      'dmi',
      'uptime',
      'mounts',
      'mountinfo',
      'sizes',
      'uuids',
      'blocks',
      'blockFiles',
      'diskLinks',
      'lvm',
      ...platform.from,
    ],
  },
  virtual: {
    facts: ['virtualization_*'],
    from: ['virtual', 'container', 'initEnvironment', 'initGroups', 'xen', 'dmi', 'processors'],
  },
  fibre_channel_wwn: { facts: ['fibre_channel_wwn'], from: ['fibreChannel'] },
  iscsi: { facts: ['iscsi_iqn'], from: ['iscsi'] },
  nvme: { facts: ['hostnqn'], from: ['nvme'] },
};
/** Ones that are about the same as another. */
const others: Readonly<Record<string, readonly string[]>> = {
  interfaces: ['network'],
  all_ipv4_addresses: ['network'],
  all_ipv6_addresses: ['network'],
  default_ipv4: ['network'],
  default_ipv6: ['network'],
  devices: ['hardware'],
  dmi: ['hardware'],
  memory: ['hardware'],
  mounts: ['hardware'],
  processor: ['hardware'],
  processor_cores: ['hardware'],
  processor_count: ['hardware'],
  distribution_release: ['distribution'],
  distribution_version: ['distribution'],
  distribution_major_version: ['distribution'],
  os_family: ['distribution'],
  architecture: ['platform'],
  kernel: ['platform'],
  machine: ['platform'],
  machine_id: ['platform'],
  system: ['platform'],
  date: ['date_time'],
  time: ['date_time'],
  user_id: ['user'],
  virtualization_type: ['virtual'],
  virtualization_role: ['virtual'],
  virtualization_tech_guest: ['virtual'],
  virtualization_tech_host: ['virtual'],
  is_chroot: ['chroot'],
  // Programs that are not ours to ask.
  facter: [],
  ohai: [],
};
const minimal = [
  'apparmor',
  'caps',
  'cmdline',
  'date_time',
  'distribution',
  'dns',
  'env',
  'fips',
  'local',
  'lsb',
  'pkg_mgr',
  'platform',
  'python',
  'selinux',
  'service_mgr',
  'ssh_pub_keys',
  'user',
];

/** Names that gather_subset takes, besides all and min, and with ! before them. */
export function isSubset(name: string): boolean {
  const bare = name.replace(/^!/, '');
  return bare === 'all' || bare === 'min' || bare in subsets || bare in others;
}

/** What must be read of a host for what gather_subset asks for. */
export function sectionsOf(asked: readonly string[]): FactSection[] {
  return [...new Set(wantedSubsets(asked).flatMap((name) => subsets[name]?.from ?? []))];
}

/** Whether it asks for facts that files of the host give. */
export function wantsLocal(asked: readonly string[]): boolean {
  return wantedSubsets(asked).includes('local');
}

/** The facts that the subsets are about. The names of interfaces are facts of the network. */
export function chooseFacts(
  facts: Readonly<Record<string, unknown>>,
  asked: readonly string[],
): Record<string, unknown> {
  const wanted = wantedSubsets(asked);
  const patterns = wanted.flatMap((name) => subsets[name]?.facts ?? []).map(globPattern);
  const interfaces = wanted.includes('network')
    ? ((facts.interfaces as string[] | undefined) ?? []).map((name) => name.replace(/[-.:]/g, '_'))
    : [];
  return Object.fromEntries(
    Object.entries(facts).filter(
      ([name]) => interfaces.includes(name) || patterns.some((pattern) => pattern.test(name)),
    ),
  );
}

/** As get_collector_names of Ansible: the minimal ones come along unless !min says otherwise. */
function wantedSubsets(asked: readonly string[]): string[] {
  const given = asked.length === 0 ? ['all'] : asked;
  const spread = (name: string): readonly string[] =>
    name === 'all' ? Object.keys(subsets) : name === 'min' ? minimal : (others[name] ?? [name]);
  const excluded = new Set<string>();
  const added = new Set<string>();
  let explicit = false;
  for (const name of given) {
    if (name === '!min') for (const each of minimal) excluded.add(each);
    // !all leaves the minimal ones.
    else if (name === '!all') {
      for (const each of Object.keys(subsets)) if (!minimal.includes(each)) excluded.add(each);
    } else if (name.startsWith('!')) for (const each of spread(name.slice(1))) excluded.add(each);
    else {
      explicit = true;
      for (const each of spread(name)) added.add(each);
    }
  }
  const everything = given.includes('all') || !explicit ? Object.keys(subsets) : [];
  const named = given.filter((name) => !name.startsWith('!') && name !== 'all').flatMap(spread);
  const chosen = [...minimal, ...everything, ...added].filter(
    (name) => !excluded.has(name) || named.includes(name),
  );
  return [...new Set(chosen)];
}

/** A glob of fnmatch for the whole name. */
export function globPattern(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  return new RegExp(`^${pattern}$`, 's');
}
