#!/usr/bin/env bash
# Everything that must hold, in one run: installs what is missing, starts a PostgreSQL of its own, checks the format, builds without a
# warning of ours, runs all tests. Ends with the runner's summary line; the status is zero when all is well.
#
#   Deploy/test.sh                    everything
#   Deploy/test.sh --filter Tenancy   what stands behind it goes to `swift test`; then nothing else is checked
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. Deploy/toolchain.sh

step() { printf '\n== %s\n' "$*"; }

step "Debian packages"
Deploy/packages.sh --test
require_swift
swift --version 2>&1 | head -n 1

step "A PostgreSQL for the tests"
trap 'Deploy/test-cluster.sh stop' EXIT
Deploy/test-cluster.sh start

if [ $# -gt 0 ]; then
    swift test --disable-xctest "$@"
    exit
fi

step "Format"
swift format lint --strict --configuration .swift-format --recursive Package.swift Config Sources SQL Tests

step "Python tools of the tests"
Deploy/python-tools.sh

step "Build"
log=$(mktemp)
trap 'rm -f "$log"; Deploy/test-cluster.sh stop' EXIT
set +e
swift build --build-tests 2>&1 | tee "$log" | grep -a --line-buffered -E '^(\[[0-9]+/[0-9]+\] (Linking|Compiling plugin)|Build)|error:'
status=${PIPESTATUS[0]}
set -e
if [ "$status" != 0 ]; then
    tail -n 60 "$log"
    exit "$status"
fi
# Of ours, not of the packages below .build/.
if grep -aE "^$root/(Config|SQL|Sources|Tests)/.*warning: " "$log"; then
    echo "The compiler warns; see above." >&2
    exit 1
fi

step "Tests"
# Two halves side by side, one for each processor; within a half one test after another, for more at once would wait for each other.
bundle=$(swift build --show-bin-path)/tenantryPackageTests.xctest
halves=$(mktemp -d)
trap 'rm -rf "$log" "$halves"; Deploy/test-cluster.sh stop' EXIT
half() {
    local name=$1
    shift
    "$bundle" --testing-library swift-testing --no-parallel "$@" >"$halves/$name" 2>&1 &
}
half server --filter '^ServerTests\.'
server=$!
half others --skip '^ServerTests\.'
others=$!
# What fails is said at once; the rest is in the halves' own words at the end.
tail --pid="$server" -n +1 -F -q "$halves/server" "$halves/others" 2>/dev/null | grep -a --line-buffered -E '(Suite |Test "|Test case ).* (passed|failed) after|✘' &
status=0
wait "$server" || status=$?
wait "$others" || status=$?
# What failed comes last, where it is looked for, below all the rest.
if [ "$status" != 0 ]; then cat "$halves/others" "$halves/server"; fi
grep -a -h -A 3 -E '✘ Test ' "$halves/others" "$halves/server" | grep -avE '^. (✔|◇)' || true
for name in others server; do grep -aE 'Test run with [0-9]+ tests' "$halves/$name" || { echo "The half \`$name\` did not come to its end."; status=1; }; done
exit "$status"
