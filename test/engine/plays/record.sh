#!/bin/sh
# Records what ansible-playbook (2.19) makes of the plays of this folder, beside them as NAME.json.
# Each is run on hosts that are shells of this machine; its second line may name them, and options: `# hosts: one two`,
# `# options: --tags x`.
set -eu
cd "$(dirname "$0")"
for play in "${@:-*.yaml}"; do
  for file in $play; do
    name=$(basename "$file" .yaml)
    here=$(mktemp -d)
    hosts=$(sed -n 's/^# hosts: //p' "$file")
    {
      echo '[all]'
      for host in ${hosts:-one two}; do
        mkdir "$here/$host"
        echo "$host ansible_connection=local"
      done
      printf '[all:vars]\nhere=%s\nmine={{ here }}/{{ inventory_hostname }}\n' "$here"
    } >"$here/hosts"
    # shellcheck disable=SC2046
    TOLD="$PWD/$name.json" ANSIBLE_CALLBACKS_ENABLED=told ANSIBLE_PYTHON_INTERPRETER=auto_silent \
      ANSIBLE_LOCALHOST_WARNING=false ansible-playbook -i "$here/hosts" $(sed -n 's/^# options: //p' "$file") "$file" \
      >"$here/log" 2>&1 || true
    [ -n "${KEEP:-}" ] && cat "$here/log"
    rm -rf "$here"
  done
done
