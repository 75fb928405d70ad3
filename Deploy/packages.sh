#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing else: what the build and the server need.
#
#   Deploy/packages.sh            to build and run
#   Deploy/packages.sh --test     also what the tests need
#
# As root, or through sudo. Where neither is possible it says what to install and ends with status 1.
set -euo pipefail

# The toolchain's own list for Debian 12 (swift.org, "Installation via tarball"), then ours: headers of libcurl, libpq and OpenSSL, and the server.
toolchain=(
    binutils-gold ca-certificates gcc git libc6-dev libcurl4-openssl-dev libedit-dev libgcc-12-dev libicu-dev libncurses-dev libpython3-dev
    libsqlite3-dev libstdc++-12-dev libxml2-dev libz3-dev pkg-config tzdata uuid-dev zlib1g-dev
)
ours=(libcurl4-openssl-dev libpq-dev libssl-dev postgresql-common postgresql-15 postgresql-client-15)
testing=(chromium curl fonts-inter fonts-noto-cjk openssl procps python3 python3-venv wrk)

wanted=("${toolchain[@]}" "${ours[@]}")
if [ "${1:-}" = --test ]; then wanted+=("${testing[@]}"); fi

missing=()
for package in "${wanted[@]}"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed) ;;
    *) missing+=("$package") ;;
    esac
done
if [ "${#missing[@]}" = 0 ]; then exit 0; fi

if [ "$(id -u)" = 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then
    as_root=(sudo)
else
    echo "These Debian packages are missing, and only root can install them. As root:" >&2
    echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

echo "Installing ${missing[*]}" >&2
# A list that was never fetched, or knows a package no more, is fetched anew; otherwise that minute is saved.
if ! "${as_root[@]}" apt-get install --simulate --quiet --quiet --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    "${as_root[@]}" apt-get update --quiet --quiet -o DPkg::Lock::Timeout=300 >&2
fi
# Debian would start a PostgreSQL for the whole machine. We run our own; one that is wanted is made with pg_createcluster.
case " ${missing[*]} " in
*" postgresql-15 "*)
    install postgresql-common >&2
    if ! ls /etc/postgresql/*/* >/dev/null 2>&1; then
        "${as_root[@]}" sed -i 's/^#\? *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    fi
    ;;
esac
install "${missing[@]}" >&2
