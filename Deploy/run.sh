#!/usr/bin/env bash
# From a fresh Debian 12 with a Swift 6.3 toolchain to a running Tenantry: installs what is missing, builds, starts `tenantry dev`.
# What stands behind it goes to `dev`:
#
#   Deploy/run.sh
#   Deploy/run.sh --port 9000 --no-demo --data /srv/tenantry
#
# `tenantry dev --help` tells the rest.
set -euo pipefail

here=$(pwd -P)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$root/Deploy/toolchain.sh"

"$root/Deploy/packages.sh"
require_swift
echo "Building; the first time takes some minutes." >&2
cd "$root"
# Swift's own libraries within the program: some per cent faster, and it runs where no toolchain is.
swift build --configuration release --product tenantry --static-swift-stdlib >&2
program=$(swift build --configuration release --show-bin-path)/tenantry
# A folder given relative to where we were called is meant from there.
cd "$here"
exec "$program" dev "$@"
