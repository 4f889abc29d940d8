#!/bin/sh
# Encrypts with the real ansible-vault what test/vault/recorded/ holds. Run it on a host with ansible-core 2.19
# in an empty folder and copy what it leaves there to test/vault/recorded/:  sh record.sh
set -eu
printf 'hunter two\n' > default.password
printf 'other word\n' > prod.password
printf 'plain: value\nport: 33060\nnested:\n  - "first secret"\n  - {key: "second secret"}\n' > variables.plain
printf 'user = web\npassword = tr\303\274b-\342\202\254-salt\n' > text.plain
: > empty.plain
printf '\000\001\377binary\r\n0123456789abcdef' > bytes.plain
for name in variables text empty bytes; do
  cp $name.plain $name.vault
  ansible-vault encrypt --vault-password-file default.password $name.vault
done
cp text.plain labelled.vault
ansible-vault encrypt --vault-id prod@prod.password labelled.vault
{
  ansible-vault encrypt_string --vault-password-file default.password --name inline 'an inline secret'
  ansible-vault encrypt_string --vault-id prod@prod.password --name labelled 'it holds {{ braces }}'
  printf 'two lines\nof a key\n' | ansible-vault encrypt_string --vault-password-file default.password --stdin-name lines
} > inline.yaml
ansible-vault --version | head -n 1 > version
