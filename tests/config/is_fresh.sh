#!/bin/sh
# config/hearth.conf is what --print-config prints: the defaults, written and read back alike.
set -eu
if ! "$1" | cmp -s - "$2"; then
    echo "config/hearth.conf is not what is printed; print it anew: hearthd --print-config > config/hearth.conf"
    "$1" | diff "$2" - || true
    exit 1
fi
"$1" "$2" | cmp - "$2"
