#!/bin/sh
# Stands in for the image of PostgreSQL in deploy/compose.yaml: the machine's own PostgreSQL, set up as that image does it.
set -eu
data=/var/lib/postgresql/data/cluster
PATH="$(echo /usr/lib/postgresql/*/bin):$PATH"
export PATH

unprivileged() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }

if [ ! -s "$data/PG_VERSION" ]; then
    mkdir -p "$data"
    chown nobody:nogroup "$data"
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    chown nobody:nogroup /tmp/password
    unprivileged initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 --auth-local=trust -E UTF8 >/dev/null
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    unprivileged pg_ctl -w -s -D "$data" -o "-c listen_addresses='' -k /tmp" start
    for script in /docker-entrypoint-initdb.d/*.sh; do
        PGHOST=/tmp sh "$script"
    done
    unprivileged pg_ctl -w -s -D "$data" -m fast stop
fi
exec setpriv --reuid=nobody --regid=nogroup --clear-groups postgres -D "$data" -c 'listen_addresses=*' -k /tmp
