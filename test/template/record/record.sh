#!/bin/sh
# Records the answers of the ansible-core on a lab host. See record.py.
# The repository's formatter lays the files out: npx biome check --write test/template/recorded
# usage: record.sh HOST INVENTORY
set -eu
cd "$(dirname "$0")"
foobar="node ../../../dist/cli.js"
folder=/root/foobar-record
tar -czf - record.py variables.yaml corpus files | base64 |
  $foobar lab exec "$1" -i "$2" -- sh -c "rm -rf $folder && mkdir $folder && cd $folder && base64 -d | tar -xzf -"
$foobar lab exec "$1" -i "$2" -- sh -c "cd $folder && python3 record.py corpus out && tar -czf - -C out . | base64 > out.b64"
mkdir -p ../recorded
$foobar lab exec "$1" -i "$2" -- cat "$folder/out.b64" | base64 -d | tar -xzf - -C ../recorded
