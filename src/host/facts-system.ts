import { readClock } from './facts-clock.ts';
import type { ReadSection } from './facts-script.ts';

type Facts = Record<string, unknown>;

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

/** Distribution, kernel, names, user and the rest that is no hardware, under Ansible's names. */
export function readSystem(get: ReadSection): Facts {
  const machine = get('machine') || get('machineName');
  const bits = bitsOf(get('auxiliary'));
  const nodename = get('nodename');
  const fqdn = fullName(nodename, get('hosts'));
  return {
    ...readDistribution(get),
    system: get('system'),
    kernel: get('kernel'),
    kernel_version: get('version'),
    machine,
    architecture: machine,
    userspace_bits: bits,
    userspace_architecture: userspace(machine, bits),
    nodename,
    hostname: nodename.split('.', 1)[0],
    fqdn,
    domain: fqdn.includes('.') ? fqdn.slice(fqdn.indexOf('.') + 1) : '',
    ...(get('machineId') ? { machine_id: get('machineId') } : {}),
    pkg_mgr: packageManagers[get('managers').split('\n')[0]?.split('/').pop() ?? ''] ?? 'unknown',
    service_mgr: get('booted') ? 'systemd' : get('init'),
    ...readSystemd(get('systemd')),
    ...readUser(get('user'), get('status')),
    env: readEnvironment(get('environment')),
    date_time: readClock(get('clock')),
    loadavg: readLoad(get('load')),
    dns: readResolver(get('resolver')),
    ...readKeys(get('keys')),
    ...readCommandLine(get('cmdline')),
    lsb: readLsb(get('lsb') || get('lsbFile')),
    ...readSecurity(get),
    is_chroot: get('chroot') === 'yes',
    ...readInitiators(get),
  };
}

const packageManagers: Record<string, string> = {
  'apt-get': 'apt',
  dnf: 'dnf',
  zypper: 'zypper',
  apk: 'apk',
  pacman: 'pacman',
};

function readDistribution(get: ReadSection): Facts {
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
  const [major, minor] = version.split('.');
  return {
    distribution: pretty,
    distribution_release: release.get('VERSION_CODENAME') ?? 'NA',
    distribution_version: version || 'NA',
    distribution_major_version: major || 'NA',
    ...(minor === undefined ? {} : { distribution_minor_version: minor }),
    distribution_file_parsed: true,
    distribution_file_path: '/etc/os-release',
    distribution_file_variety: family ?? pretty,
    os_family: family ?? pretty,
  };
}

/**
 * Of the programs: the kernel hands each pairs of words, the first a small number, the second none (getauxval(3)). One
 * of 64 bits has four bytes of zero before or behind that number.
 */
function bitsOf(auxiliary: string): string {
  const zero = '\0'.repeat(4);
  if (auxiliary === '') return '';
  return auxiliary.startsWith(zero) || auxiliary.startsWith(zero, 4) ? '64' : '32';
}

function userspace(machine: string, bits: string): string {
  if (!/^(x86_64|i[3-6]86)$/.test(machine)) return machine;
  return bits === '32' ? 'i386' : 'x86_64';
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

function readSystemd(text: string): Facts {
  const [, version] = /^systemd (\d+)/.exec(text) ?? [];
  if (version === undefined) return {};
  return { systemd: { version: Number(version), features: text.split('\n')[1] ?? '' } };
}

/** @param status whose it is: real and effective numbers of user and group (proc_pid_status(5)) */
function readUser(entry: string, status: string): Facts {
  const ids = (name: string) => new RegExp(`^${name}:\\s+(\\d+)\\s+(\\d+)`, 'm').exec(status)?.slice(1) ?? [];
  const [realUser, user] = ids('Uid');
  const [realGroup, group] = ids('Gid');
  const [name = '', , uid, gid, gecos, dir, shell] = entry.split(':');
  if (name === '') return {};
  return {
    user_id: name,
    user_uid: Number(uid),
    user_gid: Number(gid),
    user_gecos: gecos,
    user_dir: dir,
    user_shell: shell,
    real_user_id: Number(realUser),
    real_group_id: Number(realGroup),
    effective_user_id: Number(user),
    effective_group_id: Number(group),
  };
}

function readEnvironment(text: string): Facts {
  const all = text.split('\0');
  return Object.fromEntries(
    all
      .filter((each) => each.includes('='))
      .map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  );
}

function readLoad(text: string): Facts {
  const [one, five, fifteen] = text.split(' ').map(Number);
  return { '1m': one ?? 0, '5m': five ?? 0, '15m': fifteen ?? 0 };
}

/** resolv.conf(5). */
function readResolver(text: string): Facts {
  const found: Facts = {};
  for (const line of text.split('\n')) {
    const [name, ...words] = line.trim().split(/\s+/);
    if (words.length === 0) continue;
    if (name === 'nameserver') found.nameservers = [...((found.nameservers as string[]) ?? []), words[0]];
    else if (name === 'domain') found.domain = words[0];
    else if (name === 'search' || name === 'sortlist') found[name] = words;
    else if (name === 'options')
      found.options = Object.fromEntries(
        words.map((word) => {
          const [key = '', value] = word.split(':', 2);
          return [key, value ?? true];
        }),
      );
  }
  return found;
}

function readKeys(text: string): Facts {
  return Object.fromEntries(
    [...text.matchAll(/:((?:ssh-|ecdsa-sha2-)(\S+)) (\S+)/gm)].flatMap(([, type = '', name = '', key]) => {
      const kind = type.startsWith('ssh-') ? ({ dss: 'dsa' }[name] ?? name) : 'ecdsa';
      return [
        [`ssh_host_key_${kind}_public`, key],
        [`ssh_host_key_${kind}_public_keytype`, type],
      ];
    }),
  );
}

function readCommandLine(text: string): Facts {
  const words = [...text.matchAll(/(?:"[^"]*"|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ''));
  const cmdline: Facts = {};
  const all: Facts = {};
  for (const word of words) {
    const at = word.indexOf('=');
    const [name, value] = at < 0 ? [word, true] : [word.slice(0, at), word.slice(at + 1)];
    cmdline[name] = value;
    const before = all[name];
    all[name] =
      before === undefined || at < 0 ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return { cmdline, proc_cmdline: all };
}

function readLsb(text: string): Facts {
  const field = (...names: string[]) =>
    names.map((name) => new RegExp(`^${name}\\s*[:=]\\s*(.*)$`, 'm').exec(text)?.[1]).find(Boolean);
  const given = {
    id: field('Distributor ID', 'DISTRIB_ID'),
    description: field('Description', 'DISTRIB_DESCRIPTION'),
    release: field('Release', 'DISTRIB_RELEASE'),
    codename: field('Codename', 'DISTRIB_CODENAME'),
  };
  const found = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value.trim().replace(/^["']|["']$/g, '')] as const],
  );
  const release = found.find(([name]) => name === 'release')?.[1];
  return {
    ...Object.fromEntries(found),
    ...(release === undefined ? {} : { major_release: release.split('.')[0] }),
  };
}

function readSecurity(get: ReadSection): Facts {
  const capabilities = /^Current:(.*)$/m.exec(get('capabilities'))?.[1]?.trim();
  return {
    apparmor: { status: get('apparmor') ? 'enabled' : 'disabled' },
    selinux:
      get('enforcing') === ''
        ? { status: 'disabled' }
        : {
            status: 'enabled',
            mode: get('enforcing') === '1' ? 'enforcing' : 'permissive',
            type: /^SELINUXTYPE=(.*)$/m.exec(get('selinux'))?.[1] ?? 'unknown',
          },
    fips: get('fips') === '1',
    system_capabilities_enforced:
      capabilities === undefined ? 'N/A' : capabilities === '=ep' ? 'False' : 'True',
    system_capabilities:
      capabilities === undefined
        ? 'N/A'
        : capabilities === '=ep'
          ? []
          : (capabilities.split('=')[1] ?? '').split(',').map((name) => name.trim()),
  };
}

function readInitiators(get: ReadSection): Facts {
  return {
    iscsi_iqn: /^InitiatorName=(\S+)/m.exec(get('iscsi'))?.[1] ?? '',
    hostnqn: get('nvme'),
    fibre_channel_wwn: [...get('fibreChannel').matchAll(/:(?:0x)?(\w+)$/gm)].map(([, name]) => name),
  };
}
