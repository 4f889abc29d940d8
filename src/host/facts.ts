import type { Query } from './contract.ts';
import { readNetwork } from './facts-network.ts';
import { rawShell } from './sh.ts';

/** What a host tells about itself, under the names of Ansible's `ansible_facts`. */
export type Facts = Record<string, unknown>;

const sections = {
  release: 'cat /etc/os-release',
  debian: 'cat /etc/debian_version',
  system: 'uname -srm',
  nodename: 'uname -n',
  hosts: 'cat /etc/hosts',
  memory: 'grep -E "^(Mem|Swap)(Total|Free|Available):" /proc/meminfo',
  processors:
    'grep -E "^(processor|vendor_id|model name|physical id|siblings|cpu cores)[[:space:]]*:" /proc/cpuinfo',
  nproc: 'nproc',
  addresses: 'ip -j address show',
  route4: 'ip -j -4 route show default',
  route6: 'ip -j -6 route show default',
  mounts: 'grep "^/" /proc/self/mounts',
  init: 'cat /proc/1/comm; [ ! -d /run/systemd/system ] || echo booted-with-systemd',
  managers: 'ls -d /usr/bin/apt-get /usr/bin/dnf /usr/bin/zypper /sbin/apk /usr/bin/pacman',
  virtualization: 'systemd-detect-virt',
  user: 'id',
  clock: 'date "+%s %z %Z"',
  uptime: 'cat /proc/uptime',
  machine: 'cat /etc/machine-id',
  product: 'cat /sys/class/dmi/id/product_name',
  vendor: 'cat /sys/class/dmi/id/sys_vendor',
  resolver: 'grep -E "^(nameserver|search)" /etc/resolv.conf',
  keys: 'cat /etc/ssh/ssh_host_*_key.pub',
  apt: 'grep -hE "^(deb|URIs:)[[:space:]]" /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources',
} as const;
type Section = keyof typeof sections;

/**
 * Facts of a host, read without Python: Ansible's names, and one of our own, `apt_uri`: the first URI of the host's
 * Debian apt sources, with which roles add suites of the same mirror. What a host cannot tell is left out.
 */
export const facts: Query<void, Facts> = {
  name: 'facts',
  key: () => '',

  script: () =>
    rawShell(
      `export LC_ALL=C\n{\n${Object.entries(sections)
        .map(([name, command]) => `printf '\\n\\001%s\\n' ${name}; ${command}`)
        .join('\n')}\n} 2>/dev/null\n:`,
    ),

  parse(stdout, args) {
    const parts = new Map<string, string>();
    for (const part of stdout.toString('utf8').split('\n\u0001').slice(1)) {
      const at = part.indexOf('\n');
      parts.set(part.slice(0, at), part.slice(at + 1).trim());
    }
    const get = (section: Section) => parts.get(section) ?? '';
    if (get('system') === '') throw new Error('the host does not tell what system it runs (uname)');
    const all: Facts = {
      ...readSystem(get),
      ...readMemory(get('memory')),
      ...readProcessors(get('processors'), get('nproc')),
      ...readNetwork(get('addresses'), get('route4'), get('route6')),
      ...readRest(get),
    };
    return args.map(() => all);
  },
};

const families: Record<string, string> = {
  debian: 'Debian',
  ubuntu: 'Debian',
  rhel: 'RedHat',
  fedora: 'RedHat',
  centos: 'RedHat',
  suse: 'Suse',
  alpine: 'Alpine',
  arch: 'Archlinux',
};

function readSystem(get: (section: Section) => string): Facts {
  const release = new Map<string, string>();
  for (const [, name, value] of get('release').matchAll(/^(\w+)=["']?(.*?)["']?$/gm))
    release.set(name!, value!);
  const id = release.get('ID') ?? '';
  const pretty = release.get('NAME')?.split(/[ /]/, 1)[0] ?? 'Linux';
  const number = release.get('VERSION_ID') ?? '';
  // As Ansible: the point release of Debian stands only in debian_version.
  const version = id === 'debian' && /^\d/.test(get('debian')) ? get('debian') : number;
  const family = [id, ...(release.get('ID_LIKE') ?? '').split(' ')]
    .map((name) => families[name])
    .find(Boolean);
  const [system, kernel, machine] = get('system').split(' ');
  const nodename = get('nodename');
  const fqdn = fullName(nodename, get('hosts'));
  return {
    system,
    kernel,
    machine,
    architecture: machine,
    distribution: pretty,
    distribution_release: release.get('VERSION_CODENAME') ?? 'NA',
    distribution_version: version || 'NA',
    distribution_major_version: version.split('.', 1)[0] || 'NA',
    os_family: family ?? pretty,
    nodename,
    hostname: nodename.split('.', 1)[0],
    fqdn,
    domain: fqdn.includes('.') ? fqdn.slice(fqdn.indexOf('.') + 1) : '',
  };
}

/** The name with a domain that /etc/hosts gives: asking DNS could take many seconds. */
function fullName(nodename: string, hosts: string): string {
  if (nodename.includes('.')) return nodename;
  for (const line of hosts.split('\n')) {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!names.includes(nodename)) continue;
    const full = names.find((name) => name.startsWith(`${nodename}.`));
    if (full) return full;
  }
  return nodename;
}

function readMemory(text: string): Facts {
  const megabytes = (field: string) =>
    Math.floor(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024);
  const [total, free] = [megabytes('MemTotal'), megabytes('MemFree')];
  return {
    memtotal_mb: total,
    memfree_mb: free,
    memavailable_mb: megabytes('MemAvailable'),
    memory_mb: {
      real: { total, free, used: total - free },
      swap: { total: megabytes('SwapTotal'), free: megabytes('SwapFree') },
    },
    swaptotal_mb: megabytes('SwapTotal'),
    swapfree_mb: megabytes('SwapFree'),
  };
}

function readProcessors(text: string, nproc: string): Facts {
  const values = (field: string) =>
    [...text.matchAll(new RegExp(`^${field}\\s*: (.*)$`, 'gm'))].map((match) => match[1]!);
  const vcpus = [...text.matchAll(/^processor\s*:/gm)].length;
  const count = new Set(values('physical id')).size || vcpus || 1;
  const cores = Number(values('cpu cores')[0] ?? 1);
  const siblings = Number(values('siblings')[0] ?? cores);
  return {
    processor: [...new Set([...values('vendor_id'), ...values('model name')])],
    processor_count: count,
    processor_cores: cores,
    processor_threads_per_core: Math.max(1, Math.floor(siblings / cores)),
    processor_vcpus: vcpus || Number(nproc),
    processor_nproc: Number(nproc) || vcpus,
  };
}

const packageManagers: Record<string, string> = {
  'apt-get': 'apt',
  dnf: 'dnf',
  zypper: 'zypper',
  apk: 'apk',
  pacman: 'pacman',
};

function readRest(get: (section: Section) => string): Facts {
  const [init = '', booted] = get('init').split('\n');
  const manager = get('managers').split('\n')[0]?.split('/').pop() ?? '';
  const virtual = get('virtualization');
  const user = /^uid=(\d+)\((.*?)\) gid=(\d+)/.exec(get('user'));
  const apt = aptUri(get('apt'));
  const keys = [...get('keys').matchAll(/^(ssh-|ecdsa-sha2-)(\S+) (\S+)/gm)];
  const resolver = (what: string) =>
    [...get('resolver').matchAll(new RegExp(`^${what}\\s+(.*)$`, 'gm'))].flatMap((match) =>
      match[1]!.split(/\s+/),
    );
  return {
    mounts: get('mounts')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [device, mount, fstype, options] = line.split(' ').map(unescapeOctal);
        return { device, mount, fstype, options };
      }),
    service_mgr: booted ? 'systemd' : init,
    pkg_mgr: packageManagers[manager] ?? 'unknown',
    virtualization_type: virtual === '' || virtual === 'none' ? 'NA' : virtual,
    virtualization_role: virtual === '' ? 'NA' : virtual === 'none' ? 'host' : 'guest',
    ...(user ? { user_id: user[2], user_uid: Number(user[1]), user_gid: Number(user[3]) } : {}),
    ...(get('machine') ? { machine_id: get('machine') } : {}),
    ...(get('product') ? { product_name: get('product') } : {}),
    ...(get('vendor') ? { system_vendor: get('vendor') } : {}),
    dns: { nameservers: resolver('nameserver'), search: resolver('search') },
    date_time: readClock(get('clock')),
    uptime_seconds: Math.floor(Number.parseFloat(get('uptime')) || 0),
    ...Object.fromEntries(
      keys.map(([, prefix, type, key]) => [
        `ssh_host_key_${prefix === 'ssh-' ? type : 'ecdsa'}_public`.replace(/-/g, '_'),
        key,
      ]),
    ),
    ...(apt ? { apt_uri: apt } : {}),
  };
}

/** Spaces and the like in /proc/mounts are octal: fstab(5). */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function aptUri(lines: string): string | undefined {
  for (const line of lines.split('\n')) {
    const words = line
      .replace(/\[.*?\]/, '')
      .trim()
      .split(/\s+/);
    if (words[1]?.includes(':')) return words[1];
  }
  return undefined;
}

function readClock(text: string): Facts {
  const [epoch = '0', offset = '+0000', zone = 'UTC'] = text.split(' ');
  const utc = new Date(Number(epoch) * 1000);
  const minutes =
    (offset.startsWith('-') ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3)));
  const local = new Date(utc.getTime() + minutes * 60_000).toISOString();
  return {
    epoch,
    epoch_int: epoch,
    iso8601: utc.toISOString().replace('.000', ''),
    date: local.slice(0, 10),
    time: local.slice(11, 19),
    year: local.slice(0, 4),
    month: local.slice(5, 7),
    day: local.slice(8, 10),
    hour: local.slice(11, 13),
    minute: local.slice(14, 16),
    second: local.slice(17, 19),
    tz: zone,
    tz_offset: offset,
  };
}
