#!/usr/bin/env bash
# The cancellation fuzz of the connections to PostgreSQL, watched by ThreadSanitizer and then by AddressSanitizer: a data race, or memory that
# is used after it was given back, ends it. Each builds everything anew in a folder of its own, so it takes a while.
#
#   Deploy/sanitize.sh            both
#   Deploy/sanitize.sh thread     only one: thread or address
#   Deploy/sanitize.sh thread '^PostgresTests\.'     other tests than the fuzz
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. Deploy/toolchain.sh

step() { printf '\n== %s\n' "$*"; }

case ${1:-both} in
both) sanitizers="thread address" ;;
thread | address) sanitizers=$1 ;;
*)
    echo "sanitize: say thread or address, or nothing for both" >&2
    exit 64
    ;;
esac
tests=${2:-'^PostgresTests\.FuzzTests'}

step "Debian packages"
Deploy/packages.sh --test
require_swift

step "A PostgreSQL for the tests"
said=$(mktemp)
trap 'rm -f "$said"; Deploy/test-cluster.sh stop' EXIT
Deploy/test-cluster.sh start

# The first finding ends the run, with its stacks as the last that is written.
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1${TSAN_OPTIONS:+ $TSAN_OPTIONS}"
# Pools, threads and the runtime's own memory live as long as the process: that is no leak.
export ASAN_OPTIONS="halt_on_error=1:detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

status=0
for sanitizer in $sanitizers; do
    step "${sanitizer}: $tests"
    swift test --disable-xctest --sanitize="$sanitizer" --scratch-path ".build-${sanitizer:0:1}san" --no-parallel --filter "$tests" 2>&1 |
        tee "$said" || status=$?
    # A filter that finds nothing is no success.
    grep -aqE 'Test run with [1-9][0-9]* tests? .*passed' "$said" || status=1
done
exit "$status"
