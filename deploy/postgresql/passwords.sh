#!/bin/sh
# Give each role the password in its file (postgres-worker, ...) of $SECRETS; psql finds the server by its usual PG variables.
# PostgreSQL's official image runs this after roles.sql when it makes the database.
set -eu

secrets=${SECRETS:-/run/secrets}

for role in owner worker reader publisher auditor; do
    if [ -s "$secrets/postgres-$role" ]; then
        # By standard input, so that the password stands on no command line.
        { printf "\\set password '"; tr -d '\n' < "$secrets/postgres-$role"; printf "'\n"
          printf "ALTER ROLE perpetua_%s PASSWORD :'password';\n" "$role"
        } | "${PSQL:-psql}" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname "${POSTGRES_DB:-perpetua}" --username "${POSTGRES_USER:-postgres}"
    fi
done
