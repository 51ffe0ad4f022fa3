#!/bin/sh
# Make every password of an installation at random, as files: sh make-secrets.sh FOLDER [POSTGRES_HOST [VALKEY_HOST]]
# What is there already stays as it is.
set -eu

folder=${1:?usage: make-secrets.sh FOLDER [POSTGRES_HOST [VALKEY_HOST]]}
postgres=${2:-postgres}
valkey=${3:-valkey}

# Containers read these files as users of their own, so the folder keeps others out, not the files.
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

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
# What the keys of publishers come from; lost, every publisher needs a new key.
write signing-secret "$(random)"
write prometheus-password "$(random)"
write database-url "postgresql://perpetua_worker:$(cat "$folder/postgres-worker")@$postgres:5432/perpetua"
write owner-database-url "postgresql://perpetua_owner:$(cat "$folder/postgres-owner")@$postgres:5432/perpetua"
write redis-url "redis://perpetua:$(cat "$folder/valkey-perpetua")@$valkey:6379/0"

# Flower speaks TLS wherever others reach it. Put a certificate of your own in place of this one.
if [ ! -e "$folder/flower.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -subj "/CN=flower" \
        -addext "subjectAltName=DNS:flower,DNS:localhost,IP:127.0.0.1" -keyout "$folder/flower.key" -out "$folder/flower.pem" 2> /dev/null
    chmod 644 "$folder/flower.key"
fi
