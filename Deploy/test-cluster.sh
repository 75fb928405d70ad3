#!/usr/bin/env bash
# A private PostgreSQL for the tests: on a unix socket only, under a temporary folder, gone after `stop`.
#
#   Deploy/test-cluster.sh start   starts it, or finds it running; prints the owner's URL
#   Deploy/test-cluster.sh url     prints the owner's URL; fails when it does not run
#   Deploy/test-cluster.sh stop    stops it and removes everything
#
# The URLs are written to .test-cluster/ beside Package.swift, because a changed environment variable would make SwiftPM
# read every manifest again:
#   .test-cluster/url            the owner `tenantry`: LOGIN CREATEROLE CREATEDB, no superuser, as in production
#   .test-cluster/superuser-url  for tests that end other people's connections
#
# Durability is off (fsync, full_page_writes, synchronous_commit): nothing here outlives the tests.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
notes=$root/.test-cluster

fail() {
    echo "test-cluster: $*" >&2
    exit 1
}

# PostgreSQL refuses to run as root; then it runs as the `postgres` of the Debian package.
as_server() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

binaries() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$found" ] && command -v initdb >/dev/null; then found=$(dirname "$(command -v initdb)"); fi
    [ -n "$found" ] || fail "no PostgreSQL server here; run Deploy/packages.sh --test (Debian: postgresql)"
    echo "$found"
}

home() { cat "$notes/home" 2>/dev/null || true; }

is_alive() {
    local where
    where=$(home)
    [ -n "$where" ] && [ -d "$where" ] && "$bin/pg_isready" -q -h "$where"
}

start() {
    if is_alive; then return; fi
    clear_away
    local where
    where=$(mktemp -d /tmp/tenantry-test-XXXX)
    if [ "$(id -u)" = 0 ]; then chown postgres "$where"; fi
    echo "$where" >"$notes/home"
    as_server "$bin/initdb" --pgdata "$where/data" --username postgres --auth trust --encoding UTF8 --locale C.UTF-8 \
        --no-sync >"$where.log" 2>&1 || { cat "$where.log" >&2; fail "initdb failed"; }
    rm -f "$where.log"
    # Sized for two cores and many suites at once; the lock table is large because a tenant has some forty tables.
    cat >>"$where/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$where'
max_connections = 400
shared_buffers = 256MB
max_locks_per_transaction = 512
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 30min
autovacuum_naptime = 20s
jit = off
log_min_messages = warning
log_line_prefix = '%m [%p] %q%u@%d '
CONF
    as_server "$bin/pg_ctl" start --pgdata "$where/data" --log "$where/log" --wait --silent --timeout 60 9>&- \
        || { tail -n 20 "$where/log" >&2; fail "PostgreSQL did not start"; }
    "$bin/psql" -q -X -v ON_ERROR_STOP=1 -h "$where" -U postgres -d postgres <<'SQL'
CREATE ROLE tenantry LOGIN CREATEROLE CREATEDB;
CREATE DATABASE tenantry OWNER tenantry;
SQL
    echo "postgresql://postgres@/tenantry?host=$where" >"$notes/superuser-url"
    echo "postgresql://tenantry@/tenantry?host=$where" >"$notes/url.new"
    mv "$notes/url.new" "$notes/url"
}

# Stops what runs and removes what it left, also after a crash. Only a folder that this script made is ever removed.
clear_away() {
    local where
    where=$(home)
    case $where in
    /tmp/tenantry-test-????)
        if [ -f "$where/data/postmaster.pid" ]; then
            as_server "$bin/pg_ctl" stop --pgdata "$where/data" --mode immediate --wait --silent >/dev/null 2>&1 || true
        fi
        rm -rf "$where"
        ;;
    esac
    rm -f "$notes/url" "$notes/superuser-url" "$notes/home"
}

bin=$(binaries)
mkdir -p "$notes"
# Two callers at once: the second waits and finds it running.
exec 9>"$notes/lock"
flock 9
case ${1:-} in
start)
    start
    cat "$notes/url"
    ;;
url)
    is_alive || fail "not running; Deploy/test-cluster.sh start"
    cat "$notes/url"
    ;;
stop) clear_away ;;
*) fail "say start, url or stop" ;;
esac
