/** What is read of a host, by name: shell of which each prints one part. As few processes as the parts allow. */
export const factSections = {
  release: 'cat /etc/os-release',
  debian: 'cat /etc/debian_version',
  system: 'uname -srm',
  version: 'uname -v',
  nodename: 'uname -n',
  hosts: 'cat /etc/hosts',
  memory: 'cat /proc/meminfo',
  processors: 'cat /proc/cpuinfo',
  nproc: 'nproc',
  bits: 'getconf LONG_BIT',
  addresses: 'ip -j address show',
  route4: 'ip -j -4 route show default',
  route6: 'ip -j -6 route show default',
  local4: 'ip -j -4 route show table local type local',
  local6: 'ip -j -6 route show table local type local',
  links:
    'grep -sH "" /sys/class/net/*/speed; for l in /sys/class/net/*; do [ ! -d "$l/bridge" ] || echo "$l/kind:bridge"; [ ! -d "$l/bonding" ] || echo "$l/kind:bonding"; [ ! -e "$l/device/driver/module" ] || echo "$l/module:$(readlink -f "$l/device/driver/module")"; done',
  mounts: 'cat /proc/self/mounts',
  mountinfo: 'cat /proc/self/mountinfo',
  sizes:
    'set --; while read -r d m r; do case $d in /* | *:/*) set -- "$@" "$(printf %b "$m")" ;; esac; done </proc/self/mounts; [ $# -eq 0 ] || timeout 5 stat -f -c "%S %s %b %a %c %d %n" -- "$@"',
  uuids: 'lsblk --list --noheadings --paths --output NAME,UUID --exclude 2',
  blocks: 'find /sys/block -maxdepth 1 -type l -printf "%f %l\\n"',
  blockfiles:
    'grep -sH "" /sys/block/*/removable /sys/block/*/size /sys/block/*/queue/rotational /sys/block/*/queue/scheduler /sys/block/*/queue/logical_block_size /sys/block/*/queue/discard_granularity /sys/block/*/device/model /sys/block/*/device/vendor /sys/block/*/*/partition /sys/block/*/*/start /sys/block/*/*/size; ls -d /sys/block/*/holders/* /sys/block/*/*/holders/* 2>/dev/null',
  disklinks: 'find /dev/disk -type l -printf "%p %l\\n"',
  lvm: 'for c in vgs lvs pvs; do command -v "$c" >/dev/null || continue; echo "= $c"; "$c" --noheadings --nosuffix --units g --separator , $([ "$c" != lvs ] || echo "-o lv_name,vg_name,lv_size") $([ "$c" != vgs ] || echo "-o vg_name,vg_size,vg_free,lv_count,pv_count") $([ "$c" != pvs ] || echo "-o pv_name,vg_name,pv_size,pv_free"); done',
  init: 'cat /proc/1/comm; [ ! -d /run/systemd/system ] || echo booted-with-systemd',
  systemd: 'systemctl --version',
  managers: 'ls -d /usr/bin/apt-get /usr/bin/dnf /usr/bin/zypper /sbin/apk /usr/bin/pacman',
  virtualization: 'systemd-detect-virt --vm',
  container:
    'tr "\\0" "\\n" </proc/1/environ | grep -s ^container=; echo "systemd=$(cat /run/systemd/container)"; [ ! -e /.dockerenv ] || echo docker; grep -qs "^kvm " /proc/modules && echo host=kvm; grep -qs "^vboxdrv " /proc/modules && echo host=virtualbox',
  user: 'id; getent passwd "$(id -u)"; id -ur; id -gr; id -u; id -g',
  environment: 'env -0 | base64 -w0',
  clock:
    'date "+%s %N %z %Z %A %w %W"; y=$(date +%Y); date -d "$y-01-15" "+%z %Z"; date -d "$y-07-15" "+%z %Z"',
  uptime: 'cat /proc/uptime',
  load: 'cat /proc/loadavg',
  machine: 'cat /etc/machine-id',
  dmi: 'grep -sH "" /sys/devices/virtual/dmi/id/*',
  resolver: 'cat /etc/resolv.conf',
  keys: 'cat /etc/ssh/ssh_host_*_key.pub',
  cmdline: 'cat /proc/cmdline',
  lsb: 'if command -v lsb_release >/dev/null; then lsb_release -a; else cat /etc/lsb-release; fi',
  security:
    '[ ! -d /sys/kernel/security/apparmor ] || echo apparmor; [ ! -e /sys/fs/selinux/enforce ] || { echo selinux; cat /sys/fs/selinux/enforce; echo; sed -n s/^SELINUXTYPE=//p /etc/selinux/config; }',
  fips: 'cat /proc/sys/crypto/fips_enabled',
  capabilities: 'PATH=$PATH:/usr/sbin:/sbin capsh --print',
  chroot: '[ / -ef /proc/1/root/. ] && echo no || echo yes',
  initiators:
    'cat /etc/iscsi/initiatorname.iscsi; echo =; cat /etc/nvme/hostnqn; echo =; cat /sys/class/fc_host/*/port_name',
  apt: 'grep -hE "^(deb|URIs:)[[:space:]]" /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources',
} as const;

export type FactSection = keyof typeof factSections;
export type ReadSection = (section: FactSection) => string;
