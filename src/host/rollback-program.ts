import { puttingBack } from './rollback-restore.ts';
import { accessWays, belongings } from './rollback-ways.ts';

/** Where the host keeps the former state while changes are not confirmed. */
export const rollbackFolder = '/var/lib/foobar/rollback';
/** What the host did by itself, for the run that asks next. */
export const rollbackRecord = '/var/lib/foobar/rolled-back';
/** Second of the host's uptime at which it acts. Where it is missing though changes are not confirmed, the host was restarted. */
export const rollbackDeadline = '/run/foobar-rollback';

const unit = 'foobar-rollback.service';
const table = (of: 'files' | 'units') =>
  accessWays.map((way) => `    ${way}) echo ${belongings[way][of].join(' ')} ;;`).join('\n');

/**
 * What a host needs to save its ways in, to watch the deadline and to put everything back, without anybody's help.
 * For sh of POSIX with coreutils, findutils and flock. The unit is ordered before all that it may put back, so that after
 * a restart sshd, ufw and the network start from the former files (bootup(7), systemd.special(7): network-pre.target).
 */
export const rollbackProgram = `
d=${rollbackFolder} live=${rollbackDeadline} back=${rollbackDeadline}.back record=${rollbackRecord} unit=${unit} locked=/var/lib/foobar/lock
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
# cp --parents of coreutils 9.1 (Debian 12) looks for an absolute path's directories below the working directory.
cd / || exit
files_of() {
  case $1 in
${table('files')}
  esac
  [ "$1" != account ] || [ -z "$home" ] || echo "$home/.ssh"
  for u in $(units_of "$1"); do
    for folder in /etc/systemd/system /run/systemd/system; do
      echo "$folder/$u" "$folder/$u.d" "$folder/*.wants/$u" "$folder/*.requires/$u"
    done
  done
}
units_of() {
  case $1 in
${table('units')}
  esac
}
has_systemd() { [ -d /run/systemd/system ]; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
uptime() { read -r up rest </proc/uptime; up=\${up%%.*}; }
# From when on to act, and how many of the changes that were armed have come to their end.
when() { deadline= ended=; { read -r deadline ended <"$live"; } 2>/dev/null; ended=\${ended:-0}; }
rules() { "$1" 2>/dev/null | sed '/^#/d; /^:/s/ \\[.*//'; }
addresses() { ip -o addr show | while read -r n device family address rest; do echo "$device $family $address"; done; }

# One at a time; ends with 3 when there is nothing any more that could be confirmed or put back.
hold() {
  [ -e "$d/armed" ] && true 2>/dev/null >>"$d/lock" || exit 3
  exec 8>>"$d/lock"
  flock 8
  [ -e "$d/armed" ] || exit 3
}

# The former state of one way. Its patterns count once all of it is saved.
save() {
  home=$(getent passwd "$login" | cut -d: -f6)
  set -f; patterns=$(files_of "$1"); set +f
  for path in $patterns; do
    if is_there "$path" && ! is_there "$d/saved$path"; then
      # Half of a directory would pass for all of it.
      cp -a --parents -- "$path" "$d/saved/" || { rm -rf -- "$d/saved$path"; return 1; }
    fi
  done
  for u in $(units_of "$1"); do
    if has_systemd && systemctl -q is-active "$u"; then echo "$u" >>"$d/active" || return; fi
  done
  case $1 in
  firewall)
    for family in iptables ip6tables; do
      ! command -v $family-save >/dev/null || rules $family-save >"$d/$family" || return
    done ;;
  network)
    ! command -v ip >/dev/null || {
      ip -o link show up | cut -d: -f2 | cut -d@ -f1 >"$d/links" && addresses >"$d/addresses" &&
        { ip -4 route show && ip -6 route show; } >"$d/routes" &&
        ip addr save >"$d/addresses.saved" && ip -4 route save >"$d/routes4.saved" && ip -6 route save >"$d/routes6.saved"
    } || return ;;
  account)
    [ -z "$home" ] || [ ! -d "$home" ] || stat -c '%a %u:%g %n' -- "$home" >"$d/home" || return ;;
  esac
  # They stay patterns: what fits them later and is not saved was not there.
  set -f; printf '%s\\n' $patterns >"$d/new-$1" || return; set +f
}

arm() {
  seconds=$1 owner=$2 login=$3 believed=$4 title=$5
  shift 5
  if [ -e "$d/armed" ]; then fresh=; else fresh=1; fi
  [ -z "$fresh" ] || [ "$believed" = no ] || exit 3
  if [ -n "$fresh" ]; then
    trap '[ -e "$d/armed" ] || { clear; rm -rf "$d"; }' EXIT
    find "$d" -mindepth 1 ! -name program -delete && mkdir "$d/saved" && true >>"$d/lock" || exit
    rm -f "$back"
  else
    # The host does not act while it saves more.
    hold
  fi
  for way; do [ -e "$d/way-$way" ] || save "$way" || exit; done
  printf '%s\\n' "$title" >>"$d/titles" && echo "$seconds" >"$d/seconds" || exit
  # What is only in memory would be put back as empty files after a loss of power.
  find "$d" ! -type l -exec sync -- {} + || exit
  for way; do [ ! -e "$d/new-$way" ] || mv "$d/new-$way" "$d/way-$way" || exit; done
  sync "$d" || exit
  [ -z "$fresh" ] || rm -f "$live"
  when; uptime; echo "$((up + seconds)) $ended" >"$live" || exit
  [ -n "$fresh" ] || exit 0
  if has_systemd; then
    unit_text >/etc/systemd/system/$unit && mkdir -p -m 755 /etc/systemd/system/sysinit.target.wants &&
      chmod 644 /etc/systemd/system/$unit &&
      ln -sf ../$unit /etc/systemd/system/sysinit.target.wants/$unit &&
      sync /etc/systemd/system/$unit /etc/systemd/system/sysinit.target.wants || exit
  fi
  printf '%s' "$owner" >"$d/armed.new" && sync "$d/armed.new" && mv "$d/armed.new" "$d/armed" && sync "$d" || exit
  if has_systemd; then
    systemctl start $unit || { code=$?; rm -f "$d/armed"; exit $code; }
  else
    setsid sh "$d/program" watch </dev/null >/dev/null 2>&1 &
    echo unattended
  fi
}

unit_text() {
  cat <<END
[Unit]
Description=Put back what foobar changed unless it is confirmed
DefaultDependencies=no
RequiresMountsFor=$d
After=local-fs.target
Before=sysinit.target network-pre.target ufw.service nftables.service systemd-networkd.service networking.service
Before=ssh.service ssh.socket shutdown.target
Conflicts=shutdown.target
StartLimitIntervalSec=0

[Service]
SuccessExitStatus=3
ExecStartPre=/bin/sh $d/program boot
ExecStart=/bin/sh -c '[ ! -e $d/program ] || exec sh $d/program watch'
Restart=on-failure
RestartSec=1
OOMScoreAdjust=-900
END
}

watch() {
  unread=0
  while [ -e "$d/armed" ]; do
    when
    uptime
    case $deadline in
    '' | *[!0-9]*)
      unread=$((unread + 1))
      [ $unread -ge 5 ] || { sleep 0.2; continue; }
      deadline=0 ;;
    esac
    unread=0
    if [ "$up" -lt "$deadline" ]; then sleep 1; continue; fi
    hold
    # It may have been put off meanwhile.
    when
    if [ "$up" -lt "\${deadline:-0}" ]; then exec 8>&-; continue; fi
    [ -e "$d/why" ] || halt
    why=$(cat "$d/why" 2>/dev/null)
    roll_back "\${why:-no new connection confirmed it within $(cat "$d/seconds") s}"
    exit
  done
}

boot() {
  if [ ! -e "$d/armed" ]; then clear; rm -rf "$d"; exit 0; fi
  [ ! -e "$live" ] || exit 0
  uptime
  if [ -e "$d/reboot" ]; then
    rm -f "$d/reboot"
    echo $((up + $(cat "$d/seconds") + 60)) >"$live"
    exit 0
  fi
  booting=1
  roll_back 'the host was restarted before it was confirmed'
}

${puttingBack}

# Only what makes the host act is taken away here.
clear() {
  rm -f "$live" "$back" /etc/systemd/system/sysinit.target.wants/$unit /etc/systemd/system/$unit
}

# Nothing is armed any more, not even after a loss of power.
over() {
  rm -f "$d/armed"
  sync "$d"
  clear
}

# What the next start of sshd and of the firewall would make of their files.
sound() {
  if [ -e "$d/way-ssh" ] && command -v sshd >/dev/null; then
    said=$(sshd -t 2>&1) || { echo "sshd does not take its configuration: $said"; return 1; }
  fi
  [ -e "$d/way-firewall" ] || return 0
  for rules in /etc/ufw/user.rules /etc/ufw/user6.rules; do
    [ ! -e "$rules" ] || grep -qx COMMIT "$rules" || { echo "$rules is cut off: at its next start ufw would let nobody in"; return 1; }
  done
}

# By the run that armed it; of another's there is nothing to confirm.
disarm() {
  hold
  [ "$(cat "$d/armed")" = "$1" ] || exit 3
  sound || exit 4
  over
  ! has_systemd || systemctl --no-block stop $unit
  rm -rf "$d"
}

# Asked for: the host acts at once, and by itself, since what it does may end this shell.
now() {
  [ -e "$d/armed" ] || exit 0
  halt
  printf '%s' "$1" >"$d/why"
  waited=0
  while [ -e "$d" ]; do
    # A sign of life may still be on its way.
    echo 0 >"$live"
    sleep 0.2
    waited=$((waited + 1))
    if [ $waited = 100 ]; then hold; roll_back "$1"; fi
  done
  rm -f "$live"
}

booting= verb=$1
shift
"$verb" "$@"
`;
