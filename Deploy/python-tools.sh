#!/usr/bin/env bash
# The programs from PyPI that tests call, in a virtual environment under .build/: Schemathesis, which tries the API against its own
# OpenAPI document, a validator of that document, programs that read our calendars and cards, rules and zones, a mail server,
# another mustache, a server that speaks S3, and Playwright, which drives Debian's Chromium. Versions are fixed here; a changed line makes the environment anew.
set -euo pipefail

tools=(
    schemathesis==4.32.5 openapi-spec-validator==0.9.0 icalendar==7.3.0 vobject==0.9.9 python-dateutil==2.9.0.post0 croniter==7.0.0
    aiosmtpd==1.4.6 pystache==0.6.8 "moto[server]==5.2.5" playwright==1.65.2
)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
place=$root/.build/python-tools

if [ "$(cat "$place/tools" 2>/dev/null)" = "${tools[*]}" ]; then exit 0; fi
rm -rf "$place"
mkdir -p "$root/.build"
python3 -m venv "$place"
"$place/bin/pip" install --quiet --disable-pip-version-check "${tools[@]}"
echo "${tools[*]}" >"$place/tools"
