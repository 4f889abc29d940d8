/**
 * Functions of the program that saves a host's ways in (rollback-program.ts): they put back what was saved, in whole files,
 * start or stop units as they were, and load the rules and the network that were in force.
 */
export const puttingBack = `# A change that nobody waits for any more would go on changing what is put back.
halt() {
  [ -e "$locked" ] || return 0
  { read -r holder; read -r shell; } <"$locked"
  [ "$holder" = "$(cat "$d/armed")" ] && [ "/proc/$shell/fd/9" -ef "$locked" ] || return 0
  # What came after it is none that we put back.
  when; [ "$ended" -lt "$(wc -l <"$d/titles")" ] || return 0
  # Who asks from there waits for no other step.
  above=$$
  while [ "\${above:-0}" -gt 1 ]; do
    [ "$above" != "$shell" ] || return 0
    above=$(sed -n 's/^PPid:.//p' "/proc/$above/status")
  done
  for step in $(cat "/proc/$shell/task/$shell/children"); do
    # What reads more to do has the shell's own input.
    [ "/proc/$step/fd/0" -ef "/proc/$shell/fd/0" ] || end "$step"
  done
}

# A process and all below it. Stopped first: else one would begin what comes next when another is gone.
end() {
  kill -STOP "$1" 2>/dev/null || return 0
  for below in $(cat "/proc/$1/task/"*/children); do end "$below"; done
  kill -KILL "$1"
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
  late=
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
  told=$(
    echo "at $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    echo "why $1"
    echo "owner $(cat "$d/armed")"
    [ ! -e "$d/titles" ] || sort -u "$d/titles" | sed 's/^/title /'
    sort -u "$back" | sed 's/^/back /'
  )
  printf '%s\\n' "$told" >"$record" || late=1
  sync
  over
  rm -rf "$d/saved"
  # On a full disk there is room now.
  [ -z "$late" ] || printf '%s\\n' "$told" >"$record"
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
}`;
