#!/bin/sh
# Joins redis-0 … redis-5: three masters with a replica each. Does nothing where that was done; REDISCLI_AUTH is the operator's password.
set -eu
members=${REDIS_MEMBERS:-$(for number in 0 1 2 3 4 5; do echo "redis-$number.redis-nodes.intentusnet.svc:6379"; done)}
folder=$(dirname "$0")
cli() { redis-cli --tls --cacert "$folder/tls/ca.crt" --cert "$folder/tls/tls.crt" --key "$folder/tls/tls.key" --user operator "$@"; }

places=
for member in $members; do
    # Nodes meet by address; names are what clients are told afterwards.
    address=$(getent ahostsv4 "${member%:*}" | head -n 1 | cut -d ' ' -f 1)
    [ -n "$address" ] || { echo "${member%:*} has no address yet" >&2; exit 1; }
    cli -h "$address" -p "${member##*:}" ping | grep -q PONG || { echo "$member does not answer yet" >&2; exit 1; }
    places="$places $address:${member##*:}"
done
if cli -h "$address" -p "${member##*:}" cluster info | grep -q 'cluster_state:ok'; then
    echo "joined already"
    exit 0
fi
# Words on purpose. shellcheck disable=SC2086
cli --cluster create $places --cluster-replicas 1 --cluster-yes
