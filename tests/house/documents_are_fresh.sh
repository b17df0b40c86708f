#!/bin/sh
# What is printed from messages.def is what is committed. $1 is the describe program, $2 a folder.
set -eu
sh protocol/print_documents "$1" "$2"
for document in protocol/README.md protocol/asyncapi.json protocol/openapi.json web/src/protocol.gen.ts; do
    if ! cmp -s "$document" "$2/$document"; then
        echo "$document is not what messages.def says; run: ninja documents"
        diff "$document" "$2/$document" | head -20
        exit 1
    fi
done
