#!/bin/sh
# Give each role the password in its file (postgres-worker, ...) of $SECRETS; psql finds the server by its usual PG variables.
# PostgreSQL's official image runs this after roles.sql when it makes the database.
set -eu

secrets=${SECRETS:-/run/secrets}

for role in owner worker reader publisher auditor; do
    if [ -s "$secrets/postgres-$role" ]; then
        # psql reads the file itself, so the password stands on no command line, whatever is in it.
        "${PSQL:-psql}" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname "${POSTGRES_DB:-perpetua}" \
            --username "${POSTGRES_USER:-postgres}" <<SQL
\set password \`cat "$secrets/postgres-$role"\`
ALTER ROLE perpetua_$role PASSWORD :'password';
SQL
    fi
done
