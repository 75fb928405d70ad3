#!/usr/bin/env bash
# The main job, done once as a person would: `tenantry dev` is started, a tenant provisioned, its administrator signs in, a record is
# written and read back over HTTP, a stranger is refused, everything is stopped. Ends with status 0 when all of it went well.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
. Deploy/toolchain.sh
require_swift

folder=$(mktemp -d)
server=
finish() {
    status=$?
    if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" || true; fi
    if [ "$status" != 0 ]; then cat "$folder/dev.log" >&2 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap finish EXIT

say() { printf '   %s\n' "$*"; }

printf '\n== The main job\n'
swift build --product tenantry 2>&1 | tail -n 1
program=$(swift build --show-bin-path)/tenantry
"$program" dev --data "$folder/data" --port 0 --no-demo --ready-file "$folder/ready.json" >"$folder/dev.log" 2>&1 &
server=$!
for _ in $(seq 600); do
    if [ -f "$folder/ready.json" ]; then break; fi
    kill -0 "$server" || { echo "tenantry dev ended before it was ready" >&2; exit 1; }
    sleep 0.1
done

read_json() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }
api=$(read_json "$folder/ready.json" api)
operators=$(read_json "$folder/ready.json" operator_api)
token=$(read_json "$folder/ready.json" operator_token)
say "dev answers at $api"

# call NAME STATUS curl-arguments: the answer goes to $folder/NAME.
call() {
    local name=$1 wanted=$2 got
    shift 2
    got=$(curl --silent --show-error --output "$folder/$name" --write-out '%{http_code}' -H 'Content-Type: application/json' "$@")
    if [ "$got" != "$wanted" ]; then
        echo "$name: $got instead of $wanted: $(cat "$folder/$name")" >&2
        exit 1
    fi
}

password="only for this run $RANDOM$RANDOM"
call tenant 201 -X PUT "$operators/operator/v1/tenants/first-firm" -H "Authorization: Bearer $token" \
    -d '{"name":"First Firm","admin":{"email":"ada@first.example","name":"Ada","password":"'"$password"'"}}'
say "tenant first-firm is provisioned"
call session 201 "$api/v1/session" -d '{"tenant":"first-firm","email":"ada@first.example","password":"'"$password"'"}'
session=$(read_json "$folder/session" token)
say "its administrator has signed in"
call written 201 "$api/v1/contacts" -H "Authorization: Bearer $session" -d '{"first_name":"Grace","last_name":"Hopper"}'
id=$(read_json "$folder/written" id)
call contact 200 "$api/v1/contacts/$id" -H "Authorization: Bearer $session"
[ "$(read_json "$folder/contact" last_name)" = Hopper ]
say "a contact was written and read back"
call stranger 401 "$api/v1/contacts/$id"
say "a stranger was refused"

kill -TERM "$server"
wait "$server"
server=
say "everything has stopped in order"
