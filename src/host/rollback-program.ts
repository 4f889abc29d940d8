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
d=${rollbackFolder} live=${rollbackDeadline} back=${rollbackDeadline}.back record=${rollbackRecord} unit=${unit}
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
  uptime; echo $((up + seconds)) >"$live" || exit
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
    deadline=; { read -r deadline <"$live"; } 2>/dev/null
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
    { read -r deadline <"$live"; } 2>/dev/null
    if [ "$up" -lt "\${deadline:-0}" ]; then exec 8>&-; continue; fi
    roll_back "$(cat "$d/why" 2>/dev/null || echo "no new connection confirmed it within $(cat "$d/seconds") s")"
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

# Whether what is at a path is what was saved: kind, mode, owner, time, content.
same() {
  format='%f %u %g %Y %s'
  [ "$(stat -c "$format" -- "$1" 2>/dev/null)" = "$(stat -c "$format" -- "$2" 2>/dev/null)" ] || return
  if [ -L "$1" ]; then [ "$(readlink -- "$1")" = "$(readlink -- "$2")" ]; else [ ! -f "$1" ] || cmp -s -- "$1" "$2"; fi
}

# Removes what was not there. Noted beforehand, here and below: who is ended in the middle begins anew, and has to know.
remove() {
  for path; do
    is_there "$d/saved$path" || ! is_there "$path" || { echo "$path" >>"$back"; rm -rf -- "$path"; }
  done
}

# Puts back what was there, whole files at a time. On a full disk the saved file itself takes the place, or where that is
# on another one, the room of what it replaces.
put() {
  for saved; do
    path=\${saved#"$d/saved"}
    if [ -d "$saved" ] && [ ! -L "$saved" ]; then
      [ -d "$path" ] && [ ! -L "$path" ] || { echo "$path" >>"$back"; rm -rf -- "$path"; mkdir -- "$path"; }
      [ "$(stat -c '%a %u %g' -- "$saved")" = "$(stat -c '%a %u %g' -- "$path")" ] ||
        { echo "$path" >>"$back"; chown --reference="$saved" -- "$path"; chmod --reference="$saved" -- "$path"; }
      continue
    fi
    ! same "$saved" "$path" || continue
    echo "$path" >>"$back"
    [ ! -d "$path" ] || [ -L "$path" ] || rm -rf -- "$path"
    new=$path.foobar-rollback
    rm -f -- "$new"
    if cp -a -- "$saved" "$new" 2>/dev/null || { rm -f -- "$new"; ln -- "$saved" "$new" 2>/dev/null; }; then
      [ -L "$new" ] || sync -- "$new"
      mv -fT -- "$new" "$path"
    else
      rm -f -- "$new"
      cp -a --remove-destination -- "$saved" "$path"
    fi
  done
}

# Whether anything of a way was put back.
touched() {
  while read -r path; do
    while read -r pattern; do
      case $path in $pattern | $pattern/*) return 0 ;; esac
    done <"$d/way-$1"
  done <"$back"
  return 1
}

roll_back() {
  # In memory: a full disk must not make us forget what has to be started anew.
  true >>"$back"
  for way in "$d"/way-*; do
    while read -r pattern; do
      for path in $pattern; do
        ! is_there "$path" || find "$path" -depth -exec sh "$d/program" remove {} +
      done
      for saved in $d/saved$pattern; do
        ! is_there "$saved" || find "$saved" -exec sh "$d/program" put {} +
      done
    done <"$way"
  done
  if [ -s "$d/home" ]; then
    read -r mode owner home <"$d/home"
    if [ "$(stat -c '%a %u:%g' -- "$home")" != "$mode $owner" ]; then
      echo "$home" >>"$back"; mkdir -p -- "$home"; chown "$owner" -- "$home"; chmod "$mode" -- "$home"
    fi
  fi
  ! has_systemd || units
  [ -n "$booting" ] || { tables; network; }
  {
    echo "at $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    echo "why $1"
    echo "owner $(cat "$d/armed")"
    [ ! -e "$d/titles" ] || sort -u "$d/titles" | sed 's/^/title /'
    sort -u "$back" | sed 's/^/back /'
  } >"$record"
  sync
  over
  rm -rf "$d"
}

units() {
  # Its generators read more than units: sshd-socket-generator(8) sshd_config, netplan's its folder.
  [ ! -s "$back" ] || systemctl daemon-reload
  for file in "$d"/way-*; do
    way=\${file##*/way-}
    for u in $(units_of "$way"); do
      # A second name of a unit is not a second unit.
      [ "$(systemctl show -P Id "$u")" = "$u" ] || continue
      if grep -qsxF "$u" "$d/active"; then
        if [ -n "$booting" ]; then systemctl --no-block start "$u"; continue; fi
        if ! systemctl -q is-active "$u"; then
          systemctl reset-failed "$u" 2>/dev/null
          systemctl --no-block start "$u" && echo "$u" >>"$back"
        elif [ "$u" != ufw.service ] && touched "$way"; then
          systemctl --no-block restart "$u" && echo "$u" >>"$back"
        fi
      elif [ -z "$booting" ] && systemctl -q is-active "$u"; then
        systemctl stop "$u" && echo "$u" >>"$back"
      fi
    done
  done
  # What was queued is done before the rules and the network are looked at.
  [ -n "$booting" ] || while [ -n "$(systemctl list-jobs --no-legend ssh.service ssh.socket ufw.service nftables.service systemd-networkd.service networking.service 2>/dev/null)" ]; do
    sleep 0.2; waited=$((\${waited:-0} + 1)); [ $waited -lt 50 ] || break
  done
}

# Each table whole, in one step; one that was not there becomes empty.
tables() {
  for family in iptables ip6tables; do
    [ -e "$d/$family" ] || continue
    now=$(rules $family-save)
    [ "$now" != "$(cat "$d/$family")" ] || continue
    {
      printf '%s\\n' "$now" | while read -r line; do
        case $line in
        '*'*) table=$line; ! grep -qxF -- "$line" "$d/$family" || table=; [ -z "$table" ] || echo "$line" ;;
        ':'*' - '* | ':'*' -') ;;
        ':'*) [ -z "$table" ] || echo "\${line%% *} ACCEPT" ;;
        COMMIT) [ -z "$table" ] || echo COMMIT ;;
        esac
      done
      cat "$d/$family"
    } | $family-restore -w && echo "rules of $family" >>"$back"
  done
}

network() {
  [ -e "$d/routes6.saved" ] || return 0
  while read -r link; do ip link set "$link" up; done <"$d/links"
  if [ "$(addresses)" != "$(cat "$d/addresses")" ]; then
    addresses | grep -vxFf "$d/addresses" | while read -r device family address; do ip addr del "$address" dev "$device"; done
    ip addr restore <"$d/addresses.saved" 2>/dev/null
    echo 'addresses' >>"$back"
  fi
  if [ "$(ip -4 route show; ip -6 route show)" != "$(cat "$d/routes")" ]; then
    for family in 4 6; do
      ip -$family route show | grep -vxFf "$d/routes" | while read -r route; do ip -$family route del $route; done
      ip -$family route restore <"$d/routes$family.saved" 2>/dev/null
    done
    echo 'routes' >>"$back"
  fi
}

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
  printf '%s' "$1" >"$d/why"
  waited=0
  while [ -e "$d/armed" ]; do
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
