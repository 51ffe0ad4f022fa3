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
for user in perpetua publisher celery observer replica sentinel; do
    mark=$(printf %s "$user" | tr a-z A-Z)
    if [ -s "$secrets/valkey-$user" ]; then
        hash=$(tr -d '\n' < "$secrets/valkey-$user" | sha256sum | cut -d ' ' -f 1)
        sed -i "s/#@$mark@/#$hash/" "$run/users.acl"
    else
        sed -i "s/ on #@$mark@/ off resetpass/" "$run/users.acl"
    fi
done

# Each publisher that has a password of its own is a user of its own: `publisher-NAME` may do what `publisher` may, `celery-NAME` what
# `celery` may.
for kind in publisher celery; do
    for file in "$secrets/valkey-$kind"-*; do
        [ -s "$file" ] || continue
        name=${file##*/valkey-}
        case ${name#"$kind"-} in
            '' | *[!A-Za-z0-9._-]*) echo "start.sh: $file: name a publisher's file by letters, digits and . _ -" >&2; exit 1 ;;
        esac
        hash=$(tr -d '\n' < "$file" | sha256sum | cut -d ' ' -f 1)
        sed -n "s/^user $kind [^ ]* [^ ]* /user $name on #$hash /p" "$run/users.acl" | head -n 1 >> "$run/publishers.acl"
    done
done
if [ -s "$run/publishers.acl" ]; then
    cat "$run/publishers.acl" >> "$run/users.acl"
    rm "$run/publishers.acl"
fi

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
# A server that is promoted writes its configuration anew, so it gets a copy of its own.
cat "$here/valkey.conf" > "$run/valkey.conf"
exec "${VALKEY_SERVER:-valkey-server}" "$run/valkey.conf" --aclfile "$run/users.acl" "$@"
