#!/bin/sh
# PostgreSQL's archive_command: keep a finished piece of its log. archive_command = 'sh /etc/perpetua/archive-wal.sh %p %f'
# $WAL_ARCHIVE is a folder on another disk, or better another machine. It ends well only once the piece is safely there.
set -eu

path=$1
name=$2
archive=${WAL_ARCHIVE:-/var/backups/perpetua/wal}

if [ -e "$archive/$name" ]; then
    # The same piece may be handed over twice; another one under its name must never be overwritten.
    cmp -s "$path" "$archive/$name"
    exit
fi
mkdir -p "$archive"
cp "$path" "$archive/.$name.part"
sync "$archive/.$name.part"
mv "$archive/.$name.part" "$archive/$name"
sync "$archive"
