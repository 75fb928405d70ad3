#!/usr/bin/env bash
# The cancellation fuzz of the connections to PostgreSQL, watched by AddressSanitizer: memory that is used after it was given back ends it.
# Builds the target and its tests anew, as a package of their own: a few minutes.
#
#   Deploy/sanitize.sh                         the fuzz
#   Deploy/sanitize.sh '^PostgresTests\.'      other tests
#
# ThreadSanitizer cannot be used: it does not see the locks of Swift's Synchronization module, which are futexes in a library that is not
# instrumented (Swift 6.3, Linux), and takes everything behind a Mutex for a race.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. Deploy/toolchain.sh

step() { printf '\n== %s\n' "$*"; }

tests=${1:-'^PostgresTests\.FuzzTests'}

step "Debian packages"
Deploy/packages.sh --test
require_swift

step "A PostgreSQL for the tests"
said=$(mktemp)
trap 'rm -f "$said"; Deploy/test-cluster.sh stop' EXIT
Deploy/test-cluster.sh start

# Nothing but what is watched: the rest of the house would be built for twenty minutes and not be run.
package=$root/.build-sanitized
mkdir -p "$package/Sources" "$package/Tests"
for part in Sources/CLibPQ Sources/Postgres Tests/PostgresTests .test-cluster; do ln -sfn "$root/$part" "$package/$part"; done
cat >"$package/Package.swift" <<END
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "postgres",
    platforms: [.macOS(.v15)],
    dependencies: [
$(grep swift-collections Package.swift | head -1)
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq"),
        .target(name: "Postgres", dependencies: ["CLibPQ", .product(name: "DequeModule", package: "swift-collections")]),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres"]),
    ])
END

# The first finding ends the run, with its stacks as the last that is written. Pools, threads and the runtime's own memory live as long as the
# process: that is no leak.
export ASAN_OPTIONS="halt_on_error=1:detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

step "$tests"
status=0
swift test --package-path "$package" --disable-xctest --sanitize=address --no-parallel --filter "$tests" 2>&1 | tee "$said" || status=$?
# A filter that finds nothing is no success.
grep -aqE 'Test run with [1-9][0-9]* tests? .*passed' "$said" || status=1
exit "$status"
