#!/bin/sh
# Make a data folder that holds the books as they were at a moment: sh restore.sh BACKUP DATA [MOMENT]
#
# BACKUP is a folder of base-backup.sh from before the moment, DATA a new folder, MOMENT like '2026-03-01 14:05:00+01'; without one, up to the
# last piece of the log in $WAL_ARCHIVE. Then start PostgreSQL on DATA: it reads the log up to there and opens for use.
set -eu

backup=${1:?usage: restore.sh BACKUP DATA [MOMENT]}
data=${2:?usage: restore.sh BACKUP DATA [MOMENT]}
moment=${3:-}
archive=${WAL_ARCHIVE:-/var/backups/perpetua/wal}

if [ -e "$data" ] && [ -n "$(ls -A "$data")" ]; then
    echo "restore.sh: $data is not empty; name a new folder, and keep the old one until the new one is found good" >&2
    exit 1
fi
mkdir -p "$data"
cp -a "$backup/." "$data/"
chmod 700 "$data"
# Nothing may be archived from here before it is known to be what was wanted: it would part from the log that is there.
{
    echo "restore_command = 'cp \"$archive/%f\" \"%p\"'"
    echo "recovery_target_action = 'promote'"
    echo "archive_mode = off"
    [ -z "$moment" ] || echo "recovery_target_time = '$moment'"
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
