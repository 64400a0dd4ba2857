#!/bin/sh
# Whether Redis answers. The user `probe` may do nothing but PING.
redis-cli --tls --cacert /etc/redis/tls/ca.crt --cert /etc/redis/tls/tls.crt --key /etc/redis/tls/tls.key \
    --user probe --pass probe --no-auth-warning ping | grep -q PONG
