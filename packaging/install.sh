#!/bin/sh
# install.sh PREFIX: copies hearth from this folder to PREFIX (/usr/local, say), for a Linux that none of the other
# packages fit. Data and settings are left alone, also by install.sh --remove PREFIX.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
remove=
[ "${1:-}" != --remove ] || { remove=1; shift; }
[ $# -eq 1 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
prefix=$1

files() {
    (cd "$here" && find sbin bin share -type f | sort)
}

if [ -n "$remove" ]; then
    files | while read -r file; do rm -f "$prefix/$file"; done
    echo "hearth is gone from $prefix."
    exit 0
fi

"$here/sbin/hearthd" --version >/dev/null || { echo "install.sh: these programs are not for this machine." >&2; exit 1; }
files | while read -r file; do
    mkdir -p "$prefix/$(dirname "$file")"
    # A file that runs cannot be written over, but another can take its place.
    cp "$here/$file" "$prefix/$file.new"
    mv -f "$prefix/$file.new" "$prefix/$file"
done

# A service where systemd looks after things.
if [ "$(id -u)" -eq 0 ] && [ -d /run/systemd/system ] && [ ! -e /etc/systemd/system/hearth.service ]; then
    sed -e "s,/usr/sbin/hearthd -c /etc/hearth/hearth.conf,$prefix/sbin/hearthd,; s,^User=.*,DynamicUser=yes,; /^Group=/d" \
        "$here/share/doc/hearth/hearth.service" >/etc/systemd/system/hearth.service
    systemctl daemon-reload
    echo "Start it with: systemctl enable --now hearth"
else
    echo "Start it with: $prefix/sbin/hearthd --set storage.path=FOLDER/chat.db"
fi
echo "Its settings: $prefix/share/doc/hearth/hearth.conf, to be given with -c; then $prefix/bin/hearthctl status"
