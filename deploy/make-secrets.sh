#!/bin/sh
# Make every password of an installation at random, as files: sh make-secrets.sh FOLDER [POSTGRES_HOST [VALKEY_HOST]]
# What is there already stays as it is.
set -eu

folder=${1:?usage: make-secrets.sh FOLDER [POSTGRES_HOST [VALKEY_HOST]]}
postgres=${2:-postgres}
valkey=${3:-valkey}

mkdir -p "$folder"
umask 077

write() {
    [ -e "$folder/$1" ] || printf '%s\n' "$2" > "$folder/$1"
}

random() {
    head -c 24 /dev/urandom | base64 | tr '+/' '-_'
}

for role in admin owner worker reader publisher auditor; do
    write "postgres-$role" "$(random)"
done
for user in perpetua publisher observer; do
    write "valkey-$user" "$(random)"
done
write flower-login "operator:$(random)"
write database-url "postgresql://perpetua_worker:$(cat "$folder/postgres-worker")@$postgres:5432/perpetua"
write owner-database-url "postgresql://perpetua_owner:$(cat "$folder/postgres-owner")@$postgres:5432/perpetua"
write redis-url "redis://perpetua:$(cat "$folder/valkey-perpetua")@$valkey:6379/0"
