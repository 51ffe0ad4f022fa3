#!/bin/sh
# Start Valkey with its users. Each user's password is the content of a file in $SECRETS; only its hash is written anywhere else. A user
# without a file stays locked out.
set -eu

here=$(dirname "$0")
secrets=${SECRETS:-/run/secrets}
run=${RUN:-/run/perpetua}

mkdir -p "$run"
umask 077
cp "$here/users.acl" "$run/users.acl"
for user in perpetua publisher observer replica sentinel; do
    mark=$(printf %s "$user" | tr a-z A-Z)
    if [ -s "$secrets/valkey-$user" ]; then
        hash=$(tr -d '\n' < "$secrets/valkey-$user" | sha256sum | cut -d ' ' -f 1)
        sed -i "s/#@$mark@/#$hash/" "$run/users.acl"
    else
        sed -i "s/ on #@$mark@/ off resetpass/" "$run/users.acl"
    fi
done

# Where it is one of several, any of them may become a replica of another, and says then who it is.
if [ -s "$secrets/valkey-replica" ]; then
    { printf 'masteruser replica\nmasterauth "'; tr -d '\n' < "$secrets/valkey-replica"; printf '"\n'; } > "$run/replication.conf"
    set -- --include "$run/replication.conf" "$@"
fi
if [ -n "${REPLICA_OF:-}" ]; then
    set -- --replicaof "$REPLICA_OF" "$@"
fi

if [ "${VALKEY_TLS:-no}" = yes ]; then
    set -- --include "$here/tls.conf" "$@"
fi
exec "${VALKEY_SERVER:-valkey-server}" "$here/valkey.conf" --aclfile "$run/users.acl" "$@"
