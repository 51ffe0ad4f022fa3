#!/bin/sh
# Copy the whole cluster while it runs: sh base-backup.sh FOLDER. Nightly is a good habit; keep at least two.
# PG variables (PGHOST, PGPORT, PGUSER) name the server and a role that may replicate. $PG_BIN is where PostgreSQL's programs lie.
set -eu

folder=${1:?usage: base-backup.sh FOLDER}
bin=${PG_BIN:+$PG_BIN/}
new="$folder/$(date -u +%Y-%m-%dT%H%M%SZ)"

mkdir -p "$folder"
umask 077
"${bin}pg_basebackup" --pgdata "$new.part" --format plain --checkpoint fast --wal-method stream --manifest-checksums SHA256
# A backup that was never looked at is a hope.
"${bin}pg_verifybackup" --quiet "$new.part"
mv "$new.part" "$new"
printf '%s\n' "$new"
