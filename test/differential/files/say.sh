#!/bin/sh
echo "script says $1 in $PWD"
echo to stderr >&2
exit ${2:-0}
