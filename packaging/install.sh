#!/bin/sh
# install.sh PREFIX: copies hearth from this folder to PREFIX (/usr/local, say), for a Linux that none of the other
# packages fit; where systemd looks after things, as a service too. Data and settings are left alone, also by
# install.sh --remove PREFIX.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
unit=/etc/systemd/system/hearth.service
remove=
[ "${1:-}" != --remove ] || { remove=1; shift; }
[ $# -eq 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
case $1 in
/*) prefix=$1 ;;
*) prefix=$PWD/$1 ;;
esac

files() {
    (cd "$here" && find sbin bin share -type f | sort)
}

has_systemd() {
    [ "$(id -u)" -eq 0 ] && [ -d /run/systemd/system ]
}

is_service() { # of this PREFIX
    has_systemd && grep -qs "^ExecStart=$prefix/sbin/hearthd" "$unit"
}

# What is new lies beside what is there until all of it is: a disk that is full leaves everything as it was. A file
# that runs cannot be written over, but another can take its place.
drop_new() {
    files | while read -r file; do rm -f "$prefix/$file.new"; done
}

copy() {
    files | while read -r file; do
        mkdir -p "$prefix/$(dirname "$file")" && cp "$here/$file" "$prefix/$file.new" || exit 1
    done || { drop_new; echo "install.sh: it could not be copied, so $prefix stays as it was." >&2; exit 1; }
    files | while read -r file; do mv -f "$prefix/$file.new" "$prefix/$file"; done
}

make_service() {
    sed -e "s,/usr/sbin/hearthd -c /etc/hearth/hearth.conf,$prefix/sbin/hearthd,; s,/usr/bin/hearthctl,$prefix/bin/hearthctl," \
        -e 's,^User=.*,DynamicUser=yes,; /^Group=/d' "$here/share/doc/hearth/hearth.service" >"$unit"
    systemctl daemon-reload
}

remove() {
    ! is_service || { systemctl disable --quiet --now hearth || true; rm -f "$unit"; systemctl daemon-reload; }
    files | while read -r file; do rm -f "$prefix/$file"; done
    rmdir "$prefix/share/doc/hearth" 2>/dev/null || true
    echo "hearth is gone from $prefix."
}

[ -z "$remove" ] || { remove; exit 0; }

"$here/sbin/hearthd" --version >/dev/null || { echo "install.sh: these programs are not for this machine." >&2; exit 1; }
copy
if is_service; then
    echo "Start what is new with: systemctl restart hearth; then $prefix/bin/hearthctl status"
elif has_systemd && [ ! -e "$unit" ]; then
    make_service
    echo "Start it with: systemctl enable --now hearth; then $prefix/bin/hearthctl status"
else
    echo "Start it with: $prefix/sbin/hearthd --set storage.path=FOLDER/chat.db"
    echo "then $prefix/bin/hearthctl --socket FOLDER/hearth.sock status"
fi
echo "Its settings: $prefix/share/doc/hearth/hearth.conf, to be given with -c"
