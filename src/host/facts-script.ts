import { type Command, rawShell } from './sh.ts';

/** Files that are read, by what they tell of. Where a name may stand for several, each line comes with its path. */
const files = {
  release: '/etc/os-release',
  debian: '/etc/debian_version',
  system: '/proc/sys/kernel/ostype',
  kernel: '/proc/sys/kernel/osrelease',
  version: '/proc/sys/kernel/version',
  nodename: '/proc/sys/kernel/hostname',
  machine: '/proc/sys/kernel/arch',
  machineId: '/etc/machine-id',
  hosts: '/etc/hosts',
  memory: '/proc/meminfo',
  processors: '/proc/cpuinfo',
  uptime: '/proc/uptime',
  load: '/proc/loadavg',
  dmi: '/sys/devices/virtual/dmi/id/*',
  resolver: '/etc/resolv.conf',
  keys: '/etc/ssh/ssh_host_*_key.pub',
  cmdline: '/proc/cmdline',
  lsbFile: '/etc/lsb-release',
  enforcing: '/sys/fs/selinux/enforce',
  selinux: '/etc/selinux/config',
  fips: '/proc/sys/crypto/fips_enabled',
  init: '/proc/1/comm',
  /** Of the program that reads them: who it runs as, where, and with which words of the kernel (getauxval(3)). */
  status: '/proc/self/status',
  environment: '/proc/self/environ',
  auxiliary: '/proc/self/auxv',
  initEnvironment: '/proc/1/environ',
  initGroups: '/proc/1/cgroup',
  container: '/run/systemd/container',
  xen: '/proc/xen/capabilities',
  mounts: '/proc/self/mounts',
  mountinfo: '/proc/self/mountinfo',
  speeds: '/sys/class/net/*/speed',
  blockFiles:
    '/sys/block/*/removable /sys/block/*/size /sys/block/*/queue/rotational /sys/block/*/queue/scheduler /sys/block/*/queue/logical_block_size /sys/block/*/queue/discard_granularity /sys/block/*/device/model /sys/block/*/device/vendor /sys/block/*/*/partition /sys/block/*/*/start /sys/block/*/*/size',
  iscsi: '/etc/iscsi/initiatorname.iscsi',
  nvme: '/etc/nvme/hostnqn',
  fibreChannel: '/sys/class/fc_host/*/port_name',
  apt: '/etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources',
} as const;

/** Symbolic links that are read, with where they lead to: they themselves, and those below. */
const links = {
  blocks: '/sys/block /sys/block/*/holders /sys/block/*/*/holders',
  diskLinks: '/dev/disk',
  drivers: '/sys/class/net/*/device/driver/module',
} as const;

/** Paths that say something by being there. */
const paths = {
  managers: '/usr/bin/apt-get /usr/bin/dnf /usr/bin/zypper /sbin/apk /usr/bin/pacman',
  booted: '/run/systemd/system',
  apparmor: '/sys/kernel/security/apparmor',
  kinds: '/sys/class/net/*/bridge /sys/class/net/*/bonding',
  // A module that is built into the kernel has no state: /proc/modules does not name it either.
  virtual:
    '/.dockerenv /.dockerinit /proc/vz /proc/lve /proc/bc /proc/xen /dev/kvm /sys/module/kvm/initstate /sys/module/vboxdrv/initstate /sys/module/virtio/initstate',
} as const;

/** What needs more than looking: shell that prints it. */
const commands = {
  // Older kernels do not tell it in a file.
  machineName: '[ -e /proc/sys/kernel/arch ] || uname -m',
  addresses:
    'ip -j -force -batch - <<end\naddress show\nroute show default\nroute show table local type local\nend',
  addresses6: 'ip -j -6 -force -batch - <<end\nroute show default\nroute show table local type local\nend',
  // A file system of another machine may not answer.
  sizes: `set --; l=; while read -r d m t r; do case $d in /* | *:/*) ;; *) continue ;; esac
case $m in *\\\\*) m=$(printf %b "$m") ;; esac; set -- "$@" "$m"
case $t in ext[234] | xfs | btrfs | vfat | squashfs | erofs | iso9660) ;; *) l='timeout 5' ;; esac
done </proc/self/mounts; [ $# -eq 0 ] || $l stat -f -c "%S %s %b %a %c %d %n" -- "$@"`,
  // Without udev only devices that are there can be looked into.
  uuids: `u=; [ ! -d /dev/disk ] || u=1; for b in /sys/block/*; do [ ! -b "/dev/\${b##*/}" ] || u=1; done
[ -z "$u" ] || lsblk --list --noheadings --paths --output NAME,UUID --exclude 2`,
  lvm: `lvm() { ! command -v "$1" >/dev/null || { echo "= $1"; "$1" --noheadings --nosuffix --units g --separator , -o "$2"; }; }
lvm vgs vg_name,vg_size,vg_free,lv_count,pv_count; lvm lvs lv_name,vg_name,lv_size; lvm pvs pv_name,vg_name,pv_size,pv_free`,
  systemd: 'systemctl --version',
  // The shell finds who it is by itself; only a user that is in no file needs a program.
  user: `while read -r k r e x; do [ "$k" != Uid: ] || break; done </proc/self/status; f=
while IFS=: read -r n p i x; do [ "$i" != "$e" ] || { f=1; echo "$n:$p:$i:$x"; break; }; done </etc/passwd
[ -n "$f" ] || getent passwd "$e"`,
  // One date for now and for the middle of January and July of this year.
  clock: 'LC_ALL=C date -f - "+%s %N %z %Z %A %w %W" <<end\nnow\nJan 15\nJul 15\nend',
  lsb: '! command -v lsb_release >/dev/null || lsb_release -a',
  capabilities: 'PATH=$PATH:/usr/sbin:/sbin; ! command -v capsh >/dev/null || capsh --print',
  chroot: '[ / -ef /proc/1/root/. ] && echo no || echo yes',
} as const;

type FileSection = keyof typeof files;
type LinkSection = keyof typeof links;
type PathSection = keyof typeof paths;
/** A part of what facts are made of. */
export type FactSection = FileSection | LinkSection | PathSection | keyof typeof commands;
export const factSections = Object.keys({ ...files, ...links, ...paths, ...commands }) as FactSection[];

/**
 * What was read of a section, without white space around it; empty when there was nothing. Lines of several files are
 * PATH:LINE, links PATH TARGET.
 */
export type ReadSection = (section: FactSection) => string;

/** Shell that reads some sections: all files with one process, all links with another. */
export function factScript(wanted: ReadonlySet<FactSection>): Command {
  const of = (kind: Readonly<Record<string, string>>) =>
    Object.entries(kind)
      .filter(([name]) => wanted.has(name as FactSection))
      .map(([, words]) => words)
      .join(' ');
  const lines = [
    of(files) && `part files; grep -asHZ -d skip '' -- ${of(files)}`,
    of(links) && `part links; find ${of(links)} -maxdepth 2 -type l -printf '%p %l\\n'`,
    of(paths) && `part paths; for p in ${of(paths)}; do [ ! -e "$p" ] || echo "$p"; done`,
    ...Object.entries(commands)
      .filter(([name]) => wanted.has(name as FactSection))
      .map(([name, command]) => `part ${name}; ${command}`),
  ].filter(Boolean);
  return rawShell(`part() { printf '\\n\\001%s\\n' "$1"; }\n{\n${lines.join('\n')}\n} 2>/dev/null\n:`);
}

/** What such a script has printed. */
export function readFacts(stdout: string): ReadSection {
  const parts = new Map<string, string>();
  for (const part of stdout.split('\n\u0001').slice(1)) {
    const at = part.indexOf('\n');
    parts.set(part.slice(0, at), part.slice(at + 1));
  }
  const found = {
    files: linesOf(parts.get('files')).map((line) => cut(line, '\0')),
    links: linesOf(parts.get('links')).map((line) => cut(line, ' ')),
    paths: linesOf(parts.get('paths')).map((line) => [line, ''] as const),
  };
  const sections = new Map<FactSection, string>();
  const read = (section: FactSection): string => {
    if (section in files) {
      const [words, several] = [files[section as FileSection], /[* ]/.test(files[section as FileSection])];
      return matching(found.files, words, '$')
        .map(([path, line]) => (several ? `${path}:${line}` : line))
        .join('\n');
    }
    if (section in links)
      return matching(found.links, links[section as LinkSection], '(/|$)')
        .map((link) => link.join(' '))
        .join('\n');
    if (section in paths)
      return matching(found.paths, paths[section as PathSection], '$')
        .map(([path]) => path)
        .join('\n');
    return parts.get(section) ?? '';
  };
  return (section) => {
    const text = sections.get(section) ?? read(section).trim();
    sections.set(section, text);
    return text;
  };
}

function linesOf(text = ''): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function cut(line: string, separator: string): readonly [string, string] {
  const at = line.indexOf(separator);
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Those whose path one of the shell's patterns stands for. */
function matching(
  all: readonly (readonly [string, string])[],
  words: string,
  end: string,
): (readonly [string, string])[] {
  const patterns = words.split(' ').map((word) => word.replace(/[.]/g, '\\.').replaceAll('*', '[^/]*'));
  const pattern = new RegExp(`^(?:${patterns.join('|')})${end}`);
  return all.filter(([path]) => pattern.test(path));
}
