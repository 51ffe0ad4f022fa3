#!/bin/bash
# The first time, make the database named by POSTGRES_DB and run what lies in /docker-entrypoint-initdb.d, then serve.
set -e

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086 - the arguments are several words
    initdb --username postgres --pwfile "$POSTGRES_PASSWORD_FILE" --auth-local trust --auth-host scram-sha-256 $POSTGRES_INITDB_ARGS
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    here="-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql"
    pg_ctl --wait --options "$here" start
    export PGHOST=/var/run/postgresql
    createdb --username postgres "$POSTGRES_DB"
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) . "$file" ;;
            *.sql) psql --set ON_ERROR_STOP=1 --username postgres --dbname "$POSTGRES_DB" --file "$file" ;;
        esac
    done
    unset PGHOST
    pg_ctl --wait --mode fast stop
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
