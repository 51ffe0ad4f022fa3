#!/bin/sh
# Start a sentinel: PRIMARY="valkey-1 6379" sh start-sentinel.sh. It keeps what it finds out in $RUN, so each start begins with what it knows.
set -eu

here=$(dirname "$0")
secrets=${SECRETS:-/run/secrets}
run=${RUN:-/run/perpetua}

mkdir -p "$run"
umask 077
if [ ! -e "$run/sentinel.conf" ]; then
    {
        cat "$here/sentinel.conf"
        echo "sentinel monitor perpetua ${PRIMARY:?PRIMARY names the first server, like valkey-1 6379} ${QUORUM:-2}"
        echo "sentinel auth-user perpetua sentinel"
        printf 'sentinel auth-pass perpetua "'; tr -d '\n' < "$secrets/valkey-sentinel"; printf '"\n'
        echo "sentinel down-after-milliseconds perpetua ${DOWN_AFTER_MILLISECONDS:-5000}"
        echo "sentinel failover-timeout perpetua ${FAILOVER_MILLISECONDS:-30000}"
        echo "sentinel parallel-syncs perpetua 1"
    } > "$run/sentinel.conf"
fi
exec "${VALKEY_SERVER:-valkey-server}" "$run/sentinel.conf" --sentinel "$@"
